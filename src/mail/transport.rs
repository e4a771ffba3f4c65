//! How mails leave the server: through SMTP, or into a folder where no SMTP server is set up.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use export_sdk::{MailAddress, safe_file_name};
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::{Sender, wire_address};

/// What the administrator decides about mail.
#[derive(Clone)]
pub struct MailSettings {
    /// `smtp://user:password@host:port`, or `smtps://…` for TLS from the first byte. STARTTLS is
    /// used where the server offers it; `?tls=required` insists on it, `?tls=none` does without.
    /// Without a URL mails are written into [`folder`](Self::folder).
    pub url: Option<String>,
    /// Whom the mails come from.
    pub from: Sender,
    /// The longest that one mail may take, from connecting to the server's last word.
    pub timeout: Duration,
    /// A PEM file with the certificate of a private authority, trusted besides the public ones.
    pub root_certificate: Option<PathBuf>,
    /// Where mails go when there is no URL.
    pub folder: PathBuf,
}

/// The settings cannot work; the message names the key and never holds the password.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadMailSettings(String);

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// May pass: no connection, a timeout, a busy server, wrong credentials. Try again later.
    #[error("the mail could not be sent yet: {0}")]
    Temporary(String),
    /// Will not pass: the server refused this mail for good.
    #[error("the mail was refused: {0}")]
    Permanent(String),
}

/// The way out.
pub enum Transport {
    /// To a server that takes it further.
    Smtp {
        /// Opens a connection for each mail.
        client: AsyncSmtpTransport<Tokio1Executor>,
        /// See [`MailSettings::timeout`].
        timeout: Duration,
    },
    /// Into a directory, one `<key>.eml` for each mail.
    Folder(PathBuf),
}

impl Transport {
    /// Chooses the way and checks the settings; connects to nobody. Reads the certificate.
    pub fn new(settings: &MailSettings) -> Result<Self, BadMailSettings> {
        let Some(url) = &settings.url else { return Ok(Self::Folder(settings.folder.clone())) };
        let server = Server::parse(url)?;
        let mut client = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host.as_str())
            .port(server.port)
            .tls(server.tls(settings.root_certificate.as_deref())?)
            .timeout(Some(settings.timeout));
        if let Some(credentials) = server.credentials {
            client = client.credentials(credentials);
        }
        Ok(Self::Smtp { client: client.build(), timeout: settings.timeout })
    }

    /// Sends a composed mail to one recipient; returns when the other side has taken it over.
    /// Sending the same key again is harmless in a folder and another mail through SMTP.
    pub async fn send(
        &self,
        key: &str,
        from: &MailAddress,
        to: &MailAddress,
        bytes: &[u8],
    ) -> Result<(), SendError> {
        match self {
            Self::Smtp { client, timeout } => {
                let permanent = |error: &dyn std::error::Error| SendError::Permanent(error.to_string());
                let sender = wire_address(from).map_err(|error| permanent(&error))?;
                let recipient = wire_address(to).map_err(|error| permanent(&error))?;
                let envelope =
                    Envelope::new(Some(sender), vec![recipient]).map_err(|error| permanent(&error))?;
                match tokio::time::timeout(*timeout, client.send_raw(&envelope, bytes)).await {
                    Ok(Ok(_)) => Ok(()),
                    Ok(Err(error)) => Err(judge(&error)),
                    Err(_) => Err(SendError::Temporary(format!("no answer within {timeout:?}"))),
                }
            }
            Self::Folder(folder) => {
                let (folder, bytes) = (folder.clone(), bytes.to_vec());
                let name = safe_file_name(&format!("{key}.eml"));
                let written = tokio::task::spawn_blocking(move || write(&folder, &name, &bytes)).await;
                let written = written.map_err(io::Error::other).flatten();
                written.map_err(|error| SendError::Temporary(error.to_string()))
            }
        }
    }
}

/// A refusal counts for good unless it is about us: wrong credentials are put right by the
/// administrator, and then the mail should still be there.
fn judge(error: &lettre::transport::smtp::Error) -> SendError {
    let about_us = error.status().is_some_and(|code| matches!(u16::from(code), 530 | 534 | 535 | 538));
    if error.is_permanent() && !about_us {
        SendError::Permanent(error.to_string())
    } else {
        SendError::Temporary(error.to_string())
    }
}

/// Writes a file so that it is whole under its name, or not there; on disk when this returns.
pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let part = folder.join(format!(".{name}.part"));
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, folder.join(name))?;
    File::open(folder)?.sync_all()
}

