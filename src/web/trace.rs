//! What the headers of a call of a method are, for administrators who look for what a client does wrong:
//! in the log, without anything that lets somebody in.

use regex::Regex;
use warp::http::HeaderMap;

use crate::app::App;
use crate::error::Result;
use crate::service::settings;

const MASK: &str = "[redacted]";
/// Headers that hold secrets.
const SECRET: [&str; 4] = ["x-auth-token", "authorization", "x-2fa-code", "proxy-authorization"];
/// Cookies that hold secrets.
const SECRET_COOKIES: [&str; 1] = ["rc_token"];

/// Logs the headers of a call, if the settings want that.
pub fn note(app: &App, path: &str, headers: &HeaderMap) {
    match is_wanted(app, path) {
        Ok(true) => tracing::info!("{path} {}", shown(headers)),
        Ok(false) => {}
        Err(error) => tracing::error!(%error, "the settings cannot be read"),
    }
}

/// The filter is a pattern of methods; one that is none filters nothing.
fn is_wanted(app: &App, path: &str) -> Result<bool> {
    if !settings::is_on(app, "Log_Trace_Methods")? {
        return Ok(false);
    }
    let filter = settings::text(app, "Log_Trace_Methods_Filter")?;
    Ok(Regex::new(&filter).map_or(true, |filter| filter.is_match(path)))
}

fn shown(headers: &HeaderMap) -> String {
    let header = |(name, value): (&warp::http::HeaderName, &warp::http::HeaderValue)| {
        let value = value.to_str().unwrap_or_default();
        let value = match name.as_str() {
            name if SECRET.contains(&name) => MASK.to_owned(),
            "cookie" => cookies(value),
            _ => value.to_owned(),
        };
        format!("'{name}': '{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
    };
    let headers: Vec<String> = headers.iter().map(header).collect();
    format!("{{ {} }}", headers.join(", "))
}

fn cookies(text: &str) -> String {
    let cookie = |cookie: &str| {
        let name = cookie.split('=').next().unwrap_or_default().trim();
        if SECRET_COOKIES.contains(&name) { format!("{name}={MASK}") } else { cookie.trim().to_owned() }
    };
    text.split(';').map(cookie).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use warp::http::HeaderValue;

    use super::*;

    #[test]
    fn nothing_that_lets_somebody_in_is_shown() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-user-id", "bob"),
            ("x-auth-token", "secret-1"),
            ("authorization", "Bearer secret-2"),
            ("x-2fa-code", "secret-3"),
            ("cookie", "a=b;rc_token=secret-4; rc_uid=bob"),
            ("user-agent", "it's\\me"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let line = shown(&headers);
        assert!(!line.contains("secret"), "{line}");
        for part in [
            "'x-user-id': 'bob'",
            "'x-auth-token': '[redacted]'",
            "'cookie': 'a=b; rc_token=[redacted]; rc_uid=bob'",
            r"'user-agent': 'it\'s\\me'",
        ] {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
}
