//! A file as an answer: streamed from the disk, whole or a range of it.
//!
//! Nothing that is given out here may run in a browser as part of this site: what it could
//! interpret is always an attachment, and the policy forbids the rest.

use std::io::SeekFrom;
use std::path::Path;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;
use warp::Reply as _;
use warp::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH, LAST_MODIFIED,
    RANGE, X_CONTENT_TYPE_OPTIONS,
};
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use crate::api::reply::Reply;
use crate::app::App;
use crate::domain::Time;
use crate::error::Error;

/// Bytes read from the disk at a time.
const BLOCK: usize = 64 * 1024;

/// Whether a browser may show a file itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// It may, if the type is a harmless one.
    Inline,
    /// It saves the file.
    Attachment,
    /// It saves the file, and so do programs that know no `filename*`.
    Download,
}

/// What is said about a file besides its bytes.
#[derive(Debug, Clone)]
pub struct FileAnswer {
    /// The media type.
    pub media_type: String,
    /// Shown or saved.
    pub disposition: Disposition,
    /// The name a person sees. May be hostile.
    pub name: String,
    /// When the file came to be.
    pub modified: Time,
    /// Changes with the bytes; without quotation marks.
    pub etag: String,
    /// The value of `Cache-Control`.
    pub cache: String,
}

/// Answers with the bytes of that hash, or the range of them that is asked for, if they are what
/// they were.
pub async fn blob(app: &Arc<App>, sha256: [u8; 32], answer: FileAnswer, headers: &HeaderMap) -> Response {
    let worker = Arc::clone(app);
    let whole = tokio::task::spawn_blocking(move || worker.store.blobs().whole(&sha256)).await;
    match whole.map_err(Error::internal).and_then(|whole| Ok(whole?)) {
        Ok(path) => stream(&path, answer, headers).await,
        Err(error) => crate::web::small(Reply::failure(&error)),
    }
}

/// Answers with a file, or the range of it that is asked for.
pub async fn stream(path: &Path, answer: FileAnswer, headers: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", answer.etag);
    let mut response = if is_known(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        match open(path, headers).await {
            Ok(response) => response,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return StatusCode::NOT_FOUND.into_response();
            }
            Err(error) => return crate::web::small(Reply::failure(&Error::internal(error))),
        }
    };
    let name = encoded(&answer.name);
    let disposition = match answer.disposition {
        Disposition::Inline if is_harmless(&answer.media_type) => "inline".to_owned(),
        Disposition::Inline | Disposition::Attachment => "attachment".to_owned(),
        Disposition::Download => format!("attachment; filename=\"{name}\""),
    };
    let values = [
        (CONTENT_TYPE, answer.media_type),
        (CONTENT_DISPOSITION, format!("{disposition}; filename*=UTF-8''{name}")),
        (LAST_MODIFIED, http_date(answer.modified)),
        (ETAG, etag),
        (CACHE_CONTROL, answer.cache),
        (ACCEPT_RANGES, "bytes".to_owned()),
        (CONTENT_SECURITY_POLICY, "default-src 'none'".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    for (name, value) in values {
        put(&mut response, name, &value);
    }
    response
}

/// Whether an answer to these headers holds bytes of a file: all of them or some.
pub fn gives_bytes(headers: &HeaderMap, etag: &str, size: u64) -> bool {
    !is_known(headers, &format!("\"{etag}\"")) && asked(headers, size) != Range::Outside
}

fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    known.split(',').any(|known| known.trim() == etag)
}

fn asked(headers: &HeaderMap, size: u64) -> Range {
    let asked = headers.get(RANGE).and_then(|value| value.to_str().ok());
    asked.map_or(Range::Whole, |asked| range(asked, size))
}

