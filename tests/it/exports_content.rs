//! What is in an export: the messages of the window, the files that belong to them, the names.

use roomscribe::domain::{Json, RoomKind};
use roomscribe::service::direct;
use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::exports::{accepted, file_of, mail_of, unpack};

fn window(mut body: Value, from: &str, to: &str) -> Value {
    body["dateFrom"] = from.into();
    body["dateTo"] = to.into();
    body
}

#[test]
fn a_window_holds_the_messages_from_its_first_instant_to_before_its_end_in_order() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.say(&room, "m5", "2024-03-03T00:00:00.000Z", "midnight after the last day");
    server.say(&room, "m4", "2024-03-02T23:59:59.999Z", "the last instant");
    server.say(&room, "b", "2024-03-01T12:00:00.000Z", "same time, later id");
    server.say(&room, "a", "2024-03-01T12:00:00.000Z", "same time, earlier id");
    let other = server.room(RoomKind::Channel, "other", &["admin"]);
    server.say(&other, "x", "2024-03-01T12:00:00.000Z", "elsewhere");
    server.work();
    let admin = server.as_admin();
    let json = || file_of(&room, "json");
    let ids = |body| server.exported(&admin, body).ids("talk.json");
    assert_eq!(ids(window(json(), "2024-03-01", "2024-03-02")), ["m2", "a", "b", "m4"]);
    assert_eq!(ids(window(json(), "2024-03-02", "2024-03-02")), ["m4"]);
    assert_eq!(ids(window(json(), "2024-03-03", "2024-03-02")), [""; 0]);
    assert_eq!(ids(window(json(), "2024-03-01T12:00:00.000Z", "2024-03-01")), ["a", "b"]);
    assert_eq!(ids(window(json(), "", "2024-02-29")), ["m1"]);
    assert_eq!(ids(window(json(), "2024-03-03", "")), ["m5", "m3"]);
    assert_eq!(ids(json()), ["m1", "m2", "a", "b", "m4", "m5", "m3"]);
}

#[test]
fn what_is_written_after_the_request_is_not_part_of_the_export() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let admin = server.as_admin();
    server.say(&room, "now", "2024-03-15T10:20:30.123Z", "in the very moment of the request");
    let id = accepted(&admin, window(file_of(&room, "json"), "", "2030-01-01"));
    server.say(&room, "late", "2024-03-15T10:20:30.124Z", "a moment later");
    server.later(60_000);
    server.work();
    let job = server.finished(&id);
    let entries = unpack(&server.file_of(&job));
    let document: Value = serde_json::from_slice(&entries["talk.json"]).unwrap();
    let ids: Vec<&Value> = document["messages"].as_array().unwrap().iter().map(|m| &m["_id"]).collect();
    assert_eq!(ids, ["m1", "m2", "m3", "now"]);
}

#[test]
fn json_is_one_document_with_what_the_server_knows() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let mut reply = server.message(&room, "m4", "2024-03-15T10:01:00.000Z", "ünïcode </script> \u{202e} \"");
    reply.thread = Some(roomscribe::domain::MessageId::new("m3"));
    server.put_message(&reply);
    server.work();
    let body = window(file_of(&room, "json"), "2024-03-15", "2024-03-15");
    let exported = server.exported(&server.as_admin(), body);
    let bob = json!({"_id": server.user("bob").id.as_str(), "username": "bob", "name": "Bob"});
    let document = exported.document("talk.json");
    assert_eq!(
        document["messages"],
        json!([
            {
                "_id": "m3", "rid": room.as_str(), "msg": "third", "ts": "2024-03-15T10:00:00.000Z",
                "u": bob, "_updatedAt": "2024-03-15T10:00:00.000Z",
            },
            {
                "_id": "m4", "rid": room.as_str(), "msg": "ünïcode </script> \u{202e} \"",
                "ts": "2024-03-15T10:01:00.000Z", "u": bob, "_updatedAt": "2024-03-15T10:01:00.000Z",
                "tmid": "m3",
            },
        ])
    );
    assert_eq!(document["room"]["_id"], room.as_str());
    assert_eq!(document["room"]["usersCount"], 2);
    assert_eq!(document["counts"]["messages"], 2);
    assert_eq!(document["exportedBy"], "admin");
    assert_eq!(exported.job.messages, 2);
}

