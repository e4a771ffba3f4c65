//! Files on their way in: what becomes of good ones, and that hostile ones come to nothing.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use roomscribe::api::Api;
use roomscribe::api::request::Incoming;
use roomscribe::domain::time::DAY;
use roomscribe::domain::{RoomId, RoomKind, UploadId};
use roomscribe::service::{settings, uploads};
use serde_json::{Value, json};

use crate::support::{Caller, TestServer};

/// The files on disk: finished ones, and ones still arriving.
fn files(server: &TestServer) -> (usize, usize) {
    let count = |name: &str| {
        let mut waiting = vec![server.directory().join(name)];
        let mut files = 0;
        while let Some(directory) = waiting.pop() {
            for entry in std::fs::read_dir(directory).expect("a directory") {
                let path = entry.expect("an entry").path();
                if path.is_dir() { waiting.push(path) } else { files += 1 }
            }
        }
        files
    };
    (count("uploads"), count("arriving"))
}

fn upload(room: &RoomId) -> String {
    format!("rooms.upload/{room}")
}

#[test]
fn a_file_becomes_a_message_that_shows_it() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "secret", &["bob", "al"]);
    let bob = server.as_user("bob");
    let fields = [("msg", "look, @al"), ("description", "a cat"), ("tmid", ""), ("unknown", "x")];
    let answer = bob.send_file(&upload(&room), ("cat é?.png", "image/png", b"bytes"), &fields);
    let message = &answer.ok()["message"];
    let id = message["file"]["_id"].as_str().unwrap();
    let url = format!("/file-upload/{id}/cat%20%C3%A9%3F.png");
    assert_eq!(message["file"], json!({"_id": id, "name": "cat é?.png", "type": "image/png"}));
    let full = json!([{"_id": id, "name": "cat é?.png", "type": "image/png", "size": 5, "format": "png"}]);
    assert_eq!(message["files"], full);
    assert_eq!(
        message["attachments"],
        json!([{
            "title": "cat é?.png", "type": "file", "title_link": url, "title_link_download": true, "description": "a cat",
            "image_url": url, "image_type": "image/png", "image_size": 5,
        }])
    );
    assert_eq!((&message["msg"], &message["groupable"]), (&json!("look, @al"), &json!(false)));
    assert_eq!(message["mentions"][0]["username"], "al");
    let kept = server.app.store.upload(&UploadId::new(id)).unwrap().unwrap();
    assert_eq!((kept.size, kept.confirmed, kept.description.as_str()), (5, true, "a cat"));
    assert_eq!(files(&server), (1, 0));
    // Editing changes the description; deleting takes the file along.
    let msg_id = message["_id"].as_str().unwrap();
    let edit = json!({"roomId": room.as_str(), "msgId": msg_id, "text": "a dog"});
    let edited = bob.post("chat.update", edit).ok()["message"].clone();
    assert_eq!(
        (&edited["attachments"][0]["description"], &edited["msg"]),
        (&json!("a dog"), &json!("look, @al"))
    );
    bob.post("chat.delete", json!({"roomId": room.as_str(), "msgId": msg_id})).ok();
    assert!(server.app.store.upload(&UploadId::new(id)).unwrap().is_none());
    assert_eq!(files(&server), (0, 0));
}

#[test]
fn equal_files_are_kept_once_and_go_with_the_last() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    let big: Vec<u8> = (0..3_000_000u32).map(|number| (number % 251) as u8).collect();
    let ids: Vec<String> = ["a.bin", "b.drawio"]
        .iter()
        .map(|name| {
            let answer = bob.send_file(&upload(&room), (name, "application/octet-stream", &big), &[]);
            let message = answer.ok()["message"].clone();
            let format = name.rsplit_once('.').unwrap().1.to_uppercase();
            assert_eq!(
                (&message["attachments"][0]["format"], &message["attachments"][0]["size"]),
                (&json!(format), &json!(3_000_000))
            );
            message["_id"].as_str().unwrap().to_owned()
        })
        .collect();
    for (id, left) in ids.iter().zip([1, 0]) {
        bob.post("chat.delete", json!({"roomId": room.as_str(), "msgId": id})).ok();
        assert_eq!(files(&server), (left, 0));
    }
}

