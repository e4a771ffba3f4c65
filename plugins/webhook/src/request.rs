//! The request: its headers, its signature and its body.

use std::time::{SystemTime, UNIX_EPOCH};

use export_sdk::{Artifact, Attempt, Error, ErrorKind, Export, Result, safe_file_name};
use hmac::{Hmac, Mac};
use hyper::Request;
use hyper::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::content::Content;
use crate::options::{Kind, WebhookOptions};
use crate::settings::Secret;

/// What RFC 8187 lets stand in a file name.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');
/// Characters of the room's name in a file name: so few that what tells exports apart is not cut off.
const ROOM_CHARACTERS: usize = 40;

/// What is posted instead of the export, if that is asked for.
#[derive(Serialize)]
struct Notice<'a> {
    job: &'a str,
    room: &'a str,
    messages: u64,
    size: u64,
    sha256: String,
}

/// Makes the request for one try.
pub(crate) async fn request(
    options: &WebhookOptions,
    export: &Export,
    attempt: &Attempt<'_>,
    secret: &Secret,
) -> Result<Request<Content>> {
    let [artifact] = export.artifacts.as_slice() else {
        let message = format!("one file was expected to deliver, not {}", export.artifacts.len());
        return Err(Error::new(ErrorKind::Internal, message));
    };
    let (content, media_type, digest) = match options.content {
        Kind::File => {
            let content = Content::file(&artifact.file, artifact.size).await?;
            (content, artifact.media_type.as_str(), artifact.sha256)
        }
        Kind::Notice => {
            let notice = serde_json::to_vec(&Notice {
                job: &export.job,
                room: &export.room,
                messages: export.messages,
                size: artifact.size,
                sha256: hex::encode(artifact.sha256),
            })?;
            let digest = Sha256::digest(&notice).into();
            (Content::text(notice), "application/json", digest)
        }
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let digest = hex::encode(digest);
    let mut request = Request::post(options.target.path.as_str())
        .header(HOST, &options.target.authority)
        .header(USER_AGENT, concat!("roomscribe/", env!("CARGO_PKG_VERSION")))
        // Left to itself, the client says nothing about an empty body, and receivers ask for more.
        .header(CONTENT_LENGTH, content.left())
        .header(CONTENT_TYPE, value(media_type)?)
        .header("idempotency-key", value(attempt.key)?)
        .header("x-roomscribe-export", value(&export.job)?)
        .header("x-roomscribe-attempt", attempt.number)
        .header("x-roomscribe-timestamp", now)
        .header("x-roomscribe-signature", value(&signature(secret, now, attempt.key, &digest))?)
        .header("x-roomscribe-content-sha256", value(&digest)?);
    if options.content == Kind::File {
        request = request.header(CONTENT_DISPOSITION, value(&disposition(export, artifact))?);
    }
    request.body(content).map_err(|error| internal().because(error))
}

/// A header's value; a line break is an error and not the next header.
fn value(text: &str) -> Result<HeaderValue> {
    text.parse().map_err(|error: hyper::header::InvalidHeaderValue| internal().because(error))
}

fn internal() -> Error {
    Error::new(ErrorKind::Internal, "the request could not be made")
}

/// `v1=` and the HMAC of when, which export, and what.
fn signature(secret: &Secret, timestamp: u64, key: &str, digest: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("v1:{timestamp}:{key}:{digest}").as_bytes());
    format!("v1={}", hex::encode(mac.finalize().into_bytes()))
}

/// The file's name, for people; in ASCII for receivers that know no other.
fn disposition(export: &Export, artifact: &Artifact) -> String {
    let extension = artifact.path.as_str().rsplit_once('.').map_or("zip", |(_, extension)| extension);
    let room: String = export.room.chars().take(ROOM_CHARACTERS).collect();
    let name = safe_file_name(&format!("{room}-{}.{extension}", export.job));
    let plain: String = name.chars().map(|c| if c.is_ascii() && c != '%' { c } else { '_' }).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(&name, PLAIN))
}

#[cfg(test)]
mod tests {
    use export_sdk::ArtifactPath;
    use export_sdk::conformance::{HOSTILE_NAMES, HOSTILE_TEXTS};
    use percent_encoding::percent_decode_str;

    use super::*;

    fn artifact() -> Artifact {
        Artifact {
            path: ArtifactPath::new("job.zip").unwrap(),
            media_type: "application/zip".into(),
            size: 0,
            sha256: [0; 32],
            file: "job.zip".into(),
        }
    }

    #[test]
    fn no_name_of_a_room_leaves_its_header() {
        for room in HOSTILE_TEXTS.iter().chain(HOSTILE_NAMES) {
            let text = disposition(&Export::new("job", *room, 0), &artifact());
            value(&text).expect("a header's value");
            let (plain, encoded) = text.split_once("\"; filename*=UTF-8''").expect("both names");
            let plain = plain.strip_prefix("attachment; filename=\"").expect("an attachment");
            assert!(!plain.contains(['"', '\\', '%']) && plain.is_ascii(), "{text}");
            assert!(
                encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&+-.^_`|~%".contains(&b)),
                "{text}"
            );
            let name = percent_decode_str(encoded).decode_utf8().expect("UTF-8");
            assert_eq!(safe_file_name(&name), name);
            assert!(name.ends_with("-job.zip"), "{name}");
        }
        let text = disposition(&Export::new("job", "Zoë's <b>", 0), &artifact());
        let expected =
            "attachment; filename=\"Zo_'s _b_-job.zip\"; filename*=UTF-8''Zo%C3%AB%27s%20_b_-job.zip";
        assert_eq!(text, expected);
    }
}
