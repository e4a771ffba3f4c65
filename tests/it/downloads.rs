//! Files on their way out: who gets them, and as what.

use roomscribe::domain::{RoomId, RoomKind};
use roomscribe::service::settings;
use serde_json::{Value, json};

use crate::support::{Caller, TestServer};

/// Sends a file and answers the path where it is to be had.
fn send(caller: &Caller<'_>, room: &RoomId, name: &str, kind: &str, bytes: &[u8]) -> String {
    let answer = caller.send_file(&format!("rooms.upload/{room}"), (name, kind, bytes), &[]);
    answer.ok()["message"]["attachments"][0]["title_link"].as_str().expect("a link").to_owned()
}

fn set(server: &TestServer, id: &str, value: Value) {
    settings::set(&server.app, id, &value).expect("a known setting");
}

#[test]
fn members_get_the_bytes_and_strangers_an_empty_refusal() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    let (bob, al, eve) = (server.as_user("bob"), server.as_user("al"), server.as_user("eve"));
    let path = send(&bob, &room, "a é'.txt", "text/plain", b"0123456789");
    let got = al.raw("GET", &path, &[], "");
    assert_eq!((got.status(), got.bytes()), (200, &b"0123456789"[..]));
    let expected = [
        ("content-type", "text/plain"),
        ("content-length", "10"),
        ("content-disposition", "inline; filename*=UTF-8''a%20%C3%A9%27.txt"),
        ("last-modified", "Fri, 15 Mar 2024 10:20:30 GMT"),
        ("cache-control", "private, max-age=31536000"),
        ("content-security-policy", "default-src 'none'"),
        ("x-content-type-options", "nosniff"),
        ("accept-ranges", "bytes"),
    ];
    for (name, value) in expected {
        assert_eq!(got.header(name), value, "{name}");
    }
    let status = |caller: &Caller<'_>, path: &str| {
        let answer = caller.raw("GET", path, &[], "");
        assert!(answer.status() == 200 || answer.bytes().is_empty());
        answer.status()
    };
    assert_eq!(status(&eve, &path), 403, "seeing a channel is not being in it");
    assert_eq!(status(&server.as_admin(), &path), 403);
    assert_eq!(status(&server.anonymous(), &path), 403);
    assert_eq!(status(&server.anonymous(), "/file-upload/none/x"), 403, "nor learns what there is");
    assert_eq!(status(&al, "/file-upload/none/x"), 404);
    assert_eq!(status(&al, "/file-upload/..%2f..%2fstore%2fdb/x"), 404);
    let id = path.split('/').nth(2).unwrap();
    assert_eq!(status(&al, &format!("/ufs/GridFS:Uploads/{id}/other-name")), 200);
    set(&server, "FileUpload_Restrict_to_room_members", json!(false));
    assert_eq!(status(&eve, &path), 200);
    set(&server, "FileUpload_Restrict_to_users_who_can_access_room", json!(true));
    assert_eq!(status(&eve, &path), 200);
    let secret = server.room(RoomKind::Group, "secret", &["bob"]);
    let hidden = send(&bob, &secret, "b.txt", "text/plain", b"x");
    assert_eq!(status(&eve, &hidden), 403);
    assert_eq!(status(&server.anonymous(), &hidden), 403);
    set(&server, "FileUpload_ProtectFiles", json!(false));
    assert_eq!(status(&server.anonymous(), &hidden), 200);
    assert_eq!(server.anonymous().raw("GET", &hidden, &[], "").header("cache-control"), "max-age=31536000");
    assert_eq!(server.anonymous().raw("POST", &hidden, &[], "").status(), 404);
}

#[test]
fn browsers_show_who_they_are_by_cookie_or_query() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    let path = send(&bob, &room, "a.txt", "text/plain", b"x");
    let (id, token, anybody) = (bob.id(), bob.token(), server.anonymous());
    let cookie = |value: &str| anybody.raw("GET", &path, &[("cookie", value)], "").status();
    assert_eq!(cookie(&format!("rc_uid={id}; rc_token={token}")), 200);
    assert_eq!(cookie(&format!("rc_uid={id}; rc_token=wrong")), 403);
    assert_eq!(cookie(&format!("rc_token={token}")), 403);
    let query = |query: &str| anybody.raw("GET", &format!("{path}?{query}"), &[], "").status();
    assert_eq!(query(&format!("rc_uid={id}&rc_token={token}")), 200);
    let admin = server.as_admin();
    assert_eq!(query(&format!("rc_uid={}&rc_token={token}", admin.id())), 403, "a token is its owner's only");
}

#[test]
fn parts_of_a_file_are_given_as_asked() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    let big: Vec<u8> = (0..300_000u32).map(|number| (number % 251) as u8).collect();
    let path = send(&bob, &room, "a.mp4", "video/mp4", &big);
    let range = |range: &str| bob.raw("GET", &path, &[("range", range)], "");
    let part = range("bytes=70000-199999");
    assert_eq!((part.status(), part.bytes()), (206, &big[70_000..200_000]));
    assert_eq!(part.header("content-range"), "bytes 70000-199999/300000");
    assert_eq!(part.header("content-length"), "130000");
    assert_eq!(range("bytes=-1").bytes(), &big[299_999..]);
    let outside = range("bytes=300000-");
    assert_eq!((outside.status(), outside.header("content-range")), (416, "bytes */300000"));
    assert_eq!(range("bytes=0-1,5-6").status(), 200);
    let whole = range("");
    assert_eq!((whole.status(), whole.bytes()), (200, &big[..]));
    let again = bob.raw("GET", &path, &[("if-none-match", whole.header("etag"))], "");
    assert_eq!((again.status(), again.bytes().len()), (304, 0));
}

#[test]
fn what_a_browser_could_run_is_only_saved() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    set(&server, "FileUpload_MediaTypeBlackList", json!(""));
    let risky =
        [("a.html", "text/html"), ("a.svg", "image/svg+xml"), ("a.js", ""), ("a.xml", "text/xml"), ("a", "")];
    for (name, kind) in risky {
        let got = bob.raw("GET", &send(&bob, &room, name, kind, b"<script>"), &[], "");
        let disposition = got.header("content-disposition");
        assert!(disposition.starts_with("attachment; "), "{name}: {disposition}");
        assert_eq!(got.header("x-content-type-options"), "nosniff");
    }
    let image = send(&bob, &room, "a.png", "image/png", b"x");
    assert!(bob.raw("GET", &image, &[], "").header("content-disposition").starts_with("inline; "));
    let saved = bob.raw("GET", &format!("{image}?download"), &[], "");
    assert!(saved.header("content-disposition").starts_with("attachment; "));
}
