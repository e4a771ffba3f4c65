//! IP addresses: four numbers up to 255 with dots, or version 6 in any spelling with a digit in it.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::digits::{begins, ends};
use super::{after, before};

/// Every longest run of what addresses are made of.
static RUN: LazyLock<Regex> = LazyLock::new(|| Regex::new("[0-9A-Fa-f:.]{3,}").expect("written here"));

/// IP addresses.
pub(crate) fn ip(text: &str) -> Vec<Range<usize>> {
    RUN.find_iter(text).filter_map(|run| at(text, run.range())).collect()
}

fn at(text: &str, run: Range<usize>) -> Option<Range<usize>> {
    // The end of a sentence and the port are not part of it.
    let found = text[run.clone()].trim_end_matches('.');
    let version_6 = found.strip_suffix(':').filter(|found| !found.ends_with(':')).unwrap_or(found);
    let version_4 = found.split(':').next().unwrap_or_default();
    let address = if version_6.parse::<Ipv6Addr>().is_ok() && version_6.contains(|c: char| c.is_ascii_digit())
    {
        version_6
    } else if version_4.parse::<Ipv4Addr>().is_ok() {
        version_4
    } else {
        return None;
    };
    let span = run.start..run.start + address.len();
    let inside = before(text, run.start) == Some('-') || after(text, span.end) == Some('-');
    (begins(text, span.start) && ends(text, span.end) && !inside).then_some(span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::found;

    #[test]
    fn addresses_of_both_versions_are_found() {
        let text = "10.0.0.1, http://192.168.0.12:8080/x 2001:db8::1. [::1]:80 at 127.0.0.1: here";
        assert_eq!(found(ip, text), ["10.0.0.1", "192.168.0.12", "2001:db8::1", "::1", "127.0.0.1"]);
    }

    #[test]
    fn versions_times_and_paths_stay() {
        for text in ["1.2.3", "1.2.3.4.5", "256.1.1.1", "10:20:30", "a::b", "std::fmt", "v1.2.3.4", "::"] {
            assert_eq!(found(ip, text), [""; 0], "{text}");
        }
    }
}