#[test]
fn html_shows_texts_and_never_runs_them() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.say(&room, "evil", "2024-03-15T10:02:00.000Z", "<script>alert(1)</script> <img src=x onerror=y>");
    server.work();
    let exported = server.exported(&server.as_admin(), file_of(&room, "html"));
    let pages: Vec<_> = exported.names().into_iter().filter(|name| name.ends_with("html")).collect();
    assert_eq!(pages, ["index.html"]);
    let page = String::from_utf8(exported.entries["index.html"].clone()).unwrap();
    for text in ["first", "second &lt;b&gt;&amp;&lt;/b&gt;", "third", "&lt;script&gt;alert(1)"] {
        assert!(page.contains(text), "{text} in {page}");
    }
    for hostile in ["<script>alert", "<img src=x", "second <b>"] {
        assert!(!page.contains(hostile), "{hostile} in {page}");
    }
    let at = |text: &str| page.find(text).unwrap();
    assert!(at("first") < at("second &lt;") && at("second &lt;") < at("third"), "in order");
}

#[test]
fn an_empty_room_is_a_whole_export_of_nothing() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "quiet", &["admin"]);
    server.work();
    let exported = server.exported(&server.as_admin(), file_of(&room, "json"));
    assert_eq!(exported.document("quiet.json")["messages"], json!([]));
    assert_eq!(exported.job.messages, 0);
    let exported = server.exported(&server.as_admin(), file_of(&room, "html"));
    assert!(exported.entries.contains_key("index.html"), "{:?}", exported.names());
}

#[test]
fn the_download_is_called_after_day_requester_and_export() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.work();
    let exported = server.exported(&server.as_admin(), file_of(&room, "json"));
    let job = exported.job;
    let name = format!("2024-03-15-Administrator-data-{}.zip", job.id);
    assert_eq!(job.file.unwrap().name, name);
    let job = server.exported(&server.as_admin(), file_of(&room, "html")).job;
    assert_eq!(job.file.unwrap().name, format!("2024-03-15-Administrator-{}.zip", job.id));
    server.grant("mail-messages", &["user"]);
    let mut nameless = server.user("bob");
    nameless.name = None;
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&nameless)).unwrap();
    let job = server.exported(&server.as_user("bob"), file_of(&room, "html")).job;
    assert_eq!(job.file.unwrap().name, format!("2024-03-15-bob-{}.zip", job.id));
    let mut hostile = server.user("bob");
    hostile.name = Some(format!("../../{}\r\n\"x", "🐝".repeat(300)));
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&hostile)).unwrap();
    let job = server.exported(&server.as_user("bob"), file_of(&room, "html")).job;
    let name = job.file.unwrap().name;
    assert!(name.starts_with("2024-03-15-") && name.ends_with(&format!("-{}.zip", job.id)), "{name}");
    assert!(name.len() <= 255 && !name.contains(['/', '\r', '\n', '"']), "{name}");
}

#[test]
fn a_direct_message_is_called_after_its_id() {
    let server = TestServer::start();
    let (admin, bob) = (server.user("admin"), server.user("bob"));
    let id = direct::room_id(&admin.id, &bob.id);
    direct::create(&server.app, id.clone(), vec![admin.reference(), bob.reference()]).unwrap();
    server.say(&id, "d1", "2024-03-01T00:00:00.000Z", "between us");
    server.work();
    let exported = server.exported(&server.as_admin(), file_of(&id, "json"));
    assert_eq!(exported.ids(&format!("{id}.json")), ["d1"]);
}

