//! One connection, from its first byte to its last.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use warp::http::header::CONNECTION;
use warp::http::{HeaderValue, Method};

use super::connections::Held;
use super::memory::Memory;
use super::stream::Stream;
use super::turns::{Arriving, Leaving, Owed};
use crate::api::Api;
use crate::api::reply::Reply;
use crate::app::App;
use crate::error::Error;
use crate::web;

/// How long a connection that must make room may take to end in good order.
const LEAVING: Duration = Duration::from_secs(1);
/// Bytes of the head of a request; what is larger is refused with 431.
const LARGEST_HEAD: usize = 32 * 1024;
/// Bytes that hyper gathers in a connection's buffers.
const BUFFER: usize = 64 * 1024;

/// How far a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// It answers whatever it is asked.
    Open,
    /// It answers what it has been asked until now.
    Draining,
    /// It cuts off what is still under way.
    Over,
}

/// What all connections share.
pub(super) struct Shared {
    pub(super) app: Arc<App>,
    pub(super) api: Arc<Api>,
    pub(super) memory: Memory,
    /// How long a client may take for its next bytes.
    pub(super) patience: Duration,
}

/// Serves a connection until it ends, must make room, or the server stops.
pub(super) async fn attend(
    shared: Arc<Shared>,
    socket: TcpStream,
    peer: IpAddr,
    held: Held,
    mut stage: watch::Receiver<Stage>,
) {
    let Shared { app, api, memory, patience } = &*shared;
    let _counted = app.metrics.connection();
    let (place, patience) = (&held.0, *patience);
    let routes = super::routes(Arc::clone(app), Arc::clone(api), peer);
    let routes = TowerToHyperService::new(warp::service(routes));
    let service = service_fn(|request: Request<Incoming>| {
        let only_asks = asks_only(&request);
        let request = request.map(|body| Arriving::new(body, patience, place));
        let answering = (!place.is_spare).then(|| routes.call(request));
        async move {
            let response = match answering {
                None => refusal(),
                Some(answering) => answering.await?,
            };
            let (response, share) = memory.hold(response, peer, only_asks);
            let owed = Owed::new(place, share);
            Ok::<_, std::convert::Infallible>(response.map(|body| Leaving { body, owed }))
        }
    });
    let mut builder = Builder::new();
    // hyper takes its largest buffer for the largest head as well, so that comes second.
    builder.timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(BUFFER);
    builder.max_header_size(LARGEST_HEAD);
    let stream = TokioIo::new(Stream::new(socket, Arc::clone(place), patience));
    let connection = builder.serve_connection(stream, service);
    tokio::pin!(connection);
    // A connection that breaks is the client's affair, here and below.
    tokio::select! {
        _ = &mut connection => return,
        () = place.evicted() => {
            connection.as_mut().graceful_shutdown();
            let _ = timeout(LEAVING, connection).await;
            return;
        }
        () = reached(&mut stage, Stage::Draining) => {}
    }
    place.asks_no_more();
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _ = connection => {}
        () = reached(&mut stage, Stage::Over) => {}
    }
}

/// Waits until the server is so far.
async fn reached(stage: &mut watch::Receiver<Stage>, wanted: Stage) {
    // An error means that the server is gone, which is further still.
    drop(stage.wait_for(|stage| *stage >= wanted).await);
}

/// Whether a request changes nothing. Calls of methods whose answers are large only read.
fn asks_only<B>(request: &Request<B>) -> bool {
    let by_method = request.uri().path().starts_with("/api/v1/method.call");
    by_method || request.method() == Method::GET || request.method() == Method::HEAD
}

/// What is said where there is no place.
fn refusal() -> warp::reply::Response {
    let mut response = web::small(Reply::failure(&Error::Busy));
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
