//! From a target to its answer: one connection to an address that was looked at, one request, no
//! redirect. Everything happens inside the caller's future, so dropping it ends it all.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::Buf;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::header::HeaderMap;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};
use url::Host;

use crate::address::is_public;
use crate::idle::Idle;
use crate::target::Target;

/// Addresses of one host that are tried.
const MOST_ADDRESSES: usize = 4;
/// The most bytes of an answer's head that are kept.
const LONGEST_HEAD: usize = 64 << 10;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host has an address that is not of the public internet, or that the caller does not allow.
    #[error("{0} has an address that is not of the public internet")]
    Private(Host),
    /// The host's name is none that a certificate could be for.
    #[error("{0} is no name that TLS knows")]
    Nameless(Host),
    /// The host has no address.
    #[error("the address of {0} cannot be found")]
    Unknown(Host, #[source] Cause),
    /// Nobody takes a connection.
    #[error("{0} cannot be reached")]
    Unreachable(Host, #[source] Cause),
    /// The host cannot prove who it is.
    #[error("no encrypted connection to {0}")]
    Unencrypted(Host, #[source] Cause),
    /// It took the connection and gave no answer.
    #[error("{0} did not answer")]
    Silent(Host, #[source] Cause),
    /// The request's own body could not be read.
    #[error("the body of the request could not be read")]
    Body(#[source] Cause),
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The beginning of the body, as far as it was wanted.
    pub body: Vec<u8>,
}

/// How connections are made.
pub struct Connector {
    tls: Arc<ClientConfig>,
    allow_private: bool,
    patience: Duration,
}

impl Connector {
    /// Trusts the public authorities, and those of a PEM file; an empty path is none. The error says
    /// what is wrong with the file. Connections are given up when nothing moves for `patience`.
    pub fn new(authority: &Path, allow_private: bool, patience: Duration) -> Result<Self, String> {
        Ok(Self { tls: Arc::new(tls(authority)?), allow_private, patience })
    }

    /// Sends the request; returns the answer with at most `most` bytes of its body.
    pub async fn exchange<B>(
        &self,
        target: &Target,
        request: Request<B>,
        most: usize,
    ) -> Result<Answer, Error>
    where
        B: Body + 'static,
        B::Data: Send,
        B::Error: Into<Cause>,
    {
        self.exchange_where(target, request, most, &|_| true).await
    }

    /// The same if `allows` allows all addresses of the host, too.
    pub async fn exchange_where<B>(
        &self,
        target: &Target,
        request: Request<B>,
        most: usize,
        allows: &(dyn Fn(IpAddr) -> bool + Sync),
    ) -> Result<Answer, Error>
    where
        B: Body + 'static,
        B::Data: Send,
        B::Error: Into<Cause>,
    {
        let stream = self.connect(target, allows).await?;
        let host = &target.host;
        if !target.encrypted {
            return exchange(host, stream, request, most).await;
        }
        let name = match host {
            Host::Domain(name) => {
                ServerName::try_from(name.clone()).map_err(|_| Error::Nameless(host.clone()))?
            }
            Host::Ipv4(address) => ServerName::from(IpAddr::from(*address)),
            Host::Ipv6(address) => ServerName::from(IpAddr::from(*address)),
        };
        let stream = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await;
        let stream = stream.map_err(|error| Error::Unencrypted(host.clone(), error.into()))?;
        exchange(host, stream, request, most).await
    }

    /// Connects to the first address that can be reached. No other code resolves names.
    async fn connect(
        &self,
        target: &Target,
        allows: &(dyn Fn(IpAddr) -> bool + Sync),
    ) -> Result<Idle, Error> {
        let mut failure = io::Error::from(io::ErrorKind::NotFound);
        for address in self.addresses(target, allows).await? {
            match timeout(self.patience, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(Idle::new(stream, self.patience)),
                Ok(Err(error)) => failure = error,
                Err(_) => failure = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(Error::Unreachable(target.host.clone(), failure.into()))
    }

    /// The addresses of the host, all of which are allowed. One that is not refuses the host: who
    /// answers with both tries something.
    async fn addresses(
        &self,
        target: &Target,
        allows: &(dyn Fn(IpAddr) -> bool + Sync),
    ) -> Result<Vec<SocketAddr>, Error> {
        let (host, port) = (&target.host, target.port);
        let found: Vec<SocketAddr> = match host {
            Host::Ipv4(address) => vec![SocketAddr::from((*address, port))],
            Host::Ipv6(address) => vec![SocketAddr::from((*address, port))],
            Host::Domain(name) => {
                let unknown = |error: io::Error| Error::Unknown(host.clone(), error.into());
                let found = timeout(self.patience, lookup_host((name.as_str(), port))).await;
                found.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(unknown)?.collect()
            }
        };
        let is_allowed = |address: IpAddr| (self.allow_private || is_public(address)) && allows(address);
        if !found.iter().all(|address| is_allowed(address.ip())) {
            return Err(Error::Private(host.clone()));
        }
        Ok(found.into_iter().take(MOST_ADDRESSES).collect())
    }
}

/// The public authorities, and the private one of a file.
fn tls(authority: &Path) -> Result<ClientConfig, String> {
    let mut roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    if !authority.as_os_str().is_empty() {
        let unreadable = |error: &dyn std::fmt::Display| {
            format!("{} is no readable PEM file: {error}", authority.display())
        };
        let before = roots.len();
        for certificate in CertificateDer::pem_file_iter(authority).map_err(|error| unreadable(&error))? {
            let certificate = certificate.map_err(|error| unreadable(&error))?;
            roots.add(certificate).map_err(|error| unreadable(&error))?;
        }
        if roots.len() == before {
            return Err(unreadable(&"it holds no certificate"));
        }
    }
    let versions = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

async fn exchange<B>(
    host: &Host,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    request: Request<B>,
    most: usize,
) -> Result<Answer, Error>
where
    B: Body + 'static,
    B::Data: Send,
    B::Error: Into<Cause>,
{
    send(stream, request, most).await.map_err(|error| {
        if error.is_user() { Error::Body(error.into()) } else { Error::Silent(host.clone(), error.into()) }
    })
}

async fn send<B>(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    request: Request<B>,
    most: usize,
) -> hyper::Result<Answer>
where
    B: Body + 'static,
    B::Data: Send,
    B::Error: Into<Cause>,
{
    let mut client = http1::Builder::new();
    let (mut sender, connection) = client.max_buf_size(LONGEST_HEAD).handshake(TokioIo::new(stream)).await?;
    let mut answer = pin!(async move { read(sender.send_request(request).await?, most).await });
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        // The answer may have come with the end.
        ended = connection => match ended {
            Ok(()) => answer.await,
            Err(error) => Err(error),
        },
    }
}

async fn read(response: Response<Incoming>, most: usize) -> hyper::Result<Answer> {
    let (head, mut rest) = response.into_parts();
    let mut body = Vec::new();
    while body.len() < most {
        let Some(frame) = poll_fn(|context| Pin::new(&mut rest).poll_frame(context)).await else { break };
        if let Ok(mut piece) = frame?.into_data() {
            let taken = piece.remaining().min(most - body.len());
            body.extend_from_slice(&piece.copy_to_bytes(taken));
        }
    }
    Ok(Answer { status: head.status, headers: head.headers, body })
}
