//! What is noted about exports, in the order in which it happened.

use std::ops::ControlFlow;

use super::schema::{AuditOfJob, AuditOfUser};
use super::{Batch, Direction, Error, Result, Span, Store};
use crate::domain::{AuditEntry, JobId, Time, UserId};

/// An entry's place: when, and which of that instant.
pub type Place = (Time, u64);

impl Store {
    /// Calls `each` with the places of what was noted from `from` to before `until` about a job or
    /// about the exports of a user, latest first, until it breaks.
    pub fn audited<E: From<Error>>(
        &self,
        job: Option<&JobId>,
        user: Option<&UserId>,
        (from, until): (Time, Time),
        mut each: impl FnMut(Place) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let latest_first = Direction::Descending;
        match (job, user) {
            (Some(job), user) => {
                let span = Span::between(&(job.clone(), from), &(job.clone(), until));
                self.walk::<AuditOfJob, E>(span, latest_first, |(_, at, number), _| {
                    if let Some(user) = user
                        && self.get::<AuditEntry>(&(at, number))?.is_none_or(|entry| entry.user != *user)
                    {
                        return Ok(ControlFlow::Continue(()));
                    }
                    each((at, number))
                })
            }
            (None, Some(user)) => {
                let span = Span::between(&(user.clone(), from), &(user.clone(), until));
                self.walk::<AuditOfUser, E>(span, latest_first, |(_, at, number), _| each((at, number)))
            }
            (None, None) => {
                let span = Span::between(&(from,), &(until,));
                self.walk::<AuditEntry, E>(span, latest_first, |place, _| each(place))
            }
        }
    }
}

impl Batch<'_> {
    /// Notes something down, after all that was noted in the same instant.
    pub fn put_audit(&mut self, entry: &AuditEntry) -> Result<()> {
        let mut place = (entry.at, 0);
        while self.has::<AuditEntry>(&place)? {
            place.1 += 1;
        }
        self.put(&(entry.export.clone(), place.0, place.1), &AuditOfJob)?;
        self.put(&(entry.user.clone(), place.0, place.1), &AuditOfUser)?;
        self.put(&place, entry)
    }

    /// Forgets an entry.
    pub fn delete_audit(&mut self, place: Place, entry: &AuditEntry) {
        self.delete::<AuditOfJob>(&(entry.export.clone(), place.0, place.1));
        self.delete::<AuditOfUser>(&(entry.user.clone(), place.0, place.1));
        self.delete::<AuditEntry>(&place);
    }
}
