//! From a target to the status of its answer: one connection to an address that was looked at, one
//! request, no redirect. Everything happens inside the caller's future, so dropping it ends it all.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use export_sdk::{Error, ErrorKind, Result};
use hyper::client::conn::http1;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use url::Host;

use crate::address::is_public;
use crate::content::Content;
use crate::idle::Idle;
use crate::options::Target;
use crate::settings::private;

/// Addresses of one host that are tried.
const MOST_ADDRESSES: usize = 4;
/// The most bytes of an answer's head that are kept.
const LONGEST_HEAD: usize = 64 << 10;

/// How connections are made.
pub(crate) struct Connector {
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) allow_private: bool,
    pub(crate) patience: Duration,
}

impl Connector {
    /// Sends the request; returns the status of the answer. Nothing else of the answer is looked at.
    pub(crate) async fn exchange(&self, target: &Target, request: Request<Content>) -> Result<StatusCode> {
        let stream = self.connect(target).await?;
        if !target.encrypted {
            return exchange(&target.host, stream, request).await;
        }
        let host = &target.host;
        let name = match host {
            Host::Domain(name) => ServerName::try_from(name.clone())
                .map_err(|_| Error::bad_options(format!("`url`: {host} is no name that TLS knows")))?,
            Host::Ipv4(address) => ServerName::from(std::net::IpAddr::from(*address)),
            Host::Ipv6(address) => ServerName::from(std::net::IpAddr::from(*address)),
        };
        let stream = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await;
        let stream = stream.map_err(|error| {
            let message = format!(
                "no encrypted connection to {host}; check its certificate, and if a private authority \
                 made it, `certificate_authority` of [plugins.webhook]"
            );
            Error::new(ErrorKind::Unavailable, message).because(error)
        })?;
        exchange(host, stream, request).await
    }

    /// Connects to the first address that can be reached. No other code resolves names.
    async fn connect(&self, target: &Target) -> Result<Idle> {
        let host = &target.host;
        let mut failure = io::Error::from(io::ErrorKind::NotFound);
        for address in self.addresses(target).await? {
            match timeout(self.patience, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(Idle::new(stream, self.patience)),
                Ok(Err(error)) => failure = error,
                Err(_) => failure = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(unavailable(&format!("{host} cannot be reached"), failure))
    }

    /// The addresses of the host, all of which are allowed. One that is not refuses the host: who
    /// answers with both tries something.
    async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>> {
        let (host, port) = (&target.host, target.port);
        let found: Vec<SocketAddr> = match host {
            Host::Ipv4(address) => vec![SocketAddr::from((*address, port))],
            Host::Ipv6(address) => vec![SocketAddr::from((*address, port))],
            Host::Domain(name) => {
                let unknown = |error| unavailable(&format!("the address of {host} cannot be found"), error);
                let found = timeout(self.patience, lookup_host((name.as_str(), port))).await;
                found.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(unknown)?.collect()
            }
        };
        if !self.allow_private && found.iter().any(|address| !is_public(address.ip())) {
            return Err(Error::new(ErrorKind::Rejected, private(host)));
        }
        Ok(found.into_iter().take(MOST_ADDRESSES).collect())
    }
}

async fn exchange(
    host: &Host,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    request: Request<Content>,
) -> Result<StatusCode> {
    let taken = request.body().taken();
    let outcome = send(stream, request).await;
    let status = outcome.map_err(|error| {
        if error.is_user() {
            return Error::new(ErrorKind::Internal, "the export could not be read").because(error);
        }
        unavailable(&format!("{host} did not answer"), error)
    })?;
    if status.is_success() && !taken.load(Ordering::Acquire) {
        let message = format!("{host} answered {} before it had the whole export", status.as_u16());
        return Err(Error::new(ErrorKind::Unavailable, message));
    }
    Ok(status)
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    request: Request<Content>,
) -> hyper::Result<StatusCode> {
    let mut client = http1::Builder::new();
    let (mut sender, connection) = client.max_buf_size(LONGEST_HEAD).handshake(TokioIo::new(stream)).await?;
    let mut answer = pin!(sender.send_request(request));
    let answer = tokio::select! {
        biased;
        answer = &mut answer => answer,
        // The answer may have come with the end.
        ended = connection => match ended {
            Ok(()) => answer.await,
            Err(error) => Err(error),
        },
    };
    answer.map(|answer| answer.status())
}

fn unavailable(what: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Unavailable, what).because(error)
}
