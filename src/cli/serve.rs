//! `roomscribe serve`.

use std::future::Future;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use clap::Args;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::{Failure, Outcome, Place, open, say, unable, usage};
use crate::app::App;
use crate::config::Config;
use crate::server;
use crate::service::{bootstrap, jobs};
use crate::work::{Work, mails, outgoing};

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
    runtime.block_on(async { serve(Arc::new(app), listener, server::asked_to_stop()).await })
}

/// Threads for everything that waits, and a bounded number for what blocks.
pub(super) fn runtime(config: &Config) -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(config.server.workers + config.export.workers + 8)
        .build()
        .map_err(unable)
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

/// Serves and works in the background until `stop` is done, or the store fails.
pub(super) async fn serve(app: Arc<App>, listener: TcpListener, stop: impl Future<Output = ()>) -> Outcome {
    let recovering = Arc::clone(&app);
    let recovered = tokio::task::spawn_blocking(move || jobs::recover(&recovering)).await;
    if let Ok(Err(error)) = recovered {
        tracing::error!(%error, "interrupted exports could not be put right");
    }
    let work = Work::start(&app);
    tracing::info!(address = %app.config.server.listen, data = %app.config.server.data.display(), "ready");
    let end = async {
        tokio::select! {
            () = stop => {}
            () = app.store.failed() => tracing::error!("the store failed; only a new start can make it right"),
        }
    };
    server::serve(Arc::clone(&app), listener, end).await;
    work.stop().await;
    if app.store.has_failed() {
        return Err(
            anyhow!("the store failed: look at the log, make room on its disk, and start again").into()
        );
    }
    tracing::info!("stopped");
    Ok(())
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