#[test]
fn files_of_a_message_are_included_and_those_of_other_rooms_are_not() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let other = server.room(RoomKind::Group, "secret", &["olga"]);
    server.upload(&room, "f1", "notes <1>.txt", b"our notes");
    server.upload(&room, "f2", "more.txt", b"more notes");
    server.upload(&room, "unused", "unused.txt", b"no message names it");
    server.upload(&other, "f3", "secret.txt", b"their secret");
    let named = |id: &str, name: &str| json!({"_id": id, "name": name, "type": "text/plain", "size": 9});
    let mut message = server.message(&room, "m4", "2024-03-15T10:01:00.000Z", "see");
    let files = [
        named("f1", "notes <1>.txt"),
        named("f2", "more.txt"),
        named("f2", "thumb-more.txt"),
        named("f3", "secret.txt"),
        named("gone", "gone.txt"),
    ];
    message.file = Json::of(&files[0]);
    message.files = Json::of(&files);
    server.put_message(&message);
    let mut again = server.message(&room, "m5", "2024-03-15T10:02:00.000Z", "only the older key");
    again.file = Json::of(&named("f2", "more.txt"));
    server.put_message(&again);
    server.work();
    for (format, document) in [("json", "talk.json"), ("html", "index.html")] {
        let exported = server.exported(&server.as_admin(), file_of(&room, format));
        for name in ["assets/f1-notes _1_.txt", "assets/f2-more.txt", document] {
            assert!(exported.entries.contains_key(name), "{name} in {:?}", exported.names());
        }
        assert_eq!(exported.entries["assets/f1-notes _1_.txt"], b"our notes");
        assert_eq!(exported.entries["assets/f2-more.txt"], b"more notes");
    }
    let exported = server.exported(&server.as_admin(), file_of(&room, "json"));
    let counts = &exported.document("talk.json")["counts"];
    assert_eq!((&counts["files"], &counts["missingFiles"]), (&json!(3), &json!(2)));
}

#[test]
fn bytes_that_are_lost_cost_their_file_and_not_the_export() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.upload(&room, "f1", "kept.txt", b"kept");
    server.upload(&room, "f2", "lost.txt", b"lost");
    server.upload(&room, "f3", "damaged.txt", b"damaged");
    let mut message = server.message(&room, "m4", "2024-03-15T10:01:00.000Z", "see");
    let named = ["f1", "f2", "f3"].map(|id| json!({"_id": id, "name": format!("{id}.txt")}));
    message.files = Json::of(&named);
    server.put_message(&message);
    let lost = server.app.store.upload(&roomscribe::domain::UploadId::new("f2")).unwrap().unwrap();
    std::fs::remove_file(server.app.store.blobs().path(&lost.sha256)).unwrap();
    let damaged = server.app.store.upload(&roomscribe::domain::UploadId::new("f3")).unwrap().unwrap();
    std::fs::write(server.app.store.blobs().path(&damaged.sha256), b"DAMAGED").unwrap();
    server.work();
    let exported = server.exported(&server.as_admin(), file_of(&room, "json"));
    assert_eq!(exported.names(), ["assets/f1-f1.txt", "talk.json"]);
    assert_eq!(exported.document("talk.json")["counts"]["missingFiles"], 2);
}

#[test]
fn mails_hold_only_messages_of_their_room_in_order() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let other = server.room(RoomKind::Group, "secret", &["olga"]);
    server.say(&other, "s1", "2024-03-01T00:00:00.000Z", "their secret");
    let admin = server.as_admin();
    let body = mail_of(&room, &["a@b.cd"], &["m3", "s1", "nope", "m1", "m3"]);
    let id = accepted(&admin, body);
    server.work();
    assert_eq!(server.finished(&id).messages, 2);
    let name = format!("{id}-0.eml");
    server.wait_until("the mail is written", || server.names_in("outbox") == [name.as_str()]);
    let mail = server.directory().join("outbox").join(name);
    let mail = std::fs::read_to_string(mail).unwrap();
    assert!(mail.find("first").unwrap() < mail.find("third").unwrap(), "{mail}");
    assert!(!mail.contains("secret") && !mail.contains("second"), "{mail}");
}

#[test]
fn anybody_gets_the_key_that_signs_exports() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.work();
    let exported = server.exported(&server.as_admin(), file_of(&room, "json"));
    let progress = roomscribe::export::spool::Progress::default();
    let verified = roomscribe::export::verify::verify(&server.file_of(&exported.job), &progress).unwrap();
    let key = verified.key.expect("it is signed").to_string();
    let answer = server.anonymous().get("exports.key", "");
    assert_eq!(answer.ok(), &json!({"algorithm": "Ed25519", "publicKey": key, "success": true}));
}
