//! Background work under test: started, stopped, cut off, waited for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use roomscribe::domain::{Job, JobId};
use roomscribe::service::{jobs, outbox};
use roomscribe::store::engine::fault::FaultEngine;
use roomscribe::store::engine::sled::SledEngine;
use roomscribe::store::{Error, Result, Store};
use roomscribe::work::Work;
use tokio::sync::Notify;

use super::TestServer;

/// For a machine under load; nothing waits that long when all is well.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Opens a store that was closed just now. A process that another test starts meanwhile holds the
/// locks of this one for a moment.
pub(crate) fn again(mut open: impl FnMut() -> Result<Store>) -> Result<Store> {
    let start = Instant::now();
    loop {
        match open() {
            Err(Error::InUse(_)) if start.elapsed() < PATIENCE => std::thread::yield_now(),
            outcome => return outcome,
        }
    }
}

impl TestServer {
    /// A new server over a store that fails when it is told to. It works on one export at a time, so
    /// that none is taken up again before somebody rings.
    pub(crate) fn start_faulty() -> (Self, Arc<FaultEngine<SledEngine>>) {
        let server = Self::start_with(|config| config.export.workers = 1);
        let mut faulty = None;
        let server = server.reopen_with(|directory| {
            Store::open_with(directory, |place| {
                let engine = Arc::new(FaultEngine::new(SledEngine::open(place, 16 << 20)?));
                faulty = Some(Arc::clone(&engine));
                Ok(engine)
            })
        });
        (server, faulty.expect("the store was opened"))
    }

    /// Ends this server wherever its work is, and starts one over the same directory, whose work does
    /// not run yet.
    pub(crate) fn reopen(self) -> Self {
        self.reopen_with(|directory| Store::open(directory, 16 << 20))
    }

    /// The same over a store that `open` opens.
    pub(crate) fn reopen_with(self, mut open: impl FnMut(&std::path::Path) -> Result<Store>) -> Self {
        let Self { app, clock, space, api, runtime, directory, work } = self;
        let config = app.config.clone();
        // Cuts off all tasks; what blocks is waited for.
        drop((work, api, runtime));
        drop(app);
        let store = again(|| open(directory.path())).expect("the store of the server before");
        Self::put_together(directory, config, store, clock, space)
    }

    /// Starts the background work as a starting server does.
    pub(crate) fn work(&self) {
        jobs::recover(&self.app).expect("recovered");
        outbox::recover(&self.app).expect("recovered");
        self.resume_work();
    }

    /// The same without putting right what a crash left.
    pub(crate) fn resume_work(&self) {
        let _inside = self.runtime.enter();
        let before = self.work.lock().expect("no test has panicked").replace(Work::start(&self.app));
        assert!(before.is_none(), "the work was running already");
    }

    /// Stops the background work as a stopping server does.
    pub(crate) fn rest(&self) {
        let work = self.work.lock().expect("no test has panicked").take().expect("the work was running");
        self.runtime.block_on(work.stop());
    }

    /// Turns the clock on, and wakes everything that waits for a time.
    pub(crate) fn later(&self, millis: i64) {
        self.clock.advance(millis);
        self.app.export_bell.notify_one();
        self.app.mail_bell.notify_one();
        self.app.hook_bell.notify_one();
    }

    /// Takes away what a bell has rung, so that nothing wakes by it later.
    pub(crate) fn has_rung(&self, bell: &Notify) {
        let rung = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, bell.notified()).await });
        rung.expect("the bell rings");
    }

    /// A job as it is kept.
    pub(crate) fn job(&self, id: &str) -> Job {
        self.app.store.job(&JobId::new(id)).expect("readable").expect("a job")
    }

    /// Waits until a job is at its end and everything about it is cleared away.
    pub(crate) fn finished(&self, id: &str) -> Job {
        self.wait_until("the job is at its end", || {
            self.job(id).state.is_final() && self.app.running.of(&JobId::new(id)).is_none()
        });
        self.job(id)
    }

    /// Waits until something is so.
    pub(crate) fn wait_until(&self, what: &str, is_so: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_so() {
            let (spools, mails) = (self.names_in("spool"), self.names_in("mails"));
            let late = start.elapsed() >= PATIENCE;
            assert!(!late, "waited in vain until {what}; there are spools {spools:?} and mails {mails:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