/// What the URL says.
struct Server {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Security {
    Plain,
    StartTlsIfOffered,
    StartTls,
    Tls,
}

impl Server {
    fn parse(url: &str) -> Result<Self, BadMailSettings> {
        let bad = |complaint: &str| {
            let example = "smtp://user:password@mail.example.org:587?tls=required";
            BadMailSettings(format!("mail url: {complaint}; write it like {example}"))
        };
        let url = Url::parse(url).map_err(|error| bad(&error.to_string()))?;
        let mut tls = None;
        for (key, value) in url.query_pairs() {
            if key != "tls" {
                return Err(bad(&format!("unknown parameter {key:?}")));
            }
            tls = Some(value);
        }
        // The ports of submission, of relaying and of submission over TLS.
        let (security, port) = match (url.scheme(), tls.as_deref()) {
            ("smtp", None) => (Security::StartTlsIfOffered, 25),
            ("smtp", Some("none")) => (Security::Plain, 25),
            ("smtp", Some("opportunistic")) => (Security::StartTlsIfOffered, 587),
            ("smtp", Some("required")) => (Security::StartTls, 587),
            ("smtps", None) => (Security::Tls, 465),
            ("smtp", Some(_)) => return Err(bad("tls is required, opportunistic or none")),
            ("smtps", Some(_)) => return Err(bad("smtps:// is TLS already, leave tls= out")),
            (_, _) => return Err(bad("it begins with smtp:// or smtps://")),
        };
        let host = match url.host() {
            Some(Host::Domain(host)) if !host.is_empty() => host.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(Host::Domain(_)) | None => return Err(bad("the host is missing")),
        };
        let decode = |text| percent_decode_str(text).decode_utf8().map(Cow::into_owned);
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => {
                let user = decode(user).map_err(|_| bad("the user is not UTF-8"))?;
                let password = decode(password.unwrap_or_default());
                Some(Credentials::new(user, password.map_err(|_| bad("the password is not UTF-8"))?))
            }
        };
        Ok(Self { host, port: url.port().unwrap_or(port), security, credentials })
    }

    fn tls(&self, root_certificate: Option<&Path>) -> Result<Tls, BadMailSettings> {
        let mut parameters = TlsParameters::builder(self.host.clone());
        if let Some(path) = root_certificate {
            let bad = |error: &dyn std::error::Error| {
                BadMailSettings(format!("mail root_certificate {}: {error}", path.display()))
            };
            let pem = fs::read(path).map_err(|error| bad(&error))?;
            parameters =
                parameters.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| bad(&error))?);
        }
        let parameters = parameters
            .build_rustls()
            .map_err(|error| BadMailSettings(format!("mail url: no TLS to {}: {error}", self.host)))?;
        Ok(match self.security {
            Security::Plain => Tls::None,
            Security::StartTlsIfOffered => Tls::Opportunistic(parameters),
            Security::StartTls => Tls::Required(parameters),
            Security::Tls => Tls::Wrapper(parameters),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_and_how_safely() {
        let parsed = |url: &str| {
            let server = Server::parse(url).unwrap();
            (server.host, server.port, server.security)
        };
        let mail = |port, security| ("mail.example.org".to_owned(), port, security);
        assert_eq!(parsed("smtp://mail.example.org"), mail(25, Security::StartTlsIfOffered));
        assert_eq!(parsed("smtp://mail.example.org?tls=none"), mail(25, Security::Plain));
        assert_eq!(parsed("smtp://mail.example.org?tls=required"), mail(587, Security::StartTls));
        assert_eq!(parsed("smtps://u:p%40ss@mail.example.org"), mail(465, Security::Tls));
        assert_eq!(parsed("smtp://127.0.0.1:2525").1, 2525);
        assert_eq!(parsed("smtps://[::1]:2465").0, "::1");
        let credentials = Server::parse("smtps://u%40x:p%2Fss@mail.example.org").unwrap().credentials;
        assert_eq!(credentials, Some(Credentials::new("u@x".into(), "p/ss".into())));
    }

    #[test]
    fn a_wrong_url_is_explained_without_its_password() {
        let wrong = [
            "mail.example.org",
            "http://u:secret@mail.example.org",
            "smtp://u:secret@",
            "smtp://u:secret@x?tls=maybe",
            "smtps://u:secret@x?tls=none",
            "smtp://u:secret@x?tsl=required",
            "smtp://u:secret@x:99999",
        ];
        for url in wrong {
            let message = Server::parse(url).err().expect(url).to_string();
            assert!(message.starts_with("mail url: ") && !message.contains("secret"), "{message}");
        }
    }

    #[tokio::test]
    async fn without_a_url_mails_become_files() {
        let dir = tempfile::tempdir().unwrap();
        let transport = Transport::Folder(dir.path().join("mails"));
        let ann = MailAddress::new("ann@example.org").unwrap();
        for key in ["job1-0", "job1-0", "../job2"] {
            transport.send(key, &ann, &ann, b"bytes").await.unwrap();
        }
        let entries = fs::read_dir(dir.path().join("mails")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["_._job2.eml", "job1-0.eml"]);
        assert_eq!(fs::read(dir.path().join("mails/job1-0.eml")).unwrap(), b"bytes");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_tried_again() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let transport = Transport::Folder(file.path().join("below a file"));
        let ann = MailAddress::new("ann@example.org").unwrap();
        let error = transport.send("k", &ann, &ann, b"").await.expect_err("not a directory");
        assert!(matches!(error, SendError::Temporary(_)), "{error}");
    }
}
