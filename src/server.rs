//! Puts the routes together, listens, and drains on shutdown.

use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use warp::Filter;
use warp::http::{HeaderMap, Method};
use warp::path::FullPath;
use warp::reply::Response;

use crate::api::reply::Reply;
use crate::api::request::Incoming;
use crate::api::{Api, openapi};
use crate::app::App;
use crate::limits::places::Places;
use crate::service::caller::Proof;
use crate::web;

/// How long a stopping server waits for the requests under way.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until `stop` is done, then lets the requests under way finish.
pub async fn serve(app: Arc<App>, listener: TcpListener, stop: impl Future<Output = ()>) {
    let api = Arc::new(Api::new(app.config.server.workers));
    let connections = Arc::new(Semaphore::new(app.config.server.connections));
    // Behind a proxy all have its address.
    let is_direct = app.config.server.forwarded_count == 0;
    let most_each = if is_direct { app.config.server.connections_per_address } else { usize::MAX };
    let peers = Places::of(most_each, usize::MAX);
    let graceful = GracefulShutdown::new();
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(app.config.server.patience_seconds))
        .max_buf_size(64 * 1024);
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        let (stream, peer, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Mostly too many open files: others must close theirs first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(own_place) = peers.take(network(peer.ip())) else { continue };
        let service = warp::service(routes(Arc::clone(&app), Arc::clone(&api), peer.ip()));
        let service = TowerToHyperService::new(service);
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        let counted = app.metrics.connection();
        tokio::spawn(async move {
            // A connection that breaks is the client's affair.
            let _ = connection.await;
            drop((place, own_place, counted));
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still under way when the server stopped");
    }
}

/// Whom an address belongs to: of those of version 6 everybody has a whole network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(connections).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer, place))
}

/// All routes: the REST API behind one, everything that streams bytes behind the other.
pub fn routes(
    app: Arc<App>,
    api: Arc<Api>,
    peer: IpAddr,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    let body = warp::body::stream().map(|stream| -> crate::api::body::Body {
        use futures_util::TryStreamExt;
        let pieces = TryStreamExt::map_ok(stream, |mut piece| {
            let length = bytes::Buf::remaining(&piece);
            bytes::Buf::copy_to_bytes(&mut piece, length)
        });
        Box::pin(pieces)
    });
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(body)
        .then(move |method: Method, path: FullPath, query: String, headers: HeaderMap, body| {
            let (app, api) = (Arc::clone(&app), Arc::clone(&api));
            let client = client_address(&headers, peer, app.config.server.forwarded_count);
            async move {
                let watch = web::watch::Watch::begin(&app, &method, &headers);
                let incoming = incoming(&app, method, path.as_str(), query, &headers, client, body);
                watch.over(answer(app, api, path.as_str(), headers, incoming)).await
            }
        })
        .recover(|_| async { Ok::<_, Infallible>(web::small(Reply::no_endpoint())) })
        .unify()
}

/// The answer, and the name of what answered.
async fn answer(
    app: Arc<App>,
    api: Arc<Api>,
    path: &str,
    headers: HeaderMap,
    mut incoming: Incoming,
) -> (&'static str, Response) {
    if incoming.method == "OPTIONS" {
        return ("preflight", web::preflight(&app, &headers));
    }
    let path = path.trim_end_matches('/');
    let rest = match path {
        // The version stands outside of v1, too; and v1 itself answers with it.
        "/api/info" | "/api/v1" | "/api" => Some("info"),
        path => path.strip_prefix("/api/v1/"),
    };
    if path == "/api-docs" && incoming.method == "GET" {
        return ("/api-docs", web::json(&openapi::document(api.endpoints())));
    }
    let Some(rest) = rest else {
        return web::answer(&app, path, &headers, incoming).await;
    };
    if rest.starts_with("method.call") {
        web::trace::note(&app, rest, &headers);
    }
    incoming.path = percent_encoding::percent_decode_str(rest).decode_utf8_lossy().into_owned();
    let (name, reply) = api.dispatch(app, incoming).await;
    (name.unwrap_or(web::NO_ENDPOINT), web::small(reply))
}

fn incoming(
    app: &App,
    method: Method,
    path: &str,
    query: String,
    headers: &HeaderMap,
    client: IpAddr,
    body: crate::api::body::Body,
) -> Incoming {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
    Incoming {
        // A HEAD asks for the headers of a GET; hyper leaves the body out.
        head_only: method == Method::HEAD,
        method: if method == Method::HEAD { "GET".to_owned() } else { method.to_string() },
        path: path.to_owned(),
        query,
        user_id: text("x-user-id"),
        token: text("x-auth-token"),
        proof: Proof {
            code: text("x-2fa-code"),
            method: text("x-2fa-method"),
            agent: text("user-agent").unwrap_or_default(),
        },
        content_type: text("content-type").unwrap_or_default(),
        client,
        patience: Duration::from_secs(app.config.server.patience_seconds),
        body,
    }
}

/// The client's address: the socket's, or what the trusted proxies say.
fn client_address(headers: &HeaderMap, peer: IpAddr, proxies: usize) -> IpAddr {
    if proxies == 0 {
        return peer;
    }
    let forwarded = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let nth = forwarded.rsplit(',').nth(proxies - 1);
    nth.and_then(|address| address.trim().parse().ok()).unwrap_or(peer)
}

/// Done when the process is asked to stop. From this call on, not only once it is awaited, being
/// asked no longer ends the process at once. To be called on the runtime.
pub fn asked_to_stop() -> impl Future<Output = ()> {
    let asked = [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| {
        let caught = signal(kind);
        caught.inspect_err(|error| tracing::warn!(%error, "a signal to stop cannot be caught")).ok()
    });
    async move {
        let [interrupt, terminate] = asked.map(|caught| async {
            match caught {
                Some(mut caught) => drop(caught.recv().await),
                None => std::future::pending().await,
            }
        });
        tokio::select! {
            () = interrupt => {}
            () = terminate => {}
        }
    }
}