#[test]
fn a_file_is_sent_in_two_steps_or_expires() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let media = |name: &str| {
        let answer =
            bob.send_file(&format!("rooms.media/{room}"), (name, "text/plain", name.as_bytes()), &[]);
        let file = answer.ok()["file"].clone();
        let id = file["_id"].as_str().unwrap().to_owned();
        assert_eq!(
            answer.ok(),
            &json!({"file": {"_id": id, "url": format!("/file-upload/{id}/{name}")}, "success": true})
        );
        id
    };
    let (one, two) = (media("one.txt"), media("two.txt"));
    let confirm = |caller: &Caller<'_>, id: &str, body: Value| {
        caller.post(&format!("rooms.mediaConfirm/{room}/{id}"), body)
    };
    assert_eq!(server.app.store.activity(&room).unwrap().messages, 0);
    assert_eq!(confirm(&al, &one, json!({})).refusal(), "[invalid-file]", "it is not his");
    assert_eq!(confirm(&bob, &one, json!({"x": 1})).refusal(), "Match error: Unknown key in field x");
    let other = server.room(RoomKind::Channel, "other", &["bob"]);
    let elsewhere = bob.post(&format!("rooms.mediaConfirm/{other}/{one}"), json!({}));
    assert_eq!(elsewhere.refusal(), "[invalid-file]", "it was for another room");
    let body = json!({"msg": "here", "fileName": "n\u{1}e\r\nw.txt", "description": "d"});
    let message = confirm(&bob, &one, body).ok()["message"].clone();
    assert_eq!(
        (&message["file"]["name"], &message["attachments"][0]["description"]),
        (&json!("new.txt"), &json!("d"))
    );
    assert_eq!(confirm(&bob, &one, json!({})).refusal(), "[invalid-file]", "once is enough");
    server.clock.advance(DAY - 1);
    assert_eq!(uploads::expire(&server.app).unwrap(), 0);
    server.clock.advance(1);
    assert_eq!(uploads::expire(&server.app).unwrap(), 1);
    assert!(server.app.store.upload(&UploadId::new(two)).unwrap().is_none());
    assert!(server.app.store.upload(&UploadId::new(one)).unwrap().is_some());
    assert_eq!(files(&server), (1, 0));
}

