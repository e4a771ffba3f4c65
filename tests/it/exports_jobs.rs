//! `exports.*`, and what becomes of jobs: seen, cancelled, deleted, restarted.

use std::io::Write;

use export_sdk::{ArtifactPath, Output};
use roomscribe::domain::{Job, JobId, JobState};
use roomscribe::export::spool::{Progress, Spool};
use roomscribe::service::jobs;
use roomscribe::store::Error;
use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::exports::{accepted, export, file_of, mail_of, unpack};

fn put(server: &TestServer, job: &Job) {
    server.app.store.write::<_, Error>(|batch| batch.put_job(job)).expect("a job");
}

/// Changes a waiting job behind the server's back.
fn change(server: &TestServer, id: &str, change: impl FnOnce(&mut Job)) {
    let mut job = server.job(id);
    change(&mut job);
    put(server, &job);
}

/// A spool of a job with one file that no rendering would make.
fn spool(server: &TestServer, id: &str) -> Spool {
    let directory = jobs::spool_directory(&server.app, &JobId::new(id));
    let mut spool = Spool::create(directory, Progress::default()).expect("a spool");
    let path = ArtifactPath::new("from-before.txt").expect("a path");
    spool.create(&path, "text/plain").expect("a file").write_all(b"kept").expect("written");
    spool
}

fn entries(job: &Job) -> Vec<String> {
    unpack(job.file.as_ref().expect("a file").path.as_ref()).into_keys().collect()
}

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
    let file = job.file.expect("a file");
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
        "size": std::fs::metadata(&file.path).unwrap().len(),
        "sha256": hex::encode(<sha2::Sha256 as sha2::Digest>::digest(std::fs::read(&file.path).unwrap())),
        "path": format!("/data-export/{export}"),
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
    assert_eq!(ids("formats"), ["html", "json", "mail"]);
    assert_eq!(ids("deliveries"), ["file", "email"]);
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
fn an_export_that_waits_for_its_next_try_leaves_nothing_when_it_is_cancelled() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let admin = server.as_admin();
    let export = accepted(&admin, file_of(&room, "html"));
    spool(&server, &export).seal().unwrap();
    let due = server.app.now().plus(3_600_000);
    change(&server, &export, |job| (job.state, job.due) = (JobState::Delivering, due));
    server.work();
    assert_eq!(server.names_in("spool"), [export.as_str()]);
    admin.post("exports.cancel", id(&export)).ok();
    assert_eq!(server.names_in("spool"), [""; 0]);
    assert_eq!(server.job(&export).state, JobState::Cancelled);
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
fn an_accepted_export_survives_a_restart_and_is_done_once() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let export = accepted(&server.as_admin(), file_of(&room, "json"));
    let server = server.reopen();
    assert_eq!(server.job(&export).state, JobState::Queued);
    server.work();
    let job = server.finished(&export);
    assert_eq!((job.state, job.attempts, job.messages), (JobState::Done, 1, 3));
    assert_eq!(entries(&job), ["talk.json"]);
    server.later(60_000);
    server.rest();
    let server = server.reopen();
    server.work();
    let later = accepted(&server.as_admin(), file_of(&room, "html"));
    server.finished(&later);
    assert_eq!(server.job(&export), job, "it was not touched again");
    let mut files = [format!("{export}.zip"), format!("{later}.zip")];
    files.sort();
    assert_eq!(server.names_in("exports"), files);
}

#[test]
fn a_rendering_that_was_cut_off_begins_again() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let export = accepted(&server.as_admin(), file_of(&room, "json"));
    change(&server, &export, |job| job.state = JobState::Rendering);
    drop(spool(&server, &export));
    let server = server.reopen();
    server.work();
    let job = server.finished(&export);
    assert_eq!((job.state, job.messages), (JobState::Done, 3), "{job:?}");
    assert_eq!(entries(&job), ["talk.json"]);
}

#[test]
fn a_sealed_rendering_is_delivered_and_not_made_again() {
    let server = TestServer::start();
    let room = server.talkative_room();
    for state in [JobState::Rendering, JobState::Delivering] {
        let export = accepted(&server.as_admin(), file_of(&room, "json"));
        change(&server, &export, |job| (job.state, job.messages) = (state, 7));
        spool(&server, &export).seal().unwrap();
        server.work();
        let job = server.finished(&export);
        assert_eq!((job.state, job.messages), (JobState::Done, 7), "{job:?}");
        assert_eq!(entries(&job), ["from-before.txt"]);
        server.rest();
    }
}

#[test]
fn spools_that_belong_to_nothing_are_cleared_away_at_the_start() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let open = accepted(&server.as_admin(), file_of(&room, "json"));
    let cancelled = accepted(&server.as_admin(), file_of(&room, "json"));
    server.as_admin().post("exports.cancel", id(&cancelled)).ok();
    for export in [open.as_str(), cancelled.as_str(), "unheard-of"] {
        drop(spool(&server, export));
    }
    std::fs::write(server.directory().join("spool/a file"), "left by somebody").unwrap();
    jobs::recover(&server.app).unwrap();
    let mut left = vec!["a file", open.as_str()];
    left.sort_unstable();
    assert_eq!(server.names_in("spool"), left);
}

#[test]
fn a_try_that_is_not_due_yet_waits_for_its_time() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let admin = server.as_admin();
    let export = accepted(&admin, file_of(&room, "json"));
    spool(&server, &export).seal().unwrap();
    let due = server.app.now().plus(3_600_000);
    change(&server, &export, |job| {
        (job.state, job.due, job.attempts) = (JobState::Delivering, due, 1);
        job.failure = Some("the disk was away".to_owned());
    });
    server.work();
    let other = accepted(&admin, file_of(&room, "html"));
    server.finished(&other);
    let waiting = admin.get("exports.info", &format!("exportId={export}"));
    assert_eq!(waiting.ok()["export"]["state"], "delivering");
    assert_eq!(waiting.body()["export"]["error"], "the disk was away");
    server.later(3_600_000);
    let job = server.finished(&export);
    assert_eq!((job.state, job.attempts, job.failure), (JobState::Done, 2, None));
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
