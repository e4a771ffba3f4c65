//! An eye on every request: its id, its line in the log, its place in the metrics.
//!
//! Nothing of what the client sent is written down: no path, no query, no credentials. The endpoint is
//! named as in the table.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tracing::{Instrument, Span};
use warp::http::{HeaderMap, HeaderValue, Method};
use warp::reply::Response;

use crate::app::App;
use crate::domain::id::random_id;
use crate::telemetry::REQUESTS;

/// Names a request to clients, proxies and readers of the log.
const REQUEST_ID: &str = "x-request-id";
/// A proxy's longer id is none.
const LONGEST_ID: usize = 128;
/// A request that takes longer is worth a warning.
const SLOW: Duration = Duration::from_secs(1);

/// One request that is watched.
pub struct Watch {
    app: Arc<App>,
    method: Method,
    id: HeaderValue,
    span: Span,
    request: crate::metrics::Request,
}

impl Watch {
    /// Begins when a request has come.
    pub fn begin(app: &Arc<App>, method: &Method, headers: &HeaderMap) -> Self {
        let id = request_id(headers, app.config.server.forwarded_count > 0);
        // Of the level of errors, so that these are never without it.
        let span = tracing::error_span!("request", request_id = %id.to_str().unwrap_or_default());
        let request = app.metrics.requests.arrive();
        Self { app: Arc::clone(app), method: method.clone(), id, span, request }
    }

    /// Waits for the answer and its name, and notes how it was.
    pub async fn over(self, answer: impl Future<Output = (&'static str, Response)>) -> Response {
        let Self { app, method, id, span, request } = self;
        let (endpoint, mut response) = answer.instrument(span.clone()).await;
        let (method, status) = (method.as_str(), response.status());
        let took = app.metrics.requests.answered(request, method, endpoint, status.as_str());
        let (status, ms) = (status.as_u16(), (took.as_secs_f64() * 10_000.0).round() / 10.0);
        span.in_scope(|| {
            if took > SLOW {
                tracing::warn!(target: REQUESTS, %method, %endpoint, status, ms, "answered slowly");
            } else {
                tracing::info!(target: REQUESTS, %method, %endpoint, status, ms, "answered");
            }
        });
        response.headers_mut().insert(REQUEST_ID, id);
        response
    }
}

/// The id that a trusted proxy gave, if it is well-formed; else a new one.
fn request_id(headers: &HeaderMap, is_proxy_trusted: bool) -> HeaderValue {
    let given = headers.get(REQUEST_ID).filter(|id| is_proxy_trusted && is_well_formed(id.as_bytes()));
    given.cloned().unwrap_or_else(|| HeaderValue::from_str(&random_id()).expect("letters and digits"))
}

/// Whether it can stand in a line of a log without being taken for anything else.
fn is_well_formed(id: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@".contains(byte);
    (1..=LONGEST_ID).contains(&id.len()) && id.iter().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_id_of_a_trusted_proxy_is_taken_over() {
        let of = |given: &str, is_proxy_trusted| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(given).unwrap());
            request_id(&headers, is_proxy_trusted).to_str().unwrap().to_owned()
        };
        for good in ["a", "7b0f-22:1/2", "Root=1-67891233-abcdef012345678912345678", &"x".repeat(LONGEST_ID)]
        {
            assert_eq!(of(good, true), good);
            assert_eq!(of(good, false).len(), 17, "{good}");
        }
        for bad in ["", "a b", "a\tb", "id={x}", "\"", &"x".repeat(LONGEST_ID + 1)] {
            assert_eq!(of(bad, true).len(), 17, "{bad:?}");
        }
        assert_eq!(request_id(&HeaderMap::new(), true).len(), 17);
    }
}
