//! What transforms see before anything is changed, if they want to look ahead.

use std::ops::ControlFlow;

use export_sdk as sdk;

use super::reading::Sink;
use super::writing::member;
use super::{Failure, Run, Transformers};
use crate::domain::{Message, Room};
use crate::export::view;

/// Shows what is read to the transforms that want it.
pub(super) struct Preview<'p, 't> {
    pub(super) transformers: &'p mut Transformers<'t>,
}

impl Preview<'_, '_> {
    /// Shows who is in a room.
    pub(super) fn members(&mut self, run: &Run<'_>, room: &Room) -> sdk::Result<()> {
        let store = run.task.store;
        let walked = store.members::<Failure>(&room.id, |subscription| {
            run.progress.work.check().map_err(sdk::Error::from)?;
            if run.task.is_late() {
                return Ok(ControlFlow::Break(()));
            }
            if let Some(user) = store.user(&subscription.user)? {
                let seen = member(&user, &subscription);
                self.each(|transformer| transformer.preview_member(&seen));
            }
            Ok(ControlFlow::Continue(()))
        });
        walked.map_err(|Failure(error)| error)
    }

    fn each(&mut self, mut show: impl FnMut(&mut dyn sdk::Transformer)) {
        for transformer in self.transformers.iter_mut().filter(|transformer| transformer.wants_preview()) {
            show(transformer.as_mut());
        }
    }
}

impl Sink for Preview<'_, '_> {
    fn take(&mut self, message: &Message) -> sdk::Result<bool> {
        let seen = view::message(message);
        self.each(|transformer| transformer.preview(&seen));
        Ok(true)
    }
}
