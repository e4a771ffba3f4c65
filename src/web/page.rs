//! The few plain pages of the server: no script, no image, nothing from anywhere else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use warp::Reply as _;
use warp::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
};
use warp::http::header::{X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use warp::http::{HeaderMap, Response as HttpResponse, StatusCode};
use warp::reply::Response;

use crate::domain::html::escape;

const STYLE: &str = include_str!("page.css");

/// A page with a heading above `body`, which is HTML. Its address may be a secret: it is kept by no
/// cache and told to no other site.
pub(super) fn page(status: StatusCode, site: &str, heading: &str, body: &str) -> Response {
    let (site, heading) = (escape(site), escape(heading));
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{heading} – {site}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<p class=\"site\">{site}</p>\n\
         <h1>{heading}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    );
    let mut response = HttpResponse::new(html).into_response();
    *response.status_mut() = status;
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        STANDARD.encode(Sha256::digest(STYLE))
    );
    let headers = response.headers_mut();
    let policy = HeaderValue::from_str(&policy).expect("base64 fits into a header");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether a browser asks, for somebody who would rather read than see a status.
pub(super) fn is_for_people(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split([',', ';']).any(|kind| kind.trim().eq_ignore_ascii_case("text/html"))
}

/// The last part of a path below `prefix`, decoded.
pub(super) fn below(path: &str, prefix: &str) -> Option<String> {
    let rest = path.strip_prefix(prefix)?.strip_prefix('/')?;
    let text = percent_encoding::percent_decode_str(rest).decode_utf8().ok()?;
    (!rest.is_empty() && !rest.contains('/')).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_as_they_were_written() {
        let read = |path| below(path, "/reset-password");
        assert_eq!(read("/reset-password/a%2Eb.c_-"), Some("a.b.c_-".to_owned()));
        for none in ["/reset-password", "/reset-password/", "/reset-password/a/b", "/reset-passwordx/a", "/x"]
        {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
