//! What a use case may touch: configuration, store, plug-ins, clock, and the queues of the workers.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::SystemTime;

use export_sdk::Registry;
use tokio::sync::{Notify, Semaphore};

use crate::config::Config;
use crate::domain::statistics::Counted;
use crate::domain::{IntegrationId, Time, UserId};
use crate::export::installed::Installed;
use crate::export::progress::Running;
use crate::export::signing::Signer;
use crate::export::space::FreeSpace;
use crate::limits::bodies::Bodies;
use crate::limits::logins::LoginGuard;
use crate::limits::places::Places;
use crate::limits::remembered::Remembered;
use crate::limits::{Estimates, MethodCalls, OwnChange, RateLimiter, Seats};
use crate::metrics::Metrics;
use crate::passwords::Passwords;
use crate::preview::Fetcher;
use crate::store::Store;
use crate::store::integrations::WaysOut;
use crate::telemetry::LogLines;

/// Searches of a user at the same time: each may keep a core busy for some seconds.
const SEARCHES_EACH: usize = 2;

/// Previews that somebody waits for at the same time: each holds a thread for some seconds.
const MOST_PREVIEWS: usize = 4;

/// One running server, or one command that works on its data.
pub struct App {
    /// The settings of the program.
    pub config: Config,
    /// What is kept.
    pub store: Arc<Store>,
    /// Formats, transforms and deliveries.
    pub installed: Installed,
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
    /// Counts what comes in through integrations.
    pub hook_limiter: RateLimiter<IntegrationId>,
    /// Counts what people change of their own accounts.
    pub own_change_limiter: RateLimiter<(OwnChange, UserId)>,
    /// Counts calls of methods.
    pub method_limiter: RateLimiter<MethodCalls>,
    /// Counts failed logins.
    pub logins: LoginGuard,
    /// Who has shown a second factor a moment ago.
    pub remembered: Remembered,
    /// Estimates that somebody waits for.
    pub estimates: Estimates,
    /// So many pictures are fetched from elsewhere at the same time: each keeps a worker waiting.
    pub fetches: Semaphore,
    /// Searches that somebody waits for.
    pub searches: Arc<Places<UserId>>,
    /// What the bodies of requests may take.
    pub bodies: Bodies,
    /// Fetches what is behind links.
    pub fetcher: Fetcher,
    /// Previews that somebody waits for.
    pub previews: Seats,
    /// Exports that are being rendered.
    pub running: Running,
    /// Set once an administrator was seen: the last one can never go.
    pub has_admin: AtomicBool,
    /// When this began.
    pub started: Time,
    /// Set once this was asked to stop.
    pub is_stopping: AtomicBool,
    /// What was counted last.
    pub statistics: Counted,
    /// What was logged last.
    pub log: LogLines,
    /// What is counted for those who watch the server.
    pub metrics: Metrics,
    /// Rung when there is an export to do.
    pub export_bell: Notify,
    /// Rung when there is a mail to send.
    pub mail_bell: Notify,
    /// The integrations that post to others.
    pub ways_out: WaysOut,
    /// Rung when an integration has something to post. Whoever rings may still be writing it down.
    pub hook_bell: Notify,
    /// Rung when there is something to clear away.
    pub sweep_bell: Notify,
    /// Rung when searches read what should be in their index by now.
    pub index_bell: Notify,
}

impl App {
    /// Puts together what a server needs. The store has locked the data directory.
    pub fn new(config: Config, store: Store, registry: Registry, clock: Clock) -> std::io::Result<Self> {
        let signer = Signer::open_or_create(&config.server.data)?;
        let passwords = Passwords::start(config.passwords.threads, config.passwords.queue)?;
        let started = clock.now();
        Ok(Self {
            metrics: Metrics::new(store.flushes()),
            config,
            store: Arc::new(store),
            installed: Installed::new(registry),
            signer,
            clock,
            space: FreeSpace::system(),
            passwords,
            limiter: RateLimiter::default(),
            hook_limiter: RateLimiter::default(),
            own_change_limiter: RateLimiter::default(),
            method_limiter: RateLimiter::default(),
            logins: LoginGuard::default(),
            remembered: Remembered::default(),
            estimates: Estimates::default(),
            fetches: Semaphore::new(2),
            searches: Places::of(SEARCHES_EACH, most_searches()),
            bodies: Bodies::default(),
            fetcher: Fetcher::new().map_err(std::io::Error::other)?,
            previews: Seats::of(MOST_PREVIEWS),
            running: Running::default(),
            has_admin: AtomicBool::new(false),
            started,
            is_stopping: AtomicBool::new(false),
            log: LogLines::default(),
            statistics: Counted::default(),
            export_bell: Notify::new(),
            mail_bell: Notify::new(),
            ways_out: WaysOut::default(),
            hook_bell: Notify::new(),
            sweep_bell: Notify::new(),
            index_bell: Notify::new(),
        })
    }

    /// The plug-ins there are now, to be held for one piece of work.
    pub fn registry(&self) -> Arc<Registry> {
        self.installed.now()
    }

    /// The time now.
    pub fn now(&self) -> Time {
        self.clock.now()
    }
}

/// Searches at the same time: one waits while the others keep every core busy.
fn most_searches() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get) + 1
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
