//! What a receiver gets, and what its answer does.

use export_sdk::{ErrorKind, Packaging};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::receiver::{Received, Receiver};
use crate::{LOCAL, Server, local};

/// HMAC-SHA-256 of a short key, as RFC 2104 writes it.
fn hmac(key: &[u8], text: &[u8]) -> String {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::digest([&block.map(|byte| byte ^ 0x36)[..], text].concat());
    hex::encode(Sha256::digest([&block.map(|byte| byte ^ 0x5c)[..], &inner].concat()))
}

fn assert_signed(request: &Received) {
    let digest = hex::encode(Sha256::digest(&request.body));
    assert_eq!(request.header("x-roomscribe-content-sha256"), digest);
    let time = request.header("x-roomscribe-timestamp");
    let text = format!("v1:{time}:{}:{digest}", request.header("idempotency-key"));
    let expected = format!("v1={}", hmac(b"hush", text.as_bytes()));
    assert_eq!(request.header("x-roomscribe-signature"), expected);
}

fn names(request: &Received) -> Vec<&str> {
    let mut names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}

const NAMES: [&str; 11] = [
    "content-disposition",
    "content-length",
    "content-type",
    "host",
    "idempotency-key",
    "user-agent",
    "x-roomscribe-attempt",
    "x-roomscribe-content-sha256",
    "x-roomscribe-export",
    "x-roomscribe-signature",
    "x-roomscribe-timestamp",
];

#[tokio::test]
async fn the_packed_export_is_posted_with_a_signature() {
    let bytes: Vec<u8> = (0..5_000_000_u32).map(|n| n.to_le_bytes()[usize::from(n % 3 == 0)]).collect();
    let mut receiver = Receiver::start(&["201 Created"]).await;
    let server = Server::with(LOCAL, &bytes);
    let receipt = server.post_to(receiver.port).await.unwrap();
    assert_eq!((receipt.note.as_str(), receipt.file), ("posted to 127.0.0.1: 201", None));
    let request = receiver.next().await;
    assert_eq!(request.line, "POST /hook?room=1 HTTP/1.1");
    assert!(request.body == bytes, "{} bytes, or others", request.body.len());
    assert_eq!(names(&request), NAMES);
    assert_eq!(request.header("content-length"), "5000000");
    assert_eq!(request.header("content-type"), "application/zip");
    assert_eq!(request.header("host"), format!("127.0.0.1:{}", receiver.port));
    assert_eq!(request.header("user-agent"), format!("roomscribe/{}", env!("CARGO_PKG_VERSION")));
    assert_eq!(request.header("idempotency-key"), "Key1");
    assert_eq!(request.header("x-roomscribe-export"), "Job1");
    assert_eq!(request.header("x-roomscribe-attempt"), "1");
    let name = "attachment; filename=\"general-Job1.zip\"; filename*=UTF-8''general-Job1.zip";
    assert_eq!(request.header("content-disposition"), name);
    assert_signed(&request);
    let webhook = server.registry.delivery("webhook").unwrap();
    let packaging = webhook.packaging(&json!({"url": "https://hooks.example.org"}), &["mail".to_owned()]);
    assert_eq!(packaging.unwrap(), Packaging::SingleFile);
}

#[tokio::test]
async fn a_notice_tells_of_the_export_and_is_signed_itself() {
    let mut receiver = Receiver::start(&["204 No Content"]).await;
    let mut server = Server::new(LOCAL);
    server.export.room = "a\r\nX-Evil: 1".into();
    let options = json!({"url": local(receiver.port), "content": "notice"});
    assert_eq!(server.deliver(options).await.unwrap().note, "posted to 127.0.0.1: 204");
    let request = receiver.next().await;
    let zip = hex::encode(Sha256::digest(b"zip bytes"));
    let expected = json!({"job": "Job1", "room": "a\r\nX-Evil: 1", "messages": 3, "size": 9, "sha256": zip});
    assert_eq!(serde_json::from_slice::<Value>(&request.body).unwrap(), expected);
    assert_eq!(names(&request), NAMES[1..]);
    assert_eq!(request.header("content-type"), "application/json");
    assert_signed(&request);
}

#[tokio::test]
async fn every_attempt_has_the_same_key_and_its_own_number() {
    let mut receiver = Receiver::start(&["503 Busy", "200 OK"]).await;
    let server = Server::new(LOCAL);
    let options = json!({"url": local(receiver.port)});
    assert_eq!(server.attempt(1, options.clone()).await.expect_err("busy").kind(), ErrorKind::Unavailable);
    server.attempt(2, options).await.unwrap();
    for number in ["1", "2"] {
        let request = receiver.next().await;
        assert_eq!(request.header("x-roomscribe-attempt"), number);
        assert_eq!(request.header("idempotency-key"), "Key1");
        assert_signed(&request);
    }
}

#[tokio::test]
async fn a_hostile_room_name_adds_no_header() {
    let mut receiver = Receiver::start(&["200 OK"]).await;
    let mut server = Server::new(LOCAL);
    server.export.room = "é\"\r\nX-Evil: 1\r\n\r\n;".into();
    server.post_to(receiver.port).await.unwrap();
    let request = receiver.next().await;
    assert_eq!(names(&request), NAMES);
    let name = request.header("content-disposition");
    assert!(name.is_ascii() && name.contains("%C3%A9") && name.ends_with("%3B-Job1.zip"), "{name}");
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_what_will_not_is_not() {
    let statuses = [
        (408, ErrorKind::Unavailable),
        (425, ErrorKind::Unavailable),
        (429, ErrorKind::Unavailable),
        (500, ErrorKind::Unavailable),
        (503, ErrorKind::Unavailable),
        (599, ErrorKind::Unavailable),
        (300, ErrorKind::Rejected),
        (304, ErrorKind::Rejected),
        (400, ErrorKind::Rejected),
        (401, ErrorKind::Rejected),
        (404, ErrorKind::Rejected),
        (413, ErrorKind::Rejected),
        (600, ErrorKind::Rejected),
    ];
    let server = Server::new(LOCAL);
    for (status, kind) in statuses {
        let receiver = Receiver::start(&[&format!("{status} whisper")]).await;
        let error = server.post_to(receiver.port).await.expect_err("not 2xx");
        assert_eq!(error.kind(), kind, "{status}");
        let message = error.to_string();
        assert!(message.starts_with(&format!("127.0.0.1 answered {status}")), "{message}");
        assert!(!message.contains("whisper"), "{message}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let mut elsewhere = Receiver::start(&["200 OK"]).await;
    let server = Server::new(LOCAL);
    for status in [301, 302, 303, 307, 308] {
        let answer = format!("{status} Moved\r\nLocation: {}", local(elsewhere.port));
        let receiver = Receiver::start(&[&answer]).await;
        let error = server.post_to(receiver.port).await.expect_err("a redirect");
        assert_eq!(error.kind(), ErrorKind::Rejected, "{status}");
        let message = error.to_string();
        assert!(message.contains("redirects are not followed"), "{message}");
        assert!(!message.contains(&elsewhere.port.to_string()), "{message}");
    }
    assert!(elsewhere.is_silent());
}
