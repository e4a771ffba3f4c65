//! `exports.*`, and what becomes of jobs: seen, cancelled, deleted, restarted.

use roomscribe::domain::JobState;
use roomscribe::store::Error;
use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::exports::{accepted, export, file_of, mail_of};

fn id(export: &str) -> Value {
    json!({"exportId": export})
}

#[test]
fn an_export_tells_how_it_stands_from_beginning_to_end() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let admin = server.as_admin();
    let mut body = file_of(&room, "json");
    body["dateFrom"] = "2024-03-01".into();
    let export = accepted(&admin, body);
    let mut expected = json!({
        "_id": export,
        "rid": room.as_str(),
        "roomName": "talk",
        "format": "json",
        "formats": ["json"],
        "timeZone": "UTC",
        "type": "file",
        "state": "queued",
        "messages": 0,
        "bytes": 0,
        "attempts": 0,
        "createdAt": "2024-03-15T10:20:30.123Z",
        "until": "2024-03-15T10:20:30.124Z",
        "from": "2024-03-01T00:00:00.000Z",
    });
    let query = format!("exportId={export}");
    let answer = admin.get("exports.info", &query);
    assert_eq!(answer.ok(), &json!({"export": expected, "success": true}));
    server.work();
    let job = server.finished(&export);
    let bytes = std::fs::read(server.file_of(&job)).unwrap();
    let answer = admin.get("exports.info", &query);
    let done = &answer.ok()["export"];
    expected["state"] = "done".into();
    expected["messages"] = 2.into();
    expected["bytes"] = job.bytes.into();
    expected["attempts"] = 1.into();
    expected["finishedAt"] = "2024-03-15T10:20:30.123Z".into();
    expected["receipt"] = format!("kept as {export}.zip").into();
    expected["file"] = json!({
        "name": format!("2024-03-15-Administrator-data-{export}.zip"),
        "size": bytes.len(),
        "sha256": hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&bytes)),
        "path": format!("/data-export/{export}"),
        "expiresAt": "2024-04-14T10:20:30.123Z",
    });
    assert!(job.bytes > 0);
    assert_eq!(done, &expected);
    assert_eq!(server.names_in("spool"), [""; 0]);
}

#[test]
fn exports_are_listed_latest_first_and_in_pages() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let admin = server.as_admin();
    let empty = json!({"exports": [], "count": 0, "offset": 0, "total": 0, "success": true});
    assert_eq!(admin.get("exports.list", "").ok(), &empty);
    let exports: Vec<String> = (0..3)
        .map(|_| {
            server.later(1000);
            accepted(&admin, file_of(&room, "html"))
        })
        .collect();
    let ids = |query: &str| -> Vec<String> {
        let answer = admin.get("exports.list", query);
        assert_eq!(answer.ok()["total"], 3);
        let ids = answer.body()["exports"].as_array().unwrap().iter();
        ids.map(|export| export["_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(""), [&*exports[2], &*exports[1], &*exports[0]]);
    assert_eq!(ids("count=1&offset=1"), [&*exports[1]]);
    assert_eq!(ids("offset=3"), [""; 0]);
}

#[test]
fn nobody_sees_or_touches_the_exports_of_others() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.grant("mail-messages", &["admin", "user"]);
    let export = accepted(&server.as_user("bob"), file_of(&room, "html"));
    let error = "There is no such export of yours [error-invalid-export]";
    let refusal = json!({"success": false, "error": error, "errorType": "error-invalid-export"});
    for caller in [server.as_admin(), server.as_user("stranger")] {
        assert_eq!(caller.get("exports.list", "").ok()["exports"], json!([]));
        for wanted in [export.as_str(), "nope"] {
            let answers = [
                caller.get("exports.info", &format!("exportId={wanted}")),
                caller.post("exports.cancel", id(wanted)),
                caller.post("exports.delete", id(wanted)),
            ];
            for answer in answers {
                assert_eq!((answer.status(), answer.body()), (400, &refusal));
            }
        }
    }
    assert_eq!(server.job(&export).state, JobState::Queued);
    for answer in [server.anonymous().get("exports.list", ""), server.anonymous().get("exports.formats", "")]
    {
        assert_eq!(answer.status(), 401);
    }
    let missing = server.as_admin().get("exports.info", "");
    assert_eq!(missing.refusal(), "must have required property 'exportId' [invalid-params]");
}

#[test]
fn formats_and_deliveries_are_described() {
    let server = TestServer::start();
    let answer = server.as_user("bob").get("exports.formats", "");
    let ids = |key: &str| -> Vec<String> {
        let all = answer.ok()[key].as_array().unwrap().iter();
        all.map(|one| {
            assert!(one["description"].as_str().is_some_and(|text| !text.is_empty()), "{one}");
            one["id"].as_str().unwrap().to_owned()
        })
        .collect()
    };
    assert_eq!(
        ids("formats"),
        ["html", "json", "ndjson", "csv", "slack", "mattermost", "markdown", "text", "mail"]
    );
    assert_eq!(ids("deliveries"), ["file", "email", "webhook"]);
}

#[test]
fn a_waiting_export_is_cancelled_and_stays_so() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let admin = server.as_admin();
    let export = accepted(&admin, file_of(&room, "html"));
    let answer = admin.post("exports.cancel", id(&export));
    assert_eq!(answer.ok()["export"]["state"], "cancelled");
    server.work();
    // A later one is done, so this one was passed over.
    let later = accepted(&admin, file_of(&room, "html"));
    assert_eq!(server.finished(&later).state, JobState::Done);
    assert_eq!(server.job(&export).state, JobState::Cancelled);
    assert_eq!(server.names_in("exports"), [format!("{later}.zip")]);
    let error = "This export is at its end already [error-export-finished]";
    assert_eq!(admin.post("exports.cancel", id(&export)).refusal(), error);
    assert_eq!(admin.post("exports.cancel", id(&later)).refusal(), error);
}

