//! Rights that are lost between the order of an export and its delivery.

use roomscribe::domain::{JobState, RoomId, RoomKind, User};
use roomscribe::store::Error;
use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::exports::{accepted, file_of, mail_of, unpack};
use crate::support::orders::{json_of, ordered, with};

const REASON: &str = "its owner may no longer export this";

/// The private room `secret` of `olga` and `bob` with a message, and the permission for both.
fn secret_room(server: &TestServer) -> RoomId {
    let room = server.room(RoomKind::Group, "secret", &["olga", "bob"]);
    server.say(&room, "s1", "2024-03-01T00:00:00.000Z", "few may read this");
    server.grant("mail-messages", &["user"]);
    room
}

fn kick(server: &TestServer, room: &RoomId, name: &str) {
    let user = server.user(name);
    let gone = server.app.store.write::<_, Error>(|batch| batch.delete_subscription(room, &user.id));
    assert!(gone.expect("kept"), "{name} was a member");
}

fn change(server: &TestServer, name: &str, change: impl FnOnce(&mut User)) {
    let mut user = server.user(name);
    change(&mut user);
    server.app.store.write::<_, Error>(|batch| batch.put_user(&user)).expect("kept");
}

/// Asserts that an export comes to nothing.
#[track_caller]
fn assert_ended(server: &TestServer, export: &str) {
    let job = server.finished(export);
    assert_eq!((job.state, job.sealed, job.file), (JobState::Failed, false, None), "{:?}", job.failure);
    assert_eq!(job.failure.as_deref(), Some(REASON));
    for directory in ["exports", "spool", "mails"] {
        assert_eq!(server.names_in(directory), [""; 0], "{directory}");
    }
}

#[test]
fn whoever_loses_a_right_while_the_export_waits_gets_nothing() {
    type Loss = fn(&TestServer, &RoomId);
    let losses: [Loss; 4] = [
        |server, room| kick(server, room, "bob"),
        |server, _| server.grant("mail-messages", &["admin"]),
        |server, _| change(server, "bob", |bob| bob.active = false),
        |server, _| {
            let body = json!({"userId": server.user("bob").id.as_str(), "confirmRelinquish": true});
            server.as_admin().post("users.delete", body).ok();
        },
    ];
    for lose in losses {
        let server = TestServer::start();
        let room = secret_room(&server);
        let bob = server.as_user("bob");
        let exports = [
            accepted(&bob, file_of(&room, "json")),
            accepted(&bob, mail_of(&room, &["ann@example.org"], &["s1"])),
            ordered(&bob, &json_of(&room)),
            ordered(&bob, &json!({"rooms": ["general", "secret"], "formats": ["json"]})),
            ordered(&bob, &json!({"thread": "s1", "formats": ["json"]})),
            ordered(&bob, &json!({"messages": ["s1"], "formats": ["json"]})),
        ];
        lose(&server, &room);
        server.say(&room, "s2", "2024-03-02T00:00:00.000Z", "said later");
        server.work();
        for export in &exports {
            assert_ended(&server, export);
        }
    }
}

#[test]
fn all_rooms_need_their_own_right_until_the_end() {
    let server = TestServer::start();
    secret_room(&server);
    server.grant("export-server", &["user"]);
    let bob = server.as_user("bob");
    let all = ordered(&bob, &json!({"scope": "server", "formats": ["json"]}));
    let visible = ordered(&bob, &json!({"scope": "visible", "formats": ["json"]}));
    server.grant("export-server", &["admin"]);
    server.grant("mail-messages", &["admin"]);
    server.work();
    assert_ended(&server, &all);
    assert_ended(&server, &visible);
}

#[test]
fn a_right_that_is_lost_while_messages_are_read_counts_before_the_delivery() {
    let (server, gate) = TestServer::start_gated();
    let (_, export) = server.long_export(&gate);
    server.grant("mail-messages", &[]);
    gate.open();
    assert_ended(&server, &export);
}

#[test]
fn a_delivery_that_is_tried_later_asks_again() {
    let server = TestServer::start();
    let room = secret_room(&server);
    let export = accepted(&server.as_user("bob"), file_of(&room, "json"));
    server.spool(&export).seal().unwrap();
    server.change_job(&export, |job| (job.state, job.sealed) = (JobState::Delivering, true));
    kick(&server, &room, "bob");
    server.work();
    assert_ended(&server, &export);
}

