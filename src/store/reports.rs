//! Reports, and how the open ones are found: by message, by its author, by who is reported.

use std::ops::ControlFlow;

use super::schema::{ReportOfAuthor, ReportOfMessage, ReportOfUser};
use super::{Batch, Direction, Error, Record, Result, Span, Store};
use crate::domain::report::About;
use crate::domain::{MessageId, Report, Time, UserId};

/// Whose open reports are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reported {
    /// Those of a message.
    Message(MessageId),
    /// Those of all messages that a user wrote.
    MessagesOf(UserId),
    /// Those of a user.
    User(UserId),
}

impl Store {
    /// The report of that id, open or not.
    pub fn report(&self, id: &str) -> Result<Option<Report>> {
        self.get(&(id.to_owned(),))
    }

    /// Calls `each` with the open reports in the order of time until it breaks.
    pub fn open_reports<E: From<Error>>(
        &self,
        of: &Reported,
        direction: Direction,
        each: impl FnMut(Report) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        match of {
            Reported::Message(id) => {
                self.each_report::<ReportOfMessage, _, E>(Span::of(&(id.clone(),)), direction, each)
            }
            Reported::MessagesOf(user) => {
                self.each_report::<ReportOfAuthor, _, E>(Span::of(&(user.clone(),)), direction, each)
            }
            Reported::User(user) => {
                self.each_report::<ReportOfUser, _, E>(Span::of(&(user.clone(),)), direction, each)
            }
        }
    }

    /// Calls `each` with all open reports of messages, those of one author one after the other, the
    /// latest last.
    pub fn reports_by_author<E: From<Error>>(
        &self,
        each: impl FnMut(Report) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        self.each_report::<ReportOfAuthor, _, E>(Span::all(), Direction::Ascending, each)
    }

    /// The same with the reports of users.
    pub fn reports_by_user<E: From<Error>>(
        &self,
        each: impl FnMut(Report) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        self.each_report::<ReportOfUser, _, E>(Span::all(), Direction::Ascending, each)
    }

    fn each_report<R: Record<Key = (K, Time, String)>, K, E: From<Error>>(
        &self,
        span: Span,
        direction: Direction,
        mut each: impl FnMut(Report) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E>
    where
        (K, Time, String): super::key::Key,
    {
        self.walk::<R, E>(span, direction, |(_, _, id), _| match self.report(&id)? {
            Some(report) => each(report),
            None => Ok(ControlFlow::Continue(())),
        })
    }

    /// How many open reports there are, counted at most to `limit`.
    pub fn count_reports(&self, of: &Reported, limit: u64) -> Result<u64> {
        match of {
            Reported::Message(id) => self.count::<ReportOfMessage>(Span::of(&(id.clone(),)), limit),
            Reported::MessagesOf(user) => self.count::<ReportOfAuthor>(Span::of(&(user.clone(),)), limit),
            Reported::User(user) => self.count::<ReportOfUser>(Span::of(&(user.clone(),)), limit),
        }
    }
}

impl Batch<'_> {
    /// Puts a report. While it is open it is found by what it is about.
    pub fn put_report(&mut self, report: &Report) -> Result<()> {
        let (at, id) = (report.at, report.id.clone());
        let user = report.about.user().id.clone();
        let open = report.dismissed.is_none();
        match &report.about {
            About::Message(message) => {
                let key = (message.id.clone(), at, id.clone());
                self.find_report(open, &key, &ReportOfMessage)?;
                self.find_report(open, &(user, at, id), &ReportOfAuthor)?;
            }
            About::User(_) => self.find_report(open, &(user, at, id), &ReportOfUser)?,
        }
        self.put(&(report.id.clone(),), report)
    }

    fn find_report<R: Record>(&mut self, open: bool, key: &R::Key, entry: &R) -> Result<()> {
        if open {
            return self.put(key, entry);
        }
        self.delete::<R>(key);
        Ok(())
    }
}
