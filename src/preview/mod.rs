//! What is behind a link, for a preview: its title, its description, its picture.
//!
//! Users choose the links, so nothing that only this machine can reach is ever asked, whatever a
//! name resolves to and wherever a page redirects; what is fetched is bounded in size and time.

mod page;
mod rules;

use std::path::Path;
use std::time::Duration;

use outbound::hyper::header::{
    ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, LOCATION, USER_AGENT,
};
use outbound::hyper::{Request, StatusCode};
use outbound::{Answer, Connector, Target};
use serde_json::{Map, Value};
use tokio::time::timeout;
use url::Url;

pub use rules::Rules;

/// So many redirects are followed.
const MOST_REDIRECTS: usize = 5;
/// So much of a page is read.
const LARGEST_PAGE: usize = 250_000;
/// How long a connection may stand still.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it takes at most, redirects and all.
const LONGEST: Duration = Duration::from_secs(10);
/// What is kept of a header.
const LONGEST_HEADER: usize = 200;

/// What is behind a link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// What a page says about itself: `ogTitle`, `description`, `pageTitle` …
    pub meta: Map<String, Value>,
    /// The media type.
    pub content_type: String,
    /// The size, if the server told it.
    pub content_length: Option<String>,
}

/// Why there is no preview.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Not a link into the web.
    #[error("the link {0}")]
    NotWeb(#[from] outbound::NotWeb),
    /// Hosts and ports that the administrator does not allow.
    #[error("its host or port is not allowed")]
    NotAllowed,
    /// No answer, or an address that is not of the public internet.
    #[error(transparent)]
    NoAnswer(#[from] outbound::Error),
    /// Not status 200.
    #[error("the answer has status {0}")]
    Status(StatusCode),
    /// It went on and on.
    #[error("it redirects too often, or to nowhere")]
    Redirects,
    /// It took too long.
    #[error("it took too long")]
    Late,
}

/// Fetches what is behind links.
pub struct Fetcher {
    connector: Connector,
}

impl Fetcher {
    /// Fetches from the public internet only.
    pub fn new() -> Result<Self, String> {
        Ok(Self { connector: Connector::new(Path::new(""), false, PATIENCE)? })
    }

    /// Fetches from anywhere, this machine too: for tests.
    pub fn from_anywhere() -> Result<Self, String> {
        Ok(Self { connector: Connector::new(Path::new(""), true, PATIENCE)? })
    }

    /// Fetches what is behind a link.
    pub async fn fetch(&self, link: &str, rules: &Rules) -> Result<Preview, Failure> {
        timeout(LONGEST, self.follow(link, rules)).await.unwrap_or(Err(Failure::Late))
    }

    async fn follow(&self, link: &str, rules: &Rules) -> Result<Preview, Failure> {
        let mut link = link.to_owned();
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.ask(&link, rules).await?;
            if answer.status == StatusCode::OK {
                return Ok(preview(&link, &answer));
            }
            if !answer.status.is_redirection() {
                return Err(Failure::Status(answer.status));
            }
            let next = answer.headers.get(LOCATION).and_then(|next| next.to_str().ok());
            let next = next.and_then(|next| Url::parse(&link).ok()?.join(next).ok());
            link = next.ok_or(Failure::Redirects)?.into();
        }
        Err(Failure::Redirects)
    }

    /// One request. Every hop is looked at as if it were the first.
    async fn ask(&self, link: &str, rules: &Rules) -> Result<Answer, Failure> {
        let target = Target::parse(link)?;
        if !rules.allow(&target.host, target.port) {
            return Err(Failure::NotAllowed);
        }
        let request = Request::get(target.path.as_str())
            .header(HOST, &target.authority)
            .header(USER_AGENT, concat!("roomscribe/", env!("CARGO_PKG_VERSION")))
            .header(ACCEPT, "text/html, */*;q=0.1")
            .body(String::new())
            .expect("a path and plain headers make a request");
        let allows = |address| rules.allow_address(address);
        Ok(self.connector.exchange_where(&target, request, LARGEST_PAGE, &allows).await?)
    }
}

fn preview(link: &str, answer: &Answer) -> Preview {
    let content_type = header(&answer.headers, &CONTENT_TYPE).unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_page = kind == "text/html" || kind == "application/xhtml+xml";
    let meta = if is_page { page::meta(link, &content_type, &answer.body) } else { Map::new() };
    Preview { meta, content_length: header(&answer.headers, &CONTENT_LENGTH), content_type }
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    Some(text.chars().take(LONGEST_HEADER).collect())
}
