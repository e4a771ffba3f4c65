//! The hosts that the administrator lets exports go to: names, and patterns of names.

use export_sdk::{Error, ErrorKind, Result};
use outbound::Host;

/// One entry of `hosts`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HostPattern {
    /// `*`: any.
    Any,
    /// `*.example.org`: any name below, kept with its leading dot; not `example.org` itself.
    Below(String),
    /// Exactly this one.
    Exactly(Host),
}

impl HostPattern {
    /// Reads an entry as it stands in config.toml, in the spelling that names of URLs are brought to.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let bad = || {
            let message = format!(
                "config.toml, table [plugins.webhook]: `hosts` has {text:?}; write a host name without \
                 scheme and port, a pattern like \"*.example.org\", or \"*\""
            );
            Error::new(ErrorKind::BadSettings, message)
        };
        if text == "*" {
            return Ok(Self::Any);
        }
        let (below, name) = text.strip_prefix("*.").map_or((false, text), |name| (true, name));
        let host = Host::parse(name.strip_suffix('.').unwrap_or(name)).map_err(|_| bad())?;
        match host {
            Host::Domain(name) if name.is_empty() || name.contains('*') => Err(bad()),
            Host::Domain(name) if below => Ok(Self::Below(format!(".{name}"))),
            Host::Ipv4(_) | Host::Ipv6(_) if below => Err(bad()),
            host => Ok(Self::Exactly(host)),
        }
    }

    /// Whether this entry lets exports go to `host`.
    pub(crate) fn allows(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Exactly(known), host) => known == host,
            (Self::Below(ending), Host::Domain(name)) => {
                name.len() > ending.len() && name.ends_with(ending.as_str())
            }
            (Self::Below(_), Host::Ipv4(_) | Host::Ipv6(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_names_below_and_nothing_that_looks_like_it() {
        let cases = [
            ("*", "example.org", true),
            ("*", "10.0.0.1", true),
            ("*.example.org", "a.example.org", true),
            ("*.Example.ORG.", "a.b.example.org", true),
            ("*.example.org", "example.org", false),
            ("*.example.org", "badexample.org", false),
            ("*.example.org", "example.org.evil.net", false),
            ("*.1", "10.0.0.1", false),
            ("example.org", "example.org", true),
            ("EXAMPLE.org.", "example.org", true),
            ("example.org", "a.example.org", false),
            ("bücher.example", "xn--bcher-kva.example", true),
            ("127.0.0.1", "127.0.0.1", true),
            ("[::1]", "[::1]", true),
            ("[::1]", "127.0.0.1", false),
        ];
        for (pattern, host, allowed) in cases {
            let host = Host::parse(host).unwrap();
            let Ok(pattern) = HostPattern::parse(pattern) else {
                assert!(!allowed, "{pattern}");
                continue;
            };
            assert_eq!(pattern.allows(&host), allowed, "{pattern:?} {host}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused_at_the_start() {
        for text in ["", "*.", "*.*", "a.*", "https://example.org", "example.org:443", "*.10.0.0.1", "a b"] {
            let error = HostPattern::parse(text).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::BadSettings);
            assert!(error.to_string().contains("`hosts`"), "{error}");
        }
    }
}
