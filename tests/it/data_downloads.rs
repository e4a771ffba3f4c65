//! One's own data: what is in it, that nobody else is named, and how often it can be had.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use roomscribe::domain::RoomKind;
use roomscribe::domain::time::DAY;
use serde_json::{Value, json};
use zip::ZipArchive;

use crate::support::{Caller, TestServer};

fn requested(caller: &Caller<'_>, query: &str) -> Value {
    caller.get("users.requestDataDownload", query).ok().clone()
}

/// The files of the finished export, without the directory that holds all of them.
fn files(caller: &Caller<'_>, id: &str) -> BTreeMap<String, String> {
    let answer = caller.raw("GET", &format!("/data-export/{id}"), &[], "");
    assert_eq!(answer.status(), 200);
    let mut zip = ZipArchive::new(Cursor::new(answer.bytes().to_vec())).expect("a zip with entries");
    let mut files = BTreeMap::new();
    for number in 0..zip.len() {
        let mut entry = zip.by_index(number).expect("a zip with entries");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("a zip with entries");
        let name =
            entry.name().expect("UTF-8").rsplit("data/").next().expect("a zip with entries").to_owned();
        files.insert(name, String::from_utf8_lossy(&bytes).into_owned());
    }
    files
}

#[test]
fn it_holds_the_account_and_ones_rooms_with_others_under_pseudonyms() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "talk", &["al", "bob"]);
    server.room(RoomKind::Channel, "elsewhere", &["al"]);
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    for (caller, text) in [(&bob, "hello al"), (&al, "hello bob")] {
        caller.post("chat.sendMessage", json!({"message": {"rid": room.as_str(), "msg": text}})).ok();
    }
    let answer = requested(&bob, "fullExport=true");
    assert_eq!(answer["requested"], true);
    let operation = &answer["exportOperation"];
    assert_eq!((&operation["status"], &operation["fullExport"]), (&json!("pending"), &json!(true)));
    assert_eq!(operation["userData"]["username"], "bob");
    let id = operation["_id"].as_str().unwrap();
    server.work();
    server.finished(id);
    let files = files(&bob, id);
    let about: Value = serde_json::from_str(&files["user.json"]).unwrap();
    assert_eq!(about["user"]["emails"], json!([{"address": "bob@example.org", "verified": true}]));
    assert_eq!(about["rooms"][0]["rid"], room.as_str());
    assert!(!files["user.json"].contains("argon2"), "no secrets");
    let rooms: Vec<&String> =
        files.iter().filter(|(_, text)| text.contains("hello")).map(|(name, _)| name).collect();
    assert_eq!(rooms.len(), 1, "one document for the one room: {:?}", files.keys());
    let document = &files[rooms[0]];
    assert!(document.contains("\"bob\"") && !document.contains("\"al\""), "{document}");
    let again = requested(&bob, "fullExport=true");
    assert_eq!(
        (&again["requested"], &again["exportOperation"]["status"]),
        (&json!(false), &json!("completed"))
    );
    assert_eq!(again["url"], format!("http://chat.example/data-export/{id}"));
    assert_eq!(server.as_user("al").raw("GET", &format!("/data-export/{id}"), &[], "").status(), 403);
}

#[test]
fn one_of_each_kind_can_be_had_a_day() {
    let server = TestServer::start();
    server.room(RoomKind::Group, "talk", &["bob"]);
    let bob = server.as_user("bob");
    let id = |answer: &Value| answer["exportOperation"]["_id"].as_str().unwrap().to_owned();
    let first = requested(&bob, "");
    let pending = requested(&bob, "fullExport=false");
    assert_eq!((&pending["requested"], id(&pending)), (&json!(false), id(&first)), "it is not done yet");
    server.clock.advance(1);
    let full = requested(&bob, "fullExport=True");
    assert_eq!(full["requested"], true);
    assert_eq!(full["pendingOperationsBeforeMyRequest"], 1);
    server.work();
    server.finished(&id(&first));
    server.finished(&id(&full));
    server.clock.advance(DAY - 2);
    assert_eq!(id(&requested(&bob, "")), id(&first));
    server.clock.advance(1);
    let next = requested(&bob, "");
    assert_eq!(next["requested"], true);
    assert_ne!(id(&next), id(&first));
    assert_eq!(server.anonymous().get("users.requestDataDownload", "").status(), 401);
}

#[test]
fn who_leaves_a_room_before_it_is_handed_over_does_not_get_it() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "talk", &["al", "bob"]);
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    al.post("chat.sendMessage", json!({"message": {"rid": room.as_str(), "msg": "a secret"}})).ok();
    let answer = requested(&bob, "fullExport=true");
    let id = answer["exportOperation"]["_id"].as_str().unwrap();
    al.post("groups.kick", json!({"roomId": room.as_str(), "userId": bob.id()})).ok();
    server.work();
    server.finished(id);
    let files = files(&bob, id);
    assert!(files.values().all(|text| !text.contains("a secret")), "{:?}", files.keys());
}
