//! Pictures of people and rooms: chosen, shown, taken away.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use roomscribe::domain::{RoomId, RoomKind};
use serde_json::{Value, json};

use crate::support::{Answer, Caller, TestServer};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nall the rest of it";
const GIF: &[u8] = b"GIF89a and more";

fn form(caller: &Caller<'_>, part: &str, bytes: &[u8], fields: &[(&str, &str)]) -> Answer {
    caller.send_part("users.setAvatar", part, Some(("me.svg", "image/svg+xml", bytes)), fields)
}

fn data_uri(bytes: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(bytes))
}

fn picture(caller: &Caller<'_>, path: &str) -> Answer {
    caller.raw("GET", path, &[], "")
}

/// The files of all blobs.
fn blobs(server: &TestServer) -> Vec<PathBuf> {
    let entries = |path: PathBuf| {
        let entries = std::fs::read_dir(path).expect("a directory");
        entries.map(|entry| entry.expect("an entry").path()).collect::<Vec<_>>()
    };
    entries(server.directory().join("uploads")).into_iter().flat_map(entries).collect()
}

fn set(server: &TestServer, id: &str, value: Value) {
    server.as_admin().post(&format!("settings/{id}"), json!({"value": value})).ok();
}

#[test]
fn a_chosen_picture_is_shown_to_everybody_until_it_is_taken_away() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    assert_eq!(form(&bob, "image", PNG, &[]).ok(), &json!({"success": true}));
    let shown = al.get("users.info", "username=bob");
    let tag = shown.ok()["user"]["avatarETag"].as_str().unwrap().to_owned();
    assert!(shown.body()["user"].get("avatarOrigin").is_none(), "that is for bob and administrators");
    assert_eq!(bob.get("me", "").ok()["avatarOrigin"], "upload");
    let uid = format!("/avatar/uid/{}", bob.id());
    for path in ["/avatar/bob", "/avatar/BOB?size=40&format=png", &uid] {
        let answer = picture(&server.anonymous(), path);
        assert_eq!((answer.status(), answer.bytes()), (200, PNG), "{path}");
        assert_eq!(answer.header("content-type"), "image/png", "the bytes tell, not the sender");
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'");
        assert_eq!(answer.header("etag"), format!("\"{tag}\""));
        assert_eq!(answer.header("last-modified"), "Fri, 15 Mar 2024 10:20:30 GMT");
    }
    let known = server.anonymous().raw("GET", "/avatar/bob", &[("if-none-match", &format!("\"{tag}\""))], "");
    assert_eq!((known.status(), known.bytes()), (304, &b""[..]));
    assert_eq!(blobs(&server).len(), 1);

    bob.post("users.setAvatar", json!({"avatarUrl": data_uri(GIF)})).ok();
    let other = picture(&al, "/avatar/bob");
    assert_eq!((other.bytes(), other.header("content-type")), (GIF, "image/gif"));
    assert_ne!(other.header("etag"), format!("\"{tag}\""));
    assert_eq!(blobs(&server).len(), 1, "the bytes of the first one are gone");

    bob.post("users.resetAvatar", json!({"userId": bob.id()})).ok();
    assert!(picture(&al, "/avatar/bob").text().starts_with("<svg"));
    let me = bob.get("me", "");
    assert!(me.ok().get("avatarETag").is_none() && me.body().get("avatarOrigin").is_none());
    assert!(blobs(&server).is_empty());
}

#[test]
fn equal_pictures_share_their_bytes_and_go_with_the_last_owner() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    form(&al, "image", PNG, &[]).ok();
    form(&bob, "image", PNG, &[]).ok();
    assert_eq!(blobs(&server).len(), 1);
    server.as_admin().post("users.delete", json!({"username": "al"})).ok();
    assert_eq!(picture(&bob, "/avatar/bob").bytes(), PNG);
    roomscribe::work::sweep::remove_orphans(&server.app).unwrap();
    assert_eq!(blobs(&server).len(), 1, "a start finds that bob needs them");
    server.as_admin().post("users.delete", json!({"username": "bob"})).ok();
    assert!(blobs(&server).is_empty());
}

#[test]
fn a_drawing_is_shown_but_cannot_run() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    form(&bob, "image", svg, &[]).ok();
    let shown = picture(&server.anonymous(), "/avatar/bob");
    assert_eq!((shown.status(), shown.bytes()), (200, &svg[..]));
    assert_eq!(shown.header("content-type"), "image/svg+xml");
    assert_eq!(shown.header("content-security-policy"), "default-src 'none'");
    assert_eq!(shown.header("x-content-type-options"), "nosniff");
    let me = bob.get("me", "");
    let name = format!("{}.svg", me.ok()["avatarETag"].as_str().expect("a tag"));
    assert_eq!(shown.header("content-disposition"), format!("attachment; filename*=UTF-8''{name}"));
}

