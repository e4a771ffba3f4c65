//! Fetching what a web address of somebody else's choice holds: from the public internet only, with
//! little patience, few at a time.

use std::path::Path;
use std::time::Duration;

use outbound::hyper::header::{ACCEPT, HOST, USER_AGENT};
use outbound::hyper::{Request, StatusCode};
use outbound::{Connector, Host, Target};
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::app::App;
use crate::domain::avatar::LARGEST_PICTURE;
use crate::error::{Error, Result};

/// A server that is silent for so long is given up.
const PATIENCE: Duration = Duration::from_secs(5);
/// And a slow one after this time.
const LONGEST: Duration = Duration::from_secs(10);

/// The bytes that a server answers with; `None` if there are none to be had: the address is none, is
/// not of the public internet, leads elsewhere, or answers with a failure or with too much. To be
/// called on a blocking thread of the runtime.
pub fn fetch(app: &App, address: &str) -> Result<Option<Vec<u8>>> {
    let Ok(target) = Target::parse(address) else { return Ok(None) };
    if matches!(target.host, Host::Ipv6(_)) {
        return Ok(None);
    }
    let Ok(_place) = app.fetches.try_acquire() else { return Err(Error::Busy) };
    let connector = Connector::new(Path::new(""), false, PATIENCE).map_err(Error::internal)?;
    let answer = Handle::current().block_on(async { timeout(LONGEST, get(&connector, &target)).await });
    answer.unwrap_or(Ok(None))
}

/// Asks once, and takes no more of the answer than a picture may hold.
async fn get(connector: &Connector, target: &Target) -> Result<Option<Vec<u8>>> {
    let request = Request::get(target.path.as_str())
        .header(HOST, &target.authority)
        .header(USER_AGENT, concat!("roomscribe/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "image/*")
        .body(String::new())
        .map_err(Error::internal)?;
    // A byte more than is allowed tells what is too large.
    match connector.exchange(target, request, LARGEST_PICTURE + 1).await {
        Ok(answer) if answer.status == StatusCode::OK && answer.body.len() <= LARGEST_PICTURE => {
            Ok(Some(answer.body))
        }
        Ok(_) => Ok(None),
        Err(error) => {
            tracing::debug!(%error, "a picture could not be fetched");
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// What is fetched from a server that answers with these bytes, from private addresses or not.
    fn fetched(answer: Vec<u8>, private: bool) -> Option<Vec<u8>> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        if private {
            std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut asked = [0; 1024];
                let length = stream.read(&mut asked).unwrap();
                assert!(asked[..length].starts_with(b"GET /a.png?x=1 HTTP/1.1\r\n"));
                // Who has seen enough of a large answer hangs up.
                let _ = stream.write_all(&answer);
            });
        }
        let target = Target::parse(&format!("http://127.0.0.1:{port}/a.png?x=1")).unwrap();
        let connector = Connector::new(Path::new(""), private, PATIENCE).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(get(&connector, &target)).unwrap()
    }

    #[test]
    fn only_a_plain_success_of_a_sensible_size_is_taken() {
        let answer = |head: &str, length: usize| {
            let head = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n");
            [head.into_bytes(), vec![7; length]].concat()
        };
        assert_eq!(fetched(answer("200 OK", 9), true), Some(vec![7; 9]));
        assert!(fetched(answer("200 OK", LARGEST_PICTURE), true).is_some());
        for refused in [
            answer("200 OK", LARGEST_PICTURE + 1),
            answer("404 Not Found", 9),
            answer("206 Partial Content", 9),
            answer("302 Found\r\nLocation: http://127.0.0.1/", 0),
            b"nonsense".to_vec(),
        ] {
            assert_eq!(fetched(refused, true), None);
        }
        assert_eq!(fetched(answer("200 OK", 9), false), None, "not from where only the server gets");
    }
}
