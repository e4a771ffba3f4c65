//! What has gone and when: clients that were away ask.

use std::ops::ControlFlow;

use crate::app::App;
use crate::domain::{Removed, Time};
use crate::error::{Error, Result};
use crate::store::{Batch, Direction, Span};

/// Things that changed, and the ids of those that are gone, each with the time.
pub struct Changes<T> {
    /// As they are now.
    pub changed: Vec<T>,
    /// Id and time.
    pub gone: Vec<(String, Time)>,
}

/// Ids and times of the things of a kind that are gone since a time.
pub fn since(app: &App, kind: &str, since: Time) -> Result<Vec<(String, Time)>> {
    let mut gone = Vec::new();
    let span = Span::of(&(kind.to_owned(),));
    app.store.walk::<Removed, Error>(span, Direction::Ascending, |(_, id), removed| {
        gone.extend((removed.at > since).then_some((id, removed.at)));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(gone)
}

/// Notes down that a thing is gone.
pub fn note(batch: &mut Batch<'_>, kind: &str, id: &str, name: String, at: Time) -> Result<()> {
    Ok(batch.put(&(kind.to_owned(), id.to_owned()), &Removed { name, at })?)
}