#[test]
fn what_is_no_picture_is_refused() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let missing = bob.post("users.setAvatar", json!({}));
    assert_eq!(missing.body(), &json!({"success": false, "error": "The 'image' param is required"}));
    assert_eq!(bob.send_form("users.setAvatar", &[]).refusal(), "The 'image' param is required");
    assert_eq!(form(&bob, "file", PNG, &[]).body()["errorType"], "invalid-field");
    let page = form(&bob, "image", b"<html><svg xmlns='http://www.w3.org/2000/svg'/></html>", &[]);
    assert_eq!((page.status(), &page.body()["errorType"]), (400, &json!("error-invalid-file-type")));
    let large = form(&bob, "image", &[PNG, &vec![0; 5 << 20]].concat(), &[]);
    assert_eq!(large.refusal(), "[error-file-too-large]");
    assert!(bob.get("me", "").ok().get("avatarETag").is_none());
    assert!(blobs(&server).is_empty());
    for bad in
        ["data:image/png;base64,PGh0bWw+", "data:image/svg+xml,<svg/>", "nonsense", "ftp://example.org/a"]
    {
        let answer = bob.post("users.setAvatar", json!({"avatarUrl": bad}));
        let text = format!("Invalid avatar URL: {bad} [error-avatar-invalid-url]");
        assert_eq!(
            (answer.refusal(), &answer.body()["errorType"]),
            (&*text, &json!("error-avatar-invalid-url"))
        );
    }
}

#[test]
fn nothing_is_fetched_from_where_only_the_server_gets() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in [
        "127.0.0.1",
        "localhost",
        "127.1",
        "0x7f000001",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "10.0.0.1",
        "169.254.169.254",
    ] {
        let url = format!("http://{host}:{port}/a.png");
        let answer = bob.post("users.setAvatar", json!({"avatarUrl": url}));
        assert_eq!(answer.refusal(), format!("Invalid avatar URL: {url} [error-avatar-invalid-url]"));
    }
    assert!(listener.accept().is_err(), "nobody has connected");
}

#[test]
fn who_may_change_whose_picture() {
    let server = TestServer::start();
    let (admin, al, bob) = (server.as_admin(), server.as_user("al"), server.as_user("bob"));
    let for_bob = |caller: &Caller<'_>| form(caller, "image", PNG, &[("username", "bob")]);
    assert_eq!(for_bob(&al).refusal(), "Not allowed [error-not-allowed]");
    let by_address = json!({"avatarUrl": data_uri(PNG), "userId": bob.id()});
    let refused = al.post("users.setAvatar", by_address.clone());
    assert_eq!((refused.status(), &refused.body()["error"]), (403, &json!("unauthorized")));
    assert_eq!(al.post("users.setAvatar", json!({"avatarUrl": "x", "userId": "nobody"})).status(), 403);
    admin.post("users.setAvatar", by_address).ok();
    for_bob(&admin).ok();
    let unknown = form(&admin, "image", PNG, &[("userId", "nobody")]);
    let text =
        r#"The optional "userId" or "username" param provided does not match any users [error-invalid-user]"#;
    assert_eq!(unknown.refusal(), text);

    let reset = json!({"username": "bob"});
    let text = "Reset avatar is not allowed [error-not-allowed]";
    assert_eq!(al.post("users.resetAvatar", reset.clone()).refusal(), text);
    let nameless = bob.post("users.resetAvatar", json!({}));
    assert_eq!(nameless.body()["errorType"], "error-user-param-not-provided");
    assert_eq!(
        admin.post("users.resetAvatar", json!({"userId": "x"})).body()["errorType"],
        "error-invalid-user"
    );

    set(&server, "Accounts_AllowUserAvatarChange", json!(false));
    assert_eq!(form(&bob, "image", GIF, &[]).refusal(), "Change avatar is not allowed [error-not-allowed]");
    assert_eq!(bob.post("users.resetAvatar", reset.clone()).refusal(), text);
    form(&admin, "image", GIF, &[]).ok();
    admin.post("users.resetAvatar", reset).ok();
    assert_eq!(server.anonymous().post("users.setAvatar", json!({})).status(), 401);
}

#[test]
fn where_a_picture_is_needs_no_login() {
    let server = TestServer::start();
    server.user("bob");
    let nobody = server.anonymous();
    let answer = nobody.raw("GET", "/api/v1/users.getAvatar?username=bob", &[], "");
    let place = "http://chat.example/avatar/bob";
    assert_eq!((answer.status(), answer.header("location")), (307, place));
    assert_eq!(answer.body(), place);
    let missing = nobody.get("users.getAvatar", "");
    assert_eq!(missing.body()["errorType"], "error-user-param-not-provided");
    assert_eq!(nobody.get("users.getAvatar", "userId=x").body()["errorType"], "error-invalid-user");
    let suggestions = server.as_user("bob").get("users.getAvatarSuggestion", "");
    assert_eq!(suggestions.ok(), &json!({"suggestions": {}, "success": true}));
}

