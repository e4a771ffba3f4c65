//! Export jobs and waiting mails.

use std::ops::ControlFlow;

use super::schema::{JobOfUser, OpenJob, WaitingMail};
use super::{Batch, Direction, Error, Result, Span, Store};
use crate::domain::{Job, JobId, OutboxMail, OutboxState, Time, UserId};

impl Store {
    /// The job of that id.
    pub fn job(&self, id: &JobId) -> Result<Option<Job>> {
        self.get(&(id.clone(),))
    }

    /// Calls `each` with the jobs that are not at their end until it breaks.
    pub fn open_jobs<E: From<Error>>(
        &self,
        mut each: impl FnMut(Job) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        self.walk::<OpenJob, E>(Span::all(), Direction::Ascending, |(id,), _| match self.job(&id)? {
            Some(job) => each(job),
            None => Ok(ControlFlow::Continue(())),
        })
    }

    /// Calls `each` with the jobs of a user, latest first, until it breaks.
    pub fn jobs_of<E: From<Error>>(
        &self,
        user: &UserId,
        mut each: impl FnMut(Job) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let span = Span::of(&(user.clone(),));
        self.walk::<JobOfUser, E>(span, Direction::Descending, |(_, _, id), _| match self.job(&id)? {
            Some(job) => each(job),
            None => Ok(ControlFlow::Continue(())),
        })
    }

    /// The next mails to be sent, by the time they are due.
    pub fn waiting_mails(&self, limit: usize) -> Result<Vec<(Time, String)>> {
        let waiting = self.list::<WaitingMail>(Span::all(), Direction::Ascending, 0, limit)?;
        Ok(waiting.into_iter().map(|(key, _)| key).collect())
    }

    /// The mail of that key.
    pub fn mail(&self, key: &str) -> Result<Option<OutboxMail>> {
        self.get(&(key.to_owned(),))
    }
}

impl Batch<'_> {
    /// Puts a job and notes whether it is open.
    pub fn put_job(&mut self, job: &Job) -> Result<()> {
        self.put(&(job.owner.clone(), job.created, job.id.clone()), &JobOfUser)?;
        if job.state.is_final() {
            self.delete::<OpenJob>(&(job.id.clone(),));
        } else {
            self.put(&(job.id.clone(),), &OpenJob)?;
        }
        self.put(&(job.id.clone(),), job)
    }

    /// Deletes a job. Its file is the caller's business.
    pub fn delete_job(&mut self, job: &Job) {
        self.delete::<JobOfUser>(&(job.owner.clone(), job.created, job.id.clone()));
        self.delete::<OpenJob>(&(job.id.clone(),));
        self.delete::<Job>(&(job.id.clone(),));
    }

    /// Puts a mail and notes when it is due.
    pub fn put_mail(&mut self, mail: &OutboxMail) -> Result<()> {
        let key = (mail.key.clone(),);
        if let Some(OutboxMail { state: OutboxState::Waiting { due }, .. }) = self.get(&key)? {
            self.delete::<WaitingMail>(&(due, mail.key.clone()));
        }
        if let OutboxState::Waiting { due } = mail.state {
            self.put(&(due, mail.key.clone()), &WaitingMail)?;
        }
        self.put(&key, mail)
    }
}
