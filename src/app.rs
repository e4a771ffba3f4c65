//! What a use case may touch: configuration, store, plug-ins, clock, and the queues of the workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::SystemTime;

use export_sdk::Registry;
use tokio::sync::Notify;

use crate::config::Config;
use crate::domain::Time;
use crate::domain::statistics::Counted;
use crate::export::progress::Running;
use crate::export::signing::Signer;
use crate::export::space::FreeSpace;
use crate::limits::{Estimates, LoginGuard, RateLimiter};
use crate::passwords::Passwords;
use crate::store::Store;
use crate::telemetry::LogLines;

/// One running server, or one command that works on its data.
pub struct App {
    /// The settings of the program.
    pub config: Config,
    /// What is kept.
    pub store: Arc<Store>,
    /// Formats and deliveries.
    pub registry: Registry,
    /// Signs exports.
    pub signer: Signer,
    /// The time.
    pub clock: Clock,
    /// How full the disk is.
    pub space: FreeSpace,
    /// Hashes and checks passwords on threads of its own.
    pub passwords: Passwords,
    /// Counts calls.
    pub limiter: RateLimiter,
    /// Counts failed logins.
    pub logins: LoginGuard,
    /// Estimates that somebody waits for.
    pub estimates: Estimates,
    /// Exports that are being rendered.
    pub running: Running,
    /// Set once an administrator was seen: the last one can never go.
    pub has_admin: AtomicBool,
    /// When this began.
    pub started: Time,
    /// What was counted last.
    pub statistics: Counted,
    /// What was logged last.
    pub log: LogLines,
    /// Rung when there is an export to do.
    pub export_bell: Notify,
    /// Rung when there is a mail to send.
    pub mail_bell: Notify,
    /// Rung when there is something to clear away.
    pub sweep_bell: Notify,
}

impl App {
    /// Puts together what a server needs. The store has locked the data directory.
    pub fn new(config: Config, store: Store, registry: Registry, clock: Clock) -> std::io::Result<Self> {
        let signer = Signer::open_or_create(&config.server.data)?;
        let passwords = Passwords::start(config.passwords.threads, config.passwords.queue)?;
        let started = clock.now();
        Ok(Self {
            config,
            store: Arc::new(store),
            registry,
            signer,
            clock,
            space: FreeSpace::system(),
            passwords,
            limiter: RateLimiter::default(),
            logins: LoginGuard::default(),
            estimates: Estimates::default(),
            running: Running::default(),
            has_admin: AtomicBool::new(false),
            started,
            log: LogLines::default(),
            statistics: Counted::default(),
            export_bell: Notify::new(),
            mail_bell: Notify::new(),
            sweep_bell: Notify::new(),
        })
    }

    /// The time now.
    pub fn now(&self) -> Time {
        self.clock.now()
    }
}

/// The computer's clock, or one that tests turn.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The computer's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still until it is turned.
    pub fn standing_at(time: Time) -> Self {
        Self(Some(Arc::new(AtomicI64::new(time.millis()))))
    }

    /// Turns a standing clock on by so many milliseconds.
    pub fn advance(&self, millis: i64) {
        if let Some(standing) = &self.0 {
            standing.fetch_add(millis, Ordering::SeqCst);
        }
    }

    /// The time now.
    pub fn now(&self) -> Time {
        match &self.0 {
            None => Time::from_system(SystemTime::now()),
            Some(standing) => Time::from_millis(standing.load(Ordering::SeqCst)),
        }
    }
}