#[test]
fn who_has_no_picture_is_shown_by_initials() {
    let server = TestServer::start();
    let bob = server.as_user("bob.smith");
    let answer = picture(&bob, "/avatar/bob.smith?size=64&format=png");
    assert_eq!(answer.header("content-type"), "image/svg+xml");
    assert_eq!(answer.header("content-security-policy"), "default-src 'none'");
    assert!(answer.text().contains("width=\"64\"") && answer.text().contains(">BS</text>"));
    assert!(answer.text().contains("aria-label=\"bob.smith\""));
    let again = bob.raw("GET", "/avatar/bob.smith?size=64", &[("if-none-match", answer.header("etag"))], "");
    assert_eq!((again.status(), again.text()), (304, ""));
    assert!(picture(&bob, "/avatar/bob.smith?size=5000").text().contains("width=\"200\""));
    form(&bob, "image", PNG, &[]).ok();
    assert!(picture(&bob, "/avatar/@bob.smith").text().contains(">BS</text>"));
    assert!(picture(&bob, "/avatar/nobody").text().contains(">N</text>"), "who exists is not told");
    assert_eq!(picture(&bob, "/avatar/uid/nobody").status(), 404);
    assert!(picture(&bob, "/avatar/rocket.cat").text().contains("Rocket.Cat"));
}

#[test]
fn strangers_see_no_pictures_if_the_settings_say_so() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    set(&server, "Accounts_AvatarBlockUnauthenticatedAccess", json!(true));
    for path in ["/avatar/bob", "/avatar/@bob", "/avatar/room/GENERAL"] {
        assert_eq!(picture(&server.anonymous(), path).status(), 403, "{path}");
        let seen = picture(&bob, path);
        assert_eq!(
            (seen.status(), seen.header("cache-control")),
            (200, "private, max-age=0, must-revalidate")
        );
        let query = format!("{path}?rc_uid={}&rc_token={}", bob.id(), bob.token());
        assert_eq!(picture(&server.anonymous(), &query).status(), 200);
    }
}

#[test]
fn a_room_has_a_picture_for_those_who_see_the_room() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    let den = server.room(RoomKind::Group, "den", &["bob", "carl"]);
    let save = |caller: &Caller<'_>, room: &RoomId, picture: &str| {
        caller.post("rooms.saveRoomSettings", json!({"rid": room.as_str(), "roomAvatar": picture}))
    };
    let path = format!("/avatar/room/{den}");
    assert!(picture(&bob, &path).text().contains(">D</text>"));
    let text = "Editing room is not allowed [error-action-not-allowed]";
    assert_eq!(save(&server.as_user("carl"), &den, &data_uri(PNG)).refusal(), text);
    save(&bob, &den, &data_uri(PNG)).ok();
    assert_eq!(picture(&bob, &path).bytes(), PNG);
    let info = bob.get("rooms.info", &format!("roomId={den}"));
    let tag = info.ok()["room"]["avatarETag"].as_str().unwrap();
    assert_eq!(picture(&bob, &path).header("etag"), format!("\"{tag}\""));
    for stranger in [&al, &server.anonymous()] {
        assert_eq!(picture(stranger, &path).status(), 404);
    }
    let history = bob.get("groups.messages", &format!("roomId={den}"));
    assert_eq!(history.ok()["messages"][0]["t"], "room_changed_avatar");

    let bad = save(&bob, &den, "data:image/png;base64,AAAA");
    assert_eq!(bad.body()["errorType"], "error-invalid-file-type");
    server
        .as_admin()
        .post("permissions.update", json!({"permissions": [{"_id": "edit-room-avatar", "roles": ["admin"]}]}))
        .ok();
    let text = "Editing a room avatar is not allowed [error-action-not-allowed]";
    assert_eq!(save(&bob, &den, &data_uri(GIF)).refusal(), text);
    assert_eq!(save(&server.as_admin(), &den, "").ok()["rid"], den.as_str());
    assert!(bob.get("rooms.info", &format!("roomId={den}")).ok()["room"].get("avatarETag").is_none());
    assert!(blobs(&server).is_empty());
}

#[test]
fn the_picture_of_a_deleted_room_goes_with_it() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let den = server.room(RoomKind::Channel, "den", &["bob"]);
    let body = json!({"rid": den.as_str(), "roomAvatar": data_uri(PNG)});
    bob.post("rooms.saveRoomSettings", body).ok();
    assert_eq!(picture(&server.anonymous(), &format!("/avatar/room/{den}")).bytes(), PNG);
    server.as_admin().post("rooms.delete", json!({"roomId": den.as_str()})).ok();
    assert_eq!(picture(&bob, &format!("/avatar/room/{den}")).status(), 404);
    while roomscribe::work::sweep::sweep_some(&server.app).unwrap() {}
    assert!(blobs(&server).is_empty());
}