fn retry(server: &TestServer, export: &str) -> crate::support::Answer {
    server.as_user("bob").post("exports.retry", json!({"exportId": export}))
}

/// An export of `bob`'s that is rendered and could not be kept.
fn undelivered(server: &TestServer, body: &Value) -> String {
    std::fs::write(server.directory().join("exports"), "in the way").expect("it works");
    server.work();
    let export = ordered(&server.as_user("bob"), body);
    let job = server.finished(&export);
    assert_eq!((job.state, job.sealed), (JobState::Failed, true));
    std::fs::remove_file(server.directory().join("exports")).expect("it works");
    export
}

#[test]
fn a_retry_is_for_those_who_still_may() {
    let server = TestServer::start();
    let room = secret_room(&server);
    let export = undelivered(&server, &json_of(&room));
    let refusal = "You may no longer export this [error-not-allowed]";
    server.grant("mail-messages", &["admin"]);
    assert_eq!(retry(&server, &export).refusal(), refusal);
    server.grant("mail-messages", &["user"]);
    let bob = server.user("bob");
    let member = server.app.store.subscription(&room, &bob.id).unwrap().unwrap();
    kick(&server, &room, "bob");
    assert_eq!(retry(&server, &export).refusal(), refusal);
    assert_eq!(server.job(&export).state, JobState::Failed);
    server.app.store.write::<_, Error>(|batch| batch.put_subscription(&member)).unwrap();
    assert_eq!(retry(&server, &export).ok()["export"]["state"], "delivering");
    assert_eq!(server.finished(&export).state, JobState::Done);
}

#[test]
fn a_rendering_with_a_room_that_is_not_visible_any_more_is_made_again_without_it() {
    let server = TestServer::start();
    let room = secret_room(&server);
    let visible = json!({"scope": "visible", "formats": ["json"]});
    let export = undelivered(&server, &visible);
    assert_eq!(server.names_in(&format!("spool/{export}")), ["files", "manifest.ndjson", "rooms"]);
    kick(&server, &room, "bob");
    assert_eq!(retry(&server, &export).ok()["export"]["state"], "queued");
    let job = server.finished(&export);
    assert_eq!(job.state, JobState::Done, "{:?}", job.failure);
    assert_eq!(unpack(&server.file_of(&job)).into_keys().collect::<Vec<_>>(), ["general.json"]);
}

#[test]
fn a_rendering_of_visible_rooms_is_delivered_as_long_as_all_of_them_are() {
    let server = TestServer::start();
    secret_room(&server);
    let export = undelivered(&server, &json!({"scope": "visible", "formats": ["json"]}));
    assert_eq!(retry(&server, &export).ok()["export"]["state"], "delivering");
    assert_eq!(server.finished(&export).state, JobState::Done);
}

#[test]
fn what_others_lose_and_what_is_still_visible_ends_no_export() {
    let server = TestServer::start();
    let secret = secret_room(&server);
    let public = server.talkative_room();
    let (olga, bob) = (server.as_user("olga"), server.as_user("bob"));
    let of_olga = accepted(&olga, file_of(&secret, "json"));
    let of_bob = ordered(&bob, &with(&json_of(&public), "formats", json!(["json", "csv"])));
    kick(&server, &secret, "bob");
    // Everybody sees a public channel.
    kick(&server, &public, "bob");
    server.work();
    for export in [of_olga, of_bob] {
        let job = server.finished(&export);
        assert_eq!(job.state, JobState::Done, "{:?}", job.failure);
    }
}

#[test]
fn a_finished_file_stays_its_owners_until_the_account_is_deactivated() {
    let server = TestServer::start();
    let room = secret_room(&server);
    server.work();
    let bob = server.as_user("bob");
    let export = accepted(&bob, file_of(&room, "json"));
    assert_eq!(server.finished(&export).state, JobState::Done);
    kick(&server, &room, "bob");
    let page = format!("/data-export/{export}");
    assert_eq!(bob.raw("GET", &page, &[], "").status(), 200);
    let body = json!({"userId": server.user("bob").id.as_str(), "activeStatus": false});
    server.as_admin().post("users.setActiveStatus", body).ok();
    assert_eq!(bob.raw("GET", &page, &[], "").status(), 403);
}
