//! Sounds of one's own: named and sent by methods, listed over REST, given out to everybody.

use std::ops::ControlFlow;
use std::path::PathBuf;

use roomscribe::service::{check, sounds};
use roomscribe::store::schema::BlobUse;
use roomscribe::store::{Direction, Span};
use serde_json::{Value, json};

use crate::methods::{refusal, result};
use crate::support::{Answer, TestServer};

fn heard(server: &TestServer, id: &str) -> Answer {
    server.anonymous().raw("GET", &format!("/custom-sounds/{id}.mp3"), &[], "")
}

fn names(listed: &Answer) -> Vec<&str> {
    let sounds = listed.ok()["sounds"].as_array().expect("a list");
    sounds.iter().map(|sound| sound["name"].as_str().expect("a name")).collect()
}

/// Where the only sound that has a file keeps it.
fn its_file(server: &TestServer) -> PathBuf {
    let (sounds, _) = sounds::page(&server.app, None, 0, 10).expect("readable");
    let file = sounds.into_iter().find_map(|sound| sound.file).expect("a file");
    server.app.store.blobs().path(&file.sha256)
}

fn needed_blobs(server: &TestServer) -> usize {
    let mut needed = 0;
    let count = |_, _| {
        needed += 1;
        Ok(ControlFlow::Continue(()))
    };
    server
        .app
        .store
        .walk::<BlobUse, roomscribe::error::Error>(Span::all(), Direction::Ascending, count)
        .expect("readable");
    needed
}

#[test]
fn a_sound_is_named_sent_heard_changed_and_removed() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let add = |name: &str| {
        let id = result(
            &admin,
            "insertOrUpdateSound",
            json!([{"name": name, "extension": "mp3", "newFile": true}]),
        );
        id.as_str().expect("an id").to_owned()
    };
    let (id, _) = (add("pling"), add("Boom"));
    let listed = bob.get("custom-sounds.list", "");
    assert_eq!((names(&listed), &listed.body()["total"]), (vec!["Boom", "pling"], &json!(2)));
    let expected =
        json!({"_id": id, "name": "pling", "extension": "mp3", "_updatedAt": "2024-03-15T10:20:30.123Z"});
    assert_eq!(bob.get("custom-sounds.list", "name=LIN").ok()["sounds"], json!([expected]));
    assert_eq!(bob.get("custom-sounds.getOne", &format!("_id={id}")).ok()["sound"], expected);
    assert_eq!(heard(&server, &id).status(), 404, "its file has not come yet");

    let sent = json!(["ID3\u{0}\u{ff}", "audio/mpeg", {"_id": id}]);
    assert_eq!(result(&admin, "uploadCustomSound", sent), Value::Null);
    let file = heard(&server, &id);
    assert_eq!((file.status(), file.bytes()), (200, &b"ID3\x00\xff"[..]));
    assert_eq!(file.header("content-type"), "audio/mpeg");
    assert_eq!(file.header("content-security-policy"), "default-src 'none'");

    let change = |name: &str, extension: &str| {
        result(&admin, "insertOrUpdateSound", json!([{"_id": id, "name": name, "extension": extension}]))
    };
    assert_eq!(change("plong", "mp3"), json!(id));
    assert_eq!(names(&bob.get("custom-sounds.list", "")), ["Boom", "plong"]);
    assert_eq!(heard(&server, &id).status(), 200, "the file is still the same");
    change("plong", "wav");
    assert_eq!(heard(&server, &id).status(), 404, "another kind of file is to be sent anew");
    assert_eq!(needed_blobs(&server), 0);
    result(&admin, "uploadCustomSound", json!(["RIFF", "audio/wav", {"_id": id}]));
    assert_eq!(needed_blobs(&server), 1);
    let complaints = || check::check(&server.app.store, server.directory()).unwrap().complaints;
    assert!(complaints().is_empty());
    let file = its_file(&server);
    std::fs::write(&file, "RIFX").unwrap();
    assert_eq!(complaints(), [r#"the bytes of sound "plong" are damaged or gone"#]);
    assert_eq!(result(&admin, "deleteCustomSound", json!([id])), json!(true));
    assert_eq!((heard(&server, &id).status(), needed_blobs(&server)), (404, 0));
    assert_eq!(names(&bob.get("custom-sounds.list", "")), ["Boom"]);
}

#[test]
fn what_is_no_sound_is_refused_and_only_some_may_change_them() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let one = json!([{"name": "pling", "extension": "mp3"}]);
    let id = result(&admin, "insertOrUpdateSound", one.clone());
    let put = |name: &str, extension: &str| {
        refusal(&admin, "insertOrUpdateSound", json!([{"name": name, "extension": extension}]))
    };
    assert_eq!(put("", "mp3"), "The field Name is required [error-the-field-is-required]");
    assert_eq!(put("a/b", "mp3"), "a/b is not a valid name [error-input-is-not-a-valid-field]");
    assert_eq!(put("a", "../x"), "../x is not a valid extension [error-input-is-not-a-valid-field]");
    let taken = "The custom sound name is already in use [Custom_Sound_Error_Name_Already_In_Use]";
    assert_eq!(put("pling", "mp3"), taken);
    let invalid = "Invalid sound [Custom_Sound_Error_Invalid_Sound]";
    assert_eq!(refusal(&admin, "deleteCustomSound", json!(["none"])), invalid);
    let file = |bytes: &str, kind: &str, id: &Value| {
        refusal(&admin, "uploadCustomSound", json!([bytes, kind, {"_id": id}]))
    };
    assert_eq!(file("x", "audio/mpeg", &json!("none")), invalid);
    assert!(file("x", "text/html", &id).ends_with("[error-invalid-file-type]"));
    assert!(file("x", "audio/x\r\nset-cookie: a", &id).ends_with("[error-invalid-file-type]"));
    assert!(file("\u{20ac}", "audio/mpeg", &id).starts_with("Match error"));
    admin.post("settings/FileUpload_MaxFileSize", json!({"value": 3})).ok();
    assert_eq!(file("four", "audio/mpeg", &id), "[error-file-too-large]");
    assert_eq!(needed_blobs(&server), 0);

    assert_eq!(refusal(&bob, "insertOrUpdateSound", one), "[not_authorized]");
    assert_eq!(refusal(&bob, "deleteCustomSound", json!([id])), "[not_authorized]");
    let sent = json!(["x", "audio/mpeg", {"_id": id}]);
    assert_eq!(refusal(&bob, "uploadCustomSound", sent), "[not_authorized]");
    let none = bob.get("custom-sounds.getOne", "_id=none");
    assert_eq!(
        (none.status(), none.body()),
        (404, &json!({"success": false, "error": "Custom Sound not found."}))
    );
    assert_eq!(server.anonymous().get("custom-sounds.list", "").status(), 401);
}
