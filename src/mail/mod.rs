//! Mails on their way out of the server: put together here, sent from here.
//!
//! Not the queue: what is sent when, and how often it is tried, is decided elsewhere.

mod compose;
mod transport;

use export_sdk::MailAddress;

pub use compose::{ComposeError, compose};
pub(crate) use transport::write;
pub use transport::{BadMailSettings, MailSettings, SendError, Transport};

/// Whom the server's mails come from.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The address.
    pub address: MailAddress,
    /// The name that people see beside it: the site's.
    pub name: Option<String>,
}

/// An address that mail servers cannot be told.
#[derive(Debug, thiserror::Error)]
#[error("{0} cannot be written in a mail; check the address")]
pub struct BadAddress(MailAddress);

/// The address as it goes over the wire: an international domain in its ASCII form, which servers
/// without SMTPUTF8 understand, too.
fn wire_address(address: &MailAddress) -> Result<lettre::Address, BadAddress> {
    let bad = || BadAddress(address.clone());
    let (local, domain) = address.as_str().rsplit_once('@').ok_or_else(bad)?;
    if domain.is_ascii() {
        return lettre::Address::new(local, domain).map_err(|_| bad());
    }
    let host = url::Host::parse(domain).map_err(|_| bad())?;
    lettre::Address::new(local, host.to_string()).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_international_domain_is_written_in_ascii() {
        let wire = |address: &str| wire_address(&MailAddress::new(address).unwrap()).unwrap().to_string();
        assert_eq!(wire("ann@exämple.de"), "ann@xn--exmple-cua.de");
        assert_eq!(wire("o'neil+x@Example.org"), "o'neil+x@Example.org");
        assert_eq!(wire("ann@localhost"), "ann@localhost");
    }
}
