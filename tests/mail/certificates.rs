//! Certificates for tests: an authority that nobody else knows.

use std::fs;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// A private authority and a server that it vouches for.
pub(crate) struct Certificates {
    _dir: tempfile::TempDir,
    pub(crate) authority: PathBuf,
    pub(crate) server: String,
}

impl Certificates {
    pub(crate) fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate().expect("a key"));
        let authority = authority.expect("a certificate");
        let key = KeyPair::generate().expect("a key");
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let server = CertificateParams::new(names).expect("good names").signed_by(&key, &authority);
        let server = server.expect("a certificate").pem() + &key.serialize_pem();

        let dir = tempfile::tempdir().expect("a place for files");
        let write = |name: &str, pem: String| {
            let path = dir.path().join(name);
            fs::write(&path, pem).expect("written");
            path
        };
        let server = write("server.pem", server).into_os_string().into_string().expect("a UTF-8 path");
        Self { authority: write("authority.pem", authority.pem()), server, _dir: dir }
    }
}