fn put(response: &mut Response, name: HeaderName, value: &str) {
    // What is no header value was hostile; a browser does without it.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

async fn open(path: &Path, headers: &HeaderMap) -> std::io::Result<Response> {
    let mut file = File::open(path).await?;
    let size = file.metadata().await?.len();
    let (status, first, length) = match asked(headers, size) {
        Range::Whole => (StatusCode::OK, 0, size),
        Range::Part { first, last } => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Range::Outside => {
            let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            put(&mut response, CONTENT_RANGE, &format!("bytes */{size}"));
            return Ok(response);
        }
    };
    if first > 0 {
        file.seek(SeekFrom::Start(first)).await?;
    }
    let bytes = ReaderStream::with_capacity(file.take(length), BLOCK);
    let mut response = warp::reply::stream(bytes).into_response();
    *response.status_mut() = status;
    if status == StatusCode::PARTIAL_CONTENT {
        put(&mut response, CONTENT_RANGE, &format!("bytes {first}-{}/{size}", first + length - 1));
    }
    put(&mut response, CONTENT_LENGTH, &length.to_string());
    Ok(response)
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    Whole,
    Part { first: u64, last: u64 },
    Outside,
}

/// Reads `bytes=a-b`, `bytes=a-`, `bytes=-n`. What is anything else asks for the whole file.
fn range(asked: &str, size: u64) -> Range {
    let Some((first, last)) = asked.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Range::Whole;
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (first, last) = match (first.trim().is_empty(), last.trim().is_empty()) {
        (false, false) => (number(first), number(last)),
        (false, true) => (number(first), Some(u64::MAX)),
        (true, false) => match number(last) {
            Some(0) => return Range::Outside,
            Some(length) => (Some(size.saturating_sub(length)), Some(u64::MAX)),
            None => return Range::Whole,
        },
        (true, true) => return Range::Whole,
    };
    match (first, last) {
        (Some(first), Some(last)) if first > last => Range::Whole,
        (Some(first), Some(_)) if first >= size => Range::Outside,
        (Some(first), Some(last)) => Range::Part { first, last: last.min(size - 1) },
        _ => Range::Whole,
    }
}

/// Types that a browser shows without running anything.
fn is_harmless(media_type: &str) -> bool {
    let family = media_type.split('/').next().unwrap_or_default();
    match family {
        "image" => !media_type.contains("svg") && !media_type.contains("xml"),
        "audio" | "video" => true,
        _ => matches!(media_type, "text/plain" | "application/pdf"),
    }
}

/// A name for `filename*`.
fn encoded(name: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(name, KEPT).to_string()
}

/// `Fri, 15 Mar 2024 10:20:30 GMT`.
pub fn http_date(time: Time) -> String {
    let utc = time.to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
    utc.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let part = |first, last| Range::Part { first, last };
        assert_eq!(range("bytes=0-0", 10), part(0, 0));
        assert_eq!(range("bytes=2-", 10), part(2, 9));
        assert_eq!(range("bytes=5-999", 10), part(5, 9));
        assert_eq!(range("bytes=-3", 10), part(7, 9));
        assert_eq!(range("bytes=-30", 10), part(0, 9));
        assert_eq!(range("bytes=10-", 10), Range::Outside);
        assert_eq!(range("bytes=-0", 10), Range::Outside);
        assert_eq!(range("bytes=0-", 0), Range::Outside);
        for whole in
            ["bytes=5-2", "bytes=0-1,3-4", "lines=1-2", "bytes=-", "bytes=a-b", "bytes=99999999999999999999-"]
        {
            assert_eq!(range(whole, 10), Range::Whole, "{whole}");
        }
    }

    #[test]
    fn only_what_cannot_run_is_shown() {
        for harmless in ["image/png", "audio/wav", "video/mp4", "text/plain", "application/pdf"] {
            assert!(is_harmless(harmless), "{harmless}");
        }
        for risky in
            ["image/svg+xml", "text/html", "text/xml", "text/javascript", "application/xhtml+xml", ""]
        {
            assert!(!is_harmless(risky), "{risky}");
        }
    }

    #[test]
    fn dates_and_names_fit_into_headers() {
        assert_eq!(http_date(Time::from_millis(1_710_498_030_123)), "Fri, 15 Mar 2024 10:20:30 GMT");
        assert_eq!(encoded("a b\r\n\"é.png"), "a%20b%0D%0A%22%C3%A9.png");
    }
}
