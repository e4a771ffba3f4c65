//! Export jobs with the links to their files, and waiting mails.

use std::ops::ControlFlow;

use super::schema::{EndedJob, JobOfUser, KeptFile, LinkOfJob, OpenJob, WaitingMail};
use super::{Batch, Direction, Error, Result, Span, Store};
use crate::domain::{ExportLink, Job, JobId, OutboxMail, OutboxState, Time, UserId};

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

    /// The links to the file of a job, used and expired ones included, by the hashes of their tokens.
    pub fn links_of(&self, job: &JobId) -> Result<Vec<([u8; 32], ExportLink)>> {
        let mut links = Vec::new();
        let span = Span::of(&(job.clone(),));
        self.walk::<LinkOfJob, Error>(span, Direction::Ascending, |(_, hash), _| {
            links.extend(self.get::<ExportLink>(&(hash,))?.map(|link| (hash, link)));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(links)
    }

    /// The next mails to be sent, by the time they are due.
    pub fn waiting_mails(&self, limit: usize) -> Result<Vec<(Time, String)>> {
        let waiting = self.list::<WaitingMail>(Span::all(), Direction::Ascending, 0, limit)?;
        Ok(waiting.into_iter().map(|(key, _)| key).collect())
    }

    /// How many mails wait to be sent, counted up to `most`.
    pub fn mails_waiting(&self, most: u64) -> Result<u64> {
        self.count::<WaitingMail>(Span::all(), most)
    }

    /// The mail of that key.
    pub fn mail(&self, key: &str) -> Result<Option<OutboxMail>> {
        self.get(&(key.to_owned(),))
    }
}

impl Batch<'_> {
    /// Puts a job, and notes whether it is open, has a file, or only its record is left.
    pub fn put_job(&mut self, job: &Job) -> Result<()> {
        if let Some(before) = self.get::<Job>(&(job.id.clone(),))? {
            self.forget_end(&before);
        }
        self.put(&(job.owner.clone(), job.created, job.id.clone()), &JobOfUser)?;
        if job.state.is_final() {
            self.delete::<OpenJob>(&(job.id.clone(),));
            let key = end_of(job);
            match &job.file {
                Some(file) => self.put(&key, &KeptFile { owner: job.owner.clone(), size: file.size })?,
                None => self.put(&key, &EndedJob)?,
            }
        } else {
            self.put(&(job.id.clone(),), &OpenJob)?;
        }
        self.put(&(job.id.clone(),), job)
    }

    /// Deletes a job with its links. Its file is the caller's business.
    pub fn delete_job(&mut self, job: &Job) -> Result<()> {
        self.forget_end(job);
        self.delete_links(&job.id)?;
        self.delete::<JobOfUser>(&(job.owner.clone(), job.created, job.id.clone()));
        self.delete::<OpenJob>(&(job.id.clone(),));
        self.delete::<Job>(&(job.id.clone(),));
        Ok(())
    }

    fn forget_end(&mut self, job: &Job) {
        self.delete::<EndedJob>(&end_of(job));
        self.delete::<KeptFile>(&end_of(job));
    }

    /// Puts a link under the hash of its token.
    pub fn put_link(&mut self, hash: [u8; 32], link: &ExportLink) -> Result<()> {
        self.put(&(link.job.clone(), hash), &LinkOfJob)?;
        self.put(&(hash,), link)
    }

    /// Deletes a link.
    pub fn delete_link(&mut self, hash: [u8; 32], job: &JobId) {
        self.delete::<LinkOfJob>(&(job.clone(), hash));
        self.delete::<ExportLink>(&(hash,));
    }

    /// Deletes all links to the file of a job.
    pub fn delete_links(&mut self, job: &JobId) -> Result<()> {
        for (hash, _) in self.store().links_of(job)? {
            self.delete_link(hash, job);
        }
        Ok(())
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

fn end_of(job: &Job) -> (Time, JobId) {
    (job.finished.unwrap_or(job.created), job.id.clone())
}
