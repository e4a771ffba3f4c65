//! A web address, taken apart once. Nothing reads the text again, so nobody can read it differently.

use hyper::header::HeaderValue;
use hyper::http::uri::PathAndQuery;
use url::{Host, Position, Url};

/// The longest URL.
const LONGEST_URL: usize = 2048;

/// Where a request goes.
#[derive(Debug)]
pub struct Target {
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// A name in lower case without the dot at its end, or an address, however it was spelt.
    pub host: Host,
    /// The port.
    pub port: u16,
    /// The header `Host`.
    pub authority: HeaderValue,
    /// What is asked for.
    pub path: PathAndQuery,
}

/// Why a text is no web address: words that follow the name of whatever held it. The text itself
/// stays out of them, for it may hold a password or a token.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotWeb(String);

impl Target {
    /// Takes a URL apart.
    pub fn parse(text: &str) -> Result<Self, NotWeb> {
        let bad = |complaint: &str| NotWeb(complaint.to_owned());
        if text.len() > LONGEST_URL {
            return Err(bad(&format!("is longer than {LONGEST_URL} bytes")));
        }
        let no_url = || bad("is no URL; write https://host/path");
        let url = Url::parse(text).map_err(|_| no_url())?;
        let encrypted = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(bad("must begin with https://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("must not hold a user name or a password; requests are signed instead"));
        }
        let host = match url.host().ok_or_else(no_url)? {
            Host::Domain(name) => Host::Domain(name.strip_suffix('.').unwrap_or(name).to_owned()),
            Host::Ipv4(address) => Host::Ipv4(address),
            Host::Ipv6(address) => Host::Ipv6(address),
        };
        if host == Host::Domain(String::new()) {
            return Err(no_url());
        }
        let authority = url.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}"));
        Ok(Self {
            encrypted,
            port: url.port_or_known_default().ok_or_else(no_url)?,
            authority: authority.parse().map_err(|_| no_url())?,
            path: url[Position::BeforePath..Position::AfterQuery].parse().map_err(|_| no_url())?,
            host,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let target = Target::parse(" HTTPS://Example.ORG.:8443/a b?q=1|2#part\n").unwrap();
        assert!(target.encrypted);
        assert_eq!((target.host.to_string().as_str(), target.port), ("example.org", 8443));
        assert_eq!(target.authority, "example.org:8443");
        assert_eq!(target.path.as_str(), "/a%20b?q=1|2");
        let plain = Target::parse("http://example.org").unwrap();
        assert_eq!((plain.encrypted, plain.port, plain.path.as_str()), (false, 80, "/"));
        assert_eq!(plain.authority, "example.org");
    }

    #[test]
    fn odd_spellings_of_an_address_are_that_address() {
        let loopback: Host = Host::Ipv4([127, 0, 0, 1].into());
        let spellings =
            ["127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0x7f000001", "127.0.0.1.", "１２７.0.0.1"];
        for host in spellings {
            assert_eq!(Target::parse(&format!("http://{host}/")).unwrap().host, loopback, "{host}");
        }
        let mapped = Target::parse("http://[::ffff:127.0.0.1]/").unwrap().host;
        assert_eq!(mapped, Host::<String>::Ipv6("::ffff:7f00:1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_web_address_is_refused_without_repeating_it() {
        let long = format!("https://example.org/{}", "x".repeat(LONGEST_URL));
        let wrong = [
            "",
            "hush",
            "ftp://example.org/hush",
            "file:///hush",
            "https://",
            "https://./",
            "https://a b/",
            "https://hush@example.org/",
            "https://:hush@example.org",
            "https://example.org:99999/hush",
            &long,
        ];
        for url in wrong {
            let message = Target::parse(url).expect_err(url).to_string();
            assert!(!message.is_empty() && !message.contains("hush"), "{url}: {message}");
        }
    }
}