#[test]
fn forms_that_are_not_as_they_should_be_leave_nothing_behind() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    let file = |field: &str, bytes: &str| {
        format!("Content-Disposition: form-data; name=\"{field}\"; filename=\"a.txt\"\r\n\r\n{bytes}")
            .into_bytes()
    };
    let form = |parts: &[Vec<u8>]| bob.send_form(&upload(&room), parts).refusal().to_owned();
    assert_eq!(form(&[file("other", "x")]), "[invalid-field]");
    assert_eq!(form(&[file("file", "x"), file("file", "y")]), "Just 1 file is allowed");
    assert_eq!(
        form(&[b"Content-Disposition: form-data; name=\"msg\"\r\n\r\nhi".to_vec()]),
        "[No file uploaded]"
    );
    assert_eq!(
        form(&[b"Content-Disposition: form-data; name=\"file\"\r\n\r\nhi".to_vec()]),
        "[No file uploaded]"
    );
    assert_eq!(form(&[b"no head at all".to_vec(), vec![0xff; 70_000]]), "incomplete multipart stream");
    let field =
        format!("Content-Disposition: form-data; name=\"msg\"\r\n\r\n{}", "x".repeat(70_000)).into_bytes();
    assert_eq!(form(&[file("file", "x"), field.clone()]), "A field of the form is too long.");
    let many: Vec<_> =
        (0..40).map(|_| b"Content-Disposition: form-data; name=\"a\"\r\n\r\n".to_vec()).collect();
    assert_eq!(form(&many), "The form has too many fields.");
    let headers = [("content-type", "multipart/form-data; boundary=limit")];
    let cut = b"--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nhalf of i";
    let cut = bob.raw("POST", &format!("/api/v1/{}", upload(&room)), &headers, cut.to_vec());
    assert_eq!(
        (cut.status(), &cut.body()["error"]),
        (400, &json!("field \"file\" received with incomplete data"))
    );
    assert_eq!(
        bob.post(&upload(&room), json!({"file": "x"})).refusal(),
        "Content-Type is not multipart/form-data"
    );
    let fields = form(&[
        file("file", "x"),
        b"Content-Disposition: form-data; name=\"customFields\"\r\n\r\n{}".to_vec(),
    ]);
    assert_eq!(fields, "Custom fields not enabled", "a refusal after the bytes have arrived");
    settings::set(&server.app, "FileUpload_MaxFileSize", &json!(1000)).unwrap();
    assert_eq!(form(&[file("file", &"x".repeat(1001))]), "[error-file-too-large]");
    bob.send_form(&upload(&room), &[file("file", &"x".repeat(1000))]).ok();
    assert_eq!(files(&server), (1, 0));
    assert_eq!(server.app.store.activity(&room).unwrap().messages, 1);
}

#[test]
fn names_and_types_are_taken_with_care() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    let send = |name: &str, kind: &str| bob.send_file(&upload(&room), (name, kind, b"x"), &[]);
    for name in ["../../etc/passwd", "..", "C:\\x.txt", "a\u{85}b.txt", "<img src=x>.html"] {
        let message = send(name, "text/plain").ok()["message"].clone();
        let shown = message["file"]["name"].as_str().unwrap();
        let controls = |c: &char| !c.is_control();
        assert_eq!(shown, name.chars().filter(controls).collect::<String>());
        let link = message["attachments"][0]["title_link"].as_str().unwrap();
        let (id, last) = link.strip_prefix("/file-upload/").unwrap().split_once('/').unwrap();
        assert_eq!(message["file"]["_id"], id);
        assert!(!last.contains(['/', '\\', '<', '"']) && last != "..", "{link}");
        assert_eq!(bob.raw("GET", link, &[], "").bytes(), b"x");
    }
    assert_eq!(files(&server), (1, 0), "whatever the names, one file under its hash");
    assert_eq!(
        send("x.svg", "image/svg+xml").refusal(),
        "File type is not accepted. [error-invalid-file-type]"
    );
    assert_eq!(send("x.svg", "").refusal(), "File type is not accepted. [error-invalid-file-type]");
    settings::set(&server.app, "FileUpload_MediaTypeWhiteList", &json!("image/*, text/csv")).unwrap();
    send("x.png", "").ok();
    send("x.csv", "").ok();
    assert_eq!(send("x.txt", "").refusal(), "File type is not accepted. [error-invalid-file-type]");
    settings::set(&server.app, "FileUpload_Enabled", &json!(false)).unwrap();
    assert_eq!(send("x.png", "").refusal(), "File uploads are disabled. [error-file-upload-disabled]");
}

/// For bodies that come at once.
const LONG: Duration = Duration::from_secs(60);

/// Sends a body piece by piece past the routes.
fn stream_to(
    server: &TestServer,
    caller: &Caller<'_>,
    room: &RoomId,
    body: impl Stream<Item = Bytes> + Send + Sync + 'static,
    patience: Duration,
) -> (u16, Value) {
    let incoming = Incoming {
        head_only: false,
        method: "POST".to_owned(),
        path: upload(room),
        query: String::new(),
        user_id: Some(caller.id().to_owned()),
        token: Some(caller.token().to_owned()),
        proof: roomscribe::service::caller::Proof::default(),
        content_type: "multipart/form-data; boundary=limit".to_owned(),
        client: IpAddr::from([127, 0, 0, 1]),
        patience,
        body: Box::pin(body.map(Ok)),
    };
    let api = Arc::new(Api::new(2));
    let (_, reply) = server.runtime().block_on(api.dispatch(Arc::clone(&server.app), incoming));
    let status = reply.status().as_u16();
    (status, serde_json::from_slice(reply.into_response().body()).expect("JSON"))
}

