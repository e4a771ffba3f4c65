//! Encrypted connections, to a receiver that a private authority vouches for.

use std::path::PathBuf;
use std::sync::Arc;

use export_sdk::ErrorKind;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, crypto};

use crate::receiver::{Received, listen, reply};
use crate::{LOCAL, Server};

/// A private authority, and a receiver of this name that it vouches for.
struct Encrypted {
    authority: PathBuf,
    acceptor: TlsAcceptor,
    _dir: tempfile::TempDir,
}

impl Encrypted {
    fn new(name: &str) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate().expect("a key"))
            .expect("an authority");
        let key = KeyPair::generate().expect("a key");
        let parameters = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        let certificate = parameters.signed_by(&key, &authority).expect("a certificate");
        let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            );
        let dir = tempfile::tempdir().expect("a place for files");
        let path = dir.path().join("authority.pem");
        std::fs::write(&path, authority.pem()).expect("written");
        Self { authority: path, acceptor: Arc::new(config.expect("a key that fits")).into(), _dir: dir }
    }

    fn settings(&self) -> String {
        format!("{LOCAL}certificate_authority = {:?}", self.authority.to_str().expect("UTF-8"))
    }

    /// Takes one request, if the other side trusts this one.
    async fn start(&self) -> (u16, JoinHandle<Option<Received>>) {
        let (listener, port) = listen().await;
        let acceptor = self.acceptor.clone();
        let task = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a connection");
            let mut stream = acceptor.accept(stream).await.ok()?;
            let received = Received::read(&mut stream).await;
            reply(&mut stream, "200 OK").await;
            // Until the other side goes.
            let _ = stream.read_u8().await;
            Some(received)
        });
        (port, task)
    }
}

#[tokio::test]
async fn a_receiver_of_a_private_authority_is_trusted_when_the_administrator_does() {
    for name in ["localhost", "127.0.0.1"] {
        let encrypted = Encrypted::new(name);
        let (port, receiver) = encrypted.start().await;
        let options = json!({"url": format!("https://{name}:{port}/")});
        let receipt = Server::new(&encrypted.settings()).deliver(options.clone()).await.unwrap();
        assert_eq!(receipt.note, format!("posted to {name}: 200"));
        assert_eq!(receiver.await.unwrap().unwrap().body, b"zip bytes");

        let (port, receiver) = encrypted.start().await;
        let options = json!({"url": format!("https://{name}:{port}/")});
        let error = Server::new(LOCAL).deliver(options).await.expect_err("nobody knows that authority");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("`certificate_authority`"), "{error}");
        assert!(receiver.await.unwrap().is_none(), "nothing was posted");
    }
}

#[tokio::test]
async fn a_certificate_of_another_host_is_not_accepted() {
    let encrypted = Encrypted::new("whisper.example.org");
    let (port, receiver) = encrypted.start().await;
    let options = json!({"url": format!("https://localhost:{port}/")});
    let error = Server::new(&encrypted.settings()).deliver(options).await.expect_err("another name");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(!error.to_string().contains("whisper"), "{error}");
    assert!(receiver.await.unwrap().is_none(), "nothing was posted");
}