#[test]
fn a_finished_export_is_deleted_with_its_file_and_others_are_not() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let admin = server.as_admin();
    let export = accepted(&admin, file_of(&room, "html"));
    let running = "This export is under way. Cancel it first, with exports.cancel. [error-export-running]";
    assert_eq!(admin.post("exports.delete", id(&export)).refusal(), running);
    server.work();
    server.finished(&export);
    assert_eq!(server.names_in("exports"), [format!("{export}.zip")]);
    assert_eq!(admin.post("exports.delete", id(&export)).ok(), &json!({"success": true}));
    assert_eq!(server.names_in("exports"), [""; 0]);
    assert_eq!(admin.get("exports.list", "").ok()["total"], 0);
    assert_eq!(admin.post("exports.delete", id(&export)).status(), 400);
}

#[test]
fn open_exports_are_limited_for_each_user() {
    let server = TestServer::start_with(|config| config.export.open_per_user = 2);
    let room = server.talkative_room();
    server.grant("mail-messages", &["admin", "user"]);
    let admin = server.as_admin();
    let first = accepted(&admin, file_of(&room, "html"));
    accepted(&admin, mail_of(&room, &["a@b.cd"], &["m1"]));
    let error = "You have 2 exports under way. Wait until one is done, or cancel one with exports.cancel. \
                 [error-too-many-exports]";
    assert_eq!(export(&admin, file_of(&room, "html")).refusal(), error);
    assert_eq!(export(&admin, mail_of(&room, &["a@b.cd"], &["m1"])).refusal(), error);
    accepted(&server.as_user("bob"), file_of(&room, "html"));
    admin.post("exports.cancel", id(&first)).ok();
    accepted(&admin, file_of(&room, "html"));
    assert_eq!(export(&admin, file_of(&room, "html")).refusal(), error);
}

#[test]
fn an_export_of_a_room_that_was_deleted_fails_and_says_why() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let admin = server.as_admin();
    let export = accepted(&admin, file_of(&room, "html"));
    let record = server.app.store.room(&room).unwrap().unwrap();
    server.app.store.write::<_, Error>(|batch| batch.delete_room(&record)).unwrap();
    server.work();
    server.finished(&export);
    let answer = admin.get("exports.info", &format!("exportId={export}"));
    assert_eq!(answer.ok()["export"]["state"], "failed");
    assert_eq!(answer.body()["export"]["error"], "the room was deleted");
    assert_eq!(answer.body()["export"]["file"], Value::Null);
    assert_eq!(server.names_in("exports"), [""; 0]);
    assert_eq!(server.names_in("spool"), [""; 0]);
}
