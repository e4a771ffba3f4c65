//! What is not the REST API: health, webhooks, uploads in, files, pictures and exports out, the only
//! streaming bodies; and the eye on every request.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use warp::Reply as _;
use warp::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use crate::api::reply::Reply;
use crate::api::request::Incoming;
use crate::app::App;
use crate::service::settings;

pub mod asset;
pub mod avatar;
pub mod credentials;
pub mod download;
pub mod emoji;
pub mod export;
pub mod file;
pub mod front;
pub mod hooks;
pub mod initials;
pub mod metrics;
mod page;
pub mod reset;
pub mod sound;
pub mod trace;
pub mod verify;
pub mod watch;

/// The name of what answers where there is nothing.
pub const NO_ENDPOINT: &str = "none";

/// Answers what is not under `/api/v1/`, and tells the name of what did.
pub async fn answer(
    app: &Arc<App>,
    path: &str,
    headers: &HeaderMap,
    incoming: Incoming,
) -> (&'static str, Response) {
    if let Some(id) = download::upload_id(path)
        && incoming.method == "GET"
    {
        return ("/file-upload/:id", download::upload(app, id, headers, &incoming).await);
    }
    if let Some(id) = export::export_id(path)
        && incoming.method == "GET"
    {
        return ("/data-export/:id", export::export(app, id, headers, &incoming).await);
    }
    if let Some(link) = reset::token(path) {
        return ("/reset-password/:token", reset::answer(app, link, incoming).await);
    }
    if let Some(link) = verify::token(path)
        && incoming.method == "GET"
        && !incoming.head_only
    {
        return ("/verify-email/:token", verify::answer(app, link).await);
    }
    if let Some(token) = front::invite(path)
        && incoming.method == "GET"
    {
        return ("/invite/:token", front::invitation(app, &token));
    }
    if let Some(call) = hooks::call(path) {
        return ("/hooks/:id/:token", hooks::answer(app, call, incoming).await);
    }
    if let Some(wanted) = avatar::wanted(path)
        && incoming.method == "GET"
    {
        return ("/avatar/:name", avatar::avatar(app, wanted, headers, &incoming).await);
    }
    if let Some(name) = emoji::emoji_name(path)
        && incoming.method == "GET"
    {
        return ("/emoji-custom/:name", emoji::emoji(app, &name, headers).await);
    }
    if let Some(name) = sound::sound_id(path)
        && incoming.method == "GET"
    {
        return ("/custom-sounds/:name", sound::sound(app, name, headers).await);
    }
    if let Some(name) = asset::asset_name(path)
        && incoming.method == "GET"
    {
        return ("/assets/:name", asset::asset(app, name, headers).await);
    }
    match path {
        "" if incoming.method == "GET" => ("/", front::home(app)),
        "/readyz" if app.store.has_failed() => {
            let why = "the store failed: look at the log and start again";
            ("/readyz", text(StatusCode::SERVICE_UNAVAILABLE, why))
        }
        "/readyz" if app.is_stopping.load(Ordering::SeqCst) => {
            ("/readyz", text(StatusCode::SERVICE_UNAVAILABLE, "the server stops"))
        }
        "/health" => ("/health", text(StatusCode::OK, "ok")),
        "/livez" => ("/livez", text(StatusCode::OK, "ok")),
        "/readyz" => ("/readyz", text(StatusCode::OK, "ok")),
        "/robots.txt" => {
            let wish = settings::text(app, "Robot_Instructions_File_Content").unwrap_or_default();
            ("/robots.txt", text(StatusCode::OK, &wish))
        }
        "/_timesync" => ("/_timesync", text(StatusCode::OK, &app.now().millis().to_string())),
        _ => (NO_ENDPOINT, small(Reply::no_endpoint())),
    }
}

/// A JSON answer.
pub fn small(reply: Reply) -> Response {
    reply.into_response().into_response()
}

/// A document in JSON that everybody may read.
pub fn json(document: &serde_json::Value) -> Response {
    let mut response = warp::http::Response::new(document.to_string()).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A short plain text.
pub fn text(status: StatusCode, text: &str) -> Response {
    let mut response = warp::http::Response::new(text.to_owned()).into_response();
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Answers an `OPTIONS` request.
pub fn preflight(app: &App, headers: &HeaderMap) -> Response {
    let asks = headers.contains_key("origin") && headers.contains_key("access-control-request-method");
    if !asks {
        return StatusCode::OK.into_response();
    }
    if !settings::is_on(app, "API_Enable_CORS").unwrap_or(false) {
        let refusal = "CORS not enabled. Go to \"Admin > General > REST Api\" to enable it.";
        return text(StatusCode::METHOD_NOT_ALLOWED, refusal);
    }
    let origins = settings::text(app, "API_CORS_Origin").unwrap_or_default();
    let origin =
        headers.get("origin").and_then(|value| value.to_str().ok()).unwrap_or_default().to_lowercase();
    let mut response = StatusCode::OK.into_response();
    let allowed = if origins.trim() == "*" {
        "*".to_owned()
    } else if origins.split(',').any(|known| known.trim().eq_ignore_ascii_case(&origin)) {
        response.headers_mut().insert("vary", HeaderValue::from_static("Origin"));
        origin
    } else {
        return response;
    };
    let headers = response.headers_mut();
    if let Ok(allowed) = HeaderValue::from_str(&allowed) {
        headers.insert("access-control-allow-origin", allowed);
    }
    headers.insert(
        "access-control-allow-methods",
        HeaderValue::from_static("GET, POST, PUT, DELETE, HEAD, PATCH"),
    );
    headers.insert(
        "access-control-allow-headers",
        HeaderValue::from_static(
            "Origin, X-Requested-With, Content-Type, Accept, X-User-Id, X-Auth-Token, x-visitor-token, Authorization",
        ),
    );
    response
}
