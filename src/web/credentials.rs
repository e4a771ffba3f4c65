//! Who asks for a file: browsers cannot send headers with a link, so cookies and the query will do.

use warp::http::HeaderMap;
use warp::http::header::COOKIE;

use crate::api;
use crate::app::App;
use crate::error::Result;
use crate::service::caller::{Caller, Client};

/// Who shows valid credentials: in the query, else in the cookies, else in the headers.
pub fn caller(app: &App, headers: &HeaderMap, query: &str, client: &Client) -> Result<Option<Caller>> {
    let header = |name: &str| headers.get(name)?.to_str().ok().map(ToOwned::to_owned);
    let pairs = [
        (parameter(query, "rc_uid"), parameter(query, "rc_token")),
        (cookie(headers, "rc_uid"), cookie(headers, "rc_token")),
        (header("x-user-id"), header("x-auth-token")),
    ];
    for (id, token) in pairs {
        if let Some(caller) = api::recognise(app, id.as_deref(), token.as_deref(), client)? {
            return Ok(Some(caller));
        }
    }
    Ok(None)
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

/// A parameter of a query.
pub fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=b; rc_uid=u=1;rc_token=t".parse().unwrap());
        headers.append(COOKIE, "z=y".parse().unwrap());
        assert_eq!(cookie(&headers, "rc_uid").as_deref(), Some("u=1"));
        assert_eq!(cookie(&headers, "rc_token").as_deref(), Some("t"));
        assert_eq!(cookie(&headers, "z").as_deref(), Some("y"));
        assert_eq!(cookie(&headers, "uid"), None);
    }
}
