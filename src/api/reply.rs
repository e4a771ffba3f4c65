//! What clients get: the success envelope, and the only place that turns an error into a status.

use serde_json::{Map, Value, json};
use warp::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, PRAGMA, RETRY_AFTER,
};
use warp::http::{Response, StatusCode};

use super::endpoint::Method;
use super::untaken::{Room, Untaken};
use crate::error::Error;
use crate::limits::Allowance;

/// A JSON answer. Its text is written where it is made: on the thread of a handler, which may take the
/// time for it, and not on those that serve connections.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    text: String,
    headers: Vec<(&'static str, String)>,
    media_type: &'static str,
    /// Given back when the answer is taken up.
    room: Option<Room>,
}

const JSON: &str = "application/json";
/// When to come back to a busy server.
const BUSY_SECONDS: u64 = 2;

impl Reply {
    /// The answer to a success: status 200. An object gets `"success": true`, unless it carries a
    /// `status` of its own, as `login` and `logout` do; `null` means that there is nothing to say
    /// but that.
    pub fn success(value: Value) -> Self {
        let body = match value {
            Value::Null => json!({"success": true}),
            Value::Object(map) if map.get("status") == Some(&json!("success")) => Value::Object(map),
            Value::Object(mut map) => {
                map.insert("success".to_owned(), Value::Bool(true));
                Value::Object(map)
            }
            other => other,
        };
        Self::of(StatusCode::OK, &body)
    }

    /// The same for endpoints whose answer may be a text of another media type.
    pub fn success_as(value: Value, media_type: Option<&'static str>) -> Self {
        match media_type {
            Some(media_type) => {
                let text = match value {
                    Value::String(text) => text,
                    other => written(&other),
                };
                Self { status: StatusCode::OK, text, headers: Vec::new(), media_type, room: None }
            }
            None => Self::success(value),
        }
    }

    fn of(status: StatusCode, body: &Value) -> Self {
        Self { status, text: written(body), headers: Vec::new(), media_type: JSON, room: None }
    }

    /// The answer that sends the client to another address: status 307, which the body repeats.
    pub fn elsewhere(address: Value) -> Self {
        let headers = vec![(LOCATION.as_str(), address.as_str().unwrap_or_default().to_owned())];
        Self { headers, ..Self::of(StatusCode::TEMPORARY_REDIRECT, &address) }
    }

    /// The answer to a refusal. What is ours to mend is logged here, and nowhere else.
    pub fn failure(error: &Error) -> Self {
        let text = error.to_string();
        let failed = |error: &str| json!({"success": false, "error": error});
        let mut headers = Vec::new();
        let mut retry_after = |seconds: u64| headers.push((RETRY_AFTER.as_str(), seconds.to_string()));
        let (status, body) = match error {
            Error::NotLoggedIn => (StatusCode::UNAUTHORIZED, json!({"status": "error", "message": text})),
            Error::Forbidden => (StatusCode::FORBIDDEN, failed(&format!("{text} [error-unauthorized]"))),
            Error::Unauthorized | Error::Denied(_) => (StatusCode::FORBIDDEN, failed(&text)),
            Error::Refused { code, reason, details } => {
                let text = if reason.is_empty() { format!("[{code}]") } else { text };
                (StatusCode::BAD_REQUEST, typed(&text, code, details))
            }
            Error::Plain(text) => (StatusCode::BAD_REQUEST, failed(text)),
            Error::Typed { text, kind, details } => (StatusCode::BAD_REQUEST, typed(text, kind, details)),
            Error::Silent => (StatusCode::BAD_REQUEST, json!({"success": false})),
            Error::Login { error, message, details } => {
                let mut body = json!({"status": "error", "error": error, "message": message});
                if !details.is_null() {
                    body["details"] = details.clone();
                }
                (StatusCode::UNAUTHORIZED, body)
            }
            Error::NotFound(text) => (StatusCode::NOT_FOUND, failed(text)),
            Error::TooMany { seconds } => {
                retry_after(*seconds);
                (StatusCode::TOO_MANY_REQUESTS, failed(&text))
            }
            Error::Busy => {
                retry_after(BUSY_SECONDS);
                (StatusCode::SERVICE_UNAVAILABLE, failed(&text))
            }
            Error::Damaged(damage) => {
                tracing::error!(error = chain(damage), "a request met damage");
                (StatusCode::INTERNAL_SERVER_ERROR, failed(&text))
            }
            Error::Internal(source) => {
                tracing::error!(error = chain(&**source), "a request failed");
                (StatusCode::INTERNAL_SERVER_ERROR, failed(&text))
            }
        };
        Self { headers, ..Self::of(status, &body) }
    }

    /// 404 in both families of envelopes, so that every client recognises it.
    pub fn no_endpoint() -> Self {
        let text = "API endpoint does not exist";
        let body = json!({"success": false, "error": text, "status": "error", "message": text});
        Self::of(StatusCode::NOT_FOUND, &body)
    }

    /// 405 with the methods that would do.
    pub fn wrong_method(allowed: &[Method]) -> Self {
        let body = json!({"status": "error", "message": "API endpoint does not exist"});
        let headers = vec![(ALLOW.as_str(), super::allow_header(allowed))];
        Self { headers, ..Self::of(StatusCode::METHOD_NOT_ALLOWED, &body) }
    }

    /// Another refusal of the transport: too large, too slow, no JSON.
    pub fn transport(status: StatusCode, error: &str) -> Self {
        let body = json!({"success": false, "error": error});
        Self::of(status, &body)
    }

    /// The same reply with the headers of the rate limit.
    #[must_use]
    pub fn with_allowance(mut self, allowance: Option<Allowance>) -> Self {
        if let Some(allowance) = allowance {
            self.headers.push(("x-ratelimit-limit", allowance.limit.to_string()));
            self.headers.push(("x-ratelimit-remaining", allowance.remaining.to_string()));
            self.headers.push(("x-ratelimit-reset", allowance.reset.millis().to_string()));
        }
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Whether it tells of something that was done.
    pub fn is_success(&self) -> bool {
        !self.status.is_client_error() && !self.status.is_server_error()
    }

    /// Waits until there is room for it, on a thread that may block.
    pub(super) fn wait_in(&mut self, untaken: &Untaken) {
        self.room = untaken.room(self.text.len());
    }

    /// The reply as HTTP, with the headers that every answer of the API has.
    pub fn into_response(self) -> Response<Vec<u8>> {
        let mut response = Response::new(self.text.into_bytes());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        for (name, value) in CORS {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

const CORS: [(&str, &str); 2] = [
    ("access-control-allow-origin", "*"),
    (
        "access-control-allow-headers",
        "Origin, X-Requested-With, Content-Type, Accept, X-User-Id, X-Auth-Token",
    ),
];

/// The text of a value, which takes no more memory than its bytes: it may wait for long to be taken.
fn written(value: &Value) -> String {
    let mut text = value.to_string();
    text.shrink_to_fit();
    text
}

fn typed(text: &str, kind: &str, details: &Value) -> Value {
    let mut body = Map::new();
    body.insert("success".to_owned(), Value::Bool(false));
    body.insert("error".to_owned(), text.into());
    body.insert("errorType".to_owned(), kind.into());
    if !details.is_null() {
        body.insert("details".to_owned(), details.clone());
    }
    Value::Object(body)
}

/// An error and all that caused it, in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}
