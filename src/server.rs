//! Puts the routes together, listens, and drains on shutdown.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use warp::Filter;
use warp::http::{HeaderMap, Method};
use warp::path::FullPath;
use warp::reply::Response;

use crate::api::reply::Reply;
use crate::api::request::Incoming;
use crate::api::{Api, openapi};
use crate::app::App;
use crate::service::caller::Proof;
use crate::web;

mod connection;
mod connections;
mod listening;
mod memory;
mod open_files;
mod signals;
mod stream;
mod turns;

pub use listening::serve;
pub use signals::{Hangups, Signals};

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
