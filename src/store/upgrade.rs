//! Bringing a store that an older program wrote to today's layout, when it is opened.
//!
//! Every step goes over the data in bounded parts. One that was cut short begins anew the next time,
//! for the number of the layout is written last.

use std::ops::ControlFlow;

use super::message_indexes::{Place, places};
use super::schema::{ListedMessage, SCHEMA};
use super::{Direction, Error, Result, Span, Store};
use crate::domain::Message;

/// As many messages, and about as many entries of lists, are gone over at a time.
const PART: usize = 1000;

impl Store {
    /// Brings the store from layout `found` to [`SCHEMA`].
    pub(super) fn upgrade(&self, found: u32) -> Result<()> {
        tracing::info!(from = found, to = SCHEMA, "bringing the store to a new layout");
        if found < 2 {
            self.list_all_messages()?;
            self.list_all_rooms()?;
            self.list_role_holders()?;
        }
        self.put_schema()
    }

    /// Layout 2 lists pinned messages, threads and so on, which was not done before.
    fn list_all_messages(&self) -> Result<()> {
        let mut rest = Span::all();
        loop {
            let (mut looked_at, mut last) = (0, None);
            let (mut found, mut told): (Vec<Place>, Vec<Message>) = (Vec::new(), Vec::new());
            self.walk::<Message, Error>(rest, Direction::Ascending, |key, message| {
                found.extend(places(&message));
                if message.kind.as_deref() == Some("discussion-created") {
                    told.push(message);
                }
                last = Some(key);
                looked_at += 1;
                let enough = looked_at >= PART || found.len() >= PART;
                Ok(if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
            self.write::<_, Error>(|batch| {
                found.iter().try_for_each(|place| batch.put(place, &ListedMessage))?;
                told.iter().try_for_each(|message| batch.note_announcement(message))
            })?;
            let Some(last) = last else { return Ok(()) };
            rest = Span::after(&last);
        }
    }
}