#[test]
fn the_body_of_a_stranger_is_not_read() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "secret", &["bob"]);
    let untouched = || stream::poll_fn(|_| -> std::task::Poll<Option<Bytes>> { panic!("the body was read") });
    let unauthorized = (403, json!({"success": false, "error": "unauthorized"}));
    assert_eq!(stream_to(&server, &server.as_user("eve"), &room, untouched(), LONG), unauthorized);
    assert_eq!(stream_to(&server, &server.as_admin(), &room, untouched(), LONG), unauthorized);
    assert_eq!(
        stream_to(&server, &server.as_user("bob"), &RoomId::new("none"), untouched(), LONG),
        unauthorized
    );
    assert_eq!(stream_to(&server, &server.anonymous(), &room, untouched(), LONG).0, 401);
    settings::set(&server.app, "FileUpload_Enabled", &json!(false)).unwrap();
    assert_eq!(stream_to(&server, &server.as_user("bob"), &room, untouched(), LONG).0, 400);
}

#[test]
fn slow_and_endless_bodies_are_given_up() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    let head = "--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nsome";
    let begun = stream::iter([Bytes::from(head)]).chain(stream::pending());
    assert_eq!(stream_to(&server, &bob, &room, begun, Duration::from_millis(50)).0, 408);
    let junk = stream::repeat(Bytes::from_static(&[b'x'; 1000]));
    assert_eq!(stream_to(&server, &bob, &room, junk.clone(), LONG).0, 400, "no part ever begins");
    settings::set(&server.app, "FileUpload_MaxFileSize", &json!(1_000_000)).unwrap();
    let endless = stream::iter([Bytes::from(head)]).chain(junk);
    let (status, body) = stream_to(&server, &bob, &room, endless, LONG);
    assert_eq!((status, &body["error"]), (400, &json!("[error-file-too-large]")));
    assert_eq!(files(&server), (0, 0));
}

#[test]
fn an_encrypted_file_is_bytes_to_the_server() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "secret", &["bob"]);
    let bob = server.as_user("bob");
    let send = |content: &str| {
        bob.send_file(&format!("rooms.media/{room}"), ("a.png", "image/png", b"x"), &[("content", content)])
    };
    let set = |id: &str, value: Value| settings::set(&server.app, id, &value).expect("a setting");
    let encrypted = r#"{"algorithm":"rc.v1.aes-sha2","ciphertext":"x"}"#;
    set("FileUpload_MediaTypeWhiteList", json!("image/*"));
    let id = send(encrypted).ok()["file"]["_id"].as_str().unwrap().to_owned();
    let confirmed = bob.post(&format!("rooms.mediaConfirm/{room}/{id}"), json!({}));
    let file = json!({"_id": id, "name": "a.png", "type": "application/octet-stream"});
    assert_eq!(confirmed.ok()["message"]["file"], file);
    assert_eq!(send("{").refusal(), "[invalid-field-content]");
    set("FileUpload_MediaTypeBlackList", json!("application/octet-stream"));
    assert_eq!(send(encrypted).refusal(), "File type is not accepted. [error-invalid-file-type]");
    set("FileUpload_MediaTypeBlackList", json!(""));
    set("E2E_Enable_Encrypt_Files", json!(false));
    assert_eq!(send(encrypted).refusal(), "Encrypted file not allowed [error-invalid-file-type]");
    send(r#"{"algorithm":"other"}"#).ok();
}
