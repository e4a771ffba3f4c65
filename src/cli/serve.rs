//! `roomscribe serve`.

use std::future::Future;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;
use export_sdk::Look;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::time::timeout;

use super::{Failure, Outcome, Place, open, say, unable, usage};
use crate::app::App;
use crate::config::Config;
use crate::server::{self, Hangups, Signals};
use crate::service::{bootstrap, jobs, outbox, plugins};
use crate::web::metrics;
use crate::work::{Work, mails, outgoing};

/// How long a stopping server waits for its background work; for requests it waits as long.
const LONGEST_WORK: Duration = Duration::from_secs(8);
/// How long it then waits for threads that do not look up.
const LAST_WAIT: Duration = Duration::from_secs(1);

#[derive(Args)]
pub(super) struct Options {
    /// Listen here: an address or the name of a host, and a port [default: 127.0.0.1:3000]
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub(super) listen: Option<SocketAddr>,
}

/// The first address that a name has.
fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().map(|mut addresses| addresses.next());
    let hint = "write a host and a port, such as 127.0.0.1:3000 or localhost:3000";
    match found {
        Ok(Some(address)) => Ok(address),
        Ok(None) => Err(hint.to_owned()),
        Err(error) => Err(format!("{error}; {hint}")),
    }
}

pub(super) fn run(place: Place, options: &Options) -> Outcome {
    let log = place.log.clone();
    let mut config = place.config()?;
    if let Some(listen) = options.listen {
        config.server.listen = listen;
    }
    let runtime = runtime(&config)?;
    let listener = runtime.block_on(bind(&mut config))?;
    let scrapes = runtime.block_on(listen_for_scrapes(&config))?;
    let mut app = open(config)?;
    app.log = log;
    // Better now than with the first mail, which may be in a month.
    mails::transport(&app).map_err(|error| usage(anyhow!("mail cannot be sent like this: {error}")))?;
    outgoing::connector(&app).map_err(|error| usage(anyhow!(error)))?;
    if let Some(admin) = bootstrap::prepare(&app, true).map_err(unable)? {
        say(&format!(
            "There was no administrator, so one was made. This is shown once:\n  user      {}\n  password  {}",
            admin.username, admin.password
        ))?;
    }
    let app = Arc::new(app);
    if let Some(scrapes) = scrapes {
        runtime.spawn(metrics::serve(Arc::clone(&app), scrapes));
    }
    let outcome = runtime.block_on(async {
        let signals = Signals::catch();
        serve(app, listener, signals, std::future::pending()).await
    });
    end(runtime, outcome.is_ok());
    outcome
}

/// Threads for everything that waits, and a bounded number for what blocks.
pub(super) fn runtime(config: &Config) -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(config.server.workers + config.export.workers + 12)
        .build()
        .map_err(unable)
}

/// Ends the threads. What blocks one of them and does not end soon ends with the process: whatever
/// was acknowledged is on disk.
pub(super) fn end(runtime: Runtime, is_well: bool) {
    runtime.shutdown_timeout(if is_well { LAST_WAIT } else { Duration::ZERO });
}

/// Takes the port, and notes which one it was if any would do.
pub(super) async fn bind(config: &mut Config) -> Result<TcpListener, Failure> {
    let wanted = config.server.listen;
    let listener = TcpListener::bind(wanted)
        .await
        .with_context(|| format!("cannot listen on {wanted}; choose another address with --listen"))
        .map_err(unable)?;
    config.server.listen = listener.local_addr().map_err(unable)?;
    Ok(listener)
}

/// Takes the port at which metrics are read, if they are.
async fn listen_for_scrapes(config: &Config) -> Result<Option<TcpListener>, Failure> {
    let Some(wanted) = config.metrics.listen else { return Ok(None) };
    let listener = TcpListener::bind(wanted)
        .await
        .with_context(|| format!("cannot listen on {wanted}; choose another address as listen of [metrics]"))
        .map_err(unable)?;
    tracing::info!(address = %listener.local_addr().map_err(unable)?, "metrics can be read");
    Ok(Some(listener))
}

/// Serves and works in the background until a signal comes, `stop` is done, or the store fails. Then
/// ends what is under way, unless a second signal comes.
pub(super) async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    mut signals: Signals,
    stop: impl Future<Output = ()>,
) -> Outcome {
    let hangups = Hangups::catch();
    let recovering = Arc::clone(&app);
    let recovered =
        tokio::task::spawn_blocking(move || jobs::recover(&recovering).and(outbox::recover(&recovering)))
            .await;
    if let Ok(Err(error)) = recovered {
        tracing::error!(%error, "what a crash left could not be cleared away; the next start tries again");
    }
    plugins::tell(&app.registry());
    let work = Work::start(&app);
    tracing::info!(address = %app.config.server.listen, data = %app.config.server.data.display(), "ready");
    let (tell, told) = watch::channel(false);
    let told = || {
        let mut told = told.clone();
        async move {
            // An error means that nobody is left to tell it.
            let _ = told.wait_for(|told| *told).await;
        }
    };
    let working = async {
        told().await;
        if timeout(LONGEST_WORK, work.stop()).await.is_err() {
            tracing::warn!("some background work was still under way; it goes on at the next start");
        }
    };
    let stopping = async {
        tokio::select! {
            () = signals.next() => {}
            () = stop => {}
            () = app.store.failed() => tracing::error!("the store failed; only a new start can make it right"),
        }
        tracing::info!("stopping: what is under way is brought to its end; a second signal cuts it off");
        app.is_stopping.store(true, Ordering::SeqCst);
        tell.send_replace(true);
        signals.next().await;
    };
    tokio::select! {
        _ = async { tokio::join!(server::serve(Arc::clone(&app), listener, told()), working) } => {}
        () = looking_again(&app, hangups) => {}
        () = stopping => return Err(anyhow!("stopped by a second signal; what was under way is cut off").into()),
    }
    if app.store.has_failed() {
        return Err(
            anyhow!("the store failed: look at the log, make room on its disk, and start again").into()
        );
    }
    tracing::info!("stopped");
    Ok(())
}

/// Looks for formats again whenever SIGHUP comes. Never ends.
async fn looking_again(app: &Arc<App>, mut hangups: Hangups) {
    loop {
        hangups.next().await;
        let app = Arc::clone(app);
        let look = move || drop(plugins::look_again(&app, Look::ForChanges));
        if let Err(panic) = tokio::task::spawn_blocking(look).await {
            tracing::error!(%panic, "plug-ins could not be read again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_a_name() {
        assert_eq!(address("[::1]:80"), Ok(SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 80))));
        assert!(address("localhost:80").is_ok_and(|address| address.ip().is_loopback()));
        assert!(address("localhost").is_err());
    }
}
