//! Accepting connections, serving them, and letting them go when the server stops.

use std::future::Future;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::connection::{Shared, Stage, attend};
use super::connections::Connections;
use super::memory::Memory;
use super::open_files;
use crate::api::Api;
use crate::app::App;
use crate::limits::workers::Workers;

/// How long a stopping server waits for the requests under way. Whoever stops it, a container's
/// runtime for one, kills it after ten seconds.
const DRAIN: Duration = Duration::from_secs(8);
/// How often a crowd is spoken of.
const REMINDER: Duration = Duration::from_secs(60);

/// Serves until `stop` is done, then answers the requests that it has read.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: impl Future<Output = ()>) {
    let config = app.config.server.clone();
    let patience = Duration::from_secs(config.patience_seconds);
    // Behind a proxy all have its address.
    let is_direct = config.forwarded_count == 0;
    let most_each = if is_direct { config.connections_per_address } else { usize::MAX };
    let connections = Connections::of(open_files::connections(config.connections), most_each);
    let waiting = Duration::from_secs(config.queue_seconds);
    let workers = Workers::of(config.workers, config.queue, waiting);
    let api = Arc::new(Api::with_workers(workers));
    let shared = Arc::new(Shared { app, api, memory: Memory::new(is_direct), patience });
    let (stage, reached) = watch::channel(Stage::Open);
    let accepting = async {
        let mut reminded: Option<Instant> = None;
        loop {
            let (socket, peer) = accept(&listener).await;
            let peer = peer.ip();
            let held = connections.enter(network(peer));
            if held.as_ref().is_none_or(|held| held.0.is_spare)
                && reminded.is_none_or(|reminded| reminded.elapsed() > REMINDER)
            {
                reminded = Some(Instant::now());
                let open = connections.count();
                tracing::warn!(open, %peer, "connections are turned away: there are too many, or too many of one address");
            }
            if let Some(held) = held {
                tokio::spawn(attend(Arc::clone(&shared), socket, peer, held, reached.clone()));
            }
        }
    };
    tokio::select! {
        () = stop => {}
        () = accepting => {}
    }
    // From here on nobody can connect any more.
    drop((listener, reached));
    stage.send_replace(Stage::Draining);
    if timeout(DRAIN, stage.closed()).await.is_err() {
        let cut = connections.count();
        tracing::warn!(cut, "some requests were still under way when the server stopped");
        stage.send_replace(Stage::Over);
        stage.closed().await;
    }
}

/// The next connection.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => {
                // Without it answers come a little later.
                let _ = socket.set_nodelay(true);
                return (socket, peer);
            }
            // That client is gone already.
            Err(error)
                if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
            Err(error) => {
                // Mostly too many open files: others must close theirs first.
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Whom an address belongs to: of those of version 6 everybody has a whole network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}
