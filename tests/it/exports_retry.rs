//! `exports.retry`: what failed is begun once more, with no more work than is needed.

use roomscribe::domain::{JobId, JobState, Time};
use roomscribe::service::jobs;
use roomscribe::work::sweep;
use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::exports::{accepted, export, file_of, unpack};

const HOUR: i64 = 3_600_000;

fn id(export: &str) -> Value {
    json!({"exportId": export})
}

/// A server with an export that is rendered but cannot be kept: something lies in the way.
fn undelivered() -> (TestServer, String) {
    let server = TestServer::start();
    let room = server.talkative_room();
    std::fs::write(server.directory().join("exports"), "in the way").expect("it works");
    server.work();
    let export = accepted(&server.as_admin(), file_of(&room, "json"));
    let job = server.finished(&export);
    assert_eq!((job.state, job.sealed, job.messages), (JobState::Failed, true, 3));
    (server, export)
}

fn clear_the_way(server: &TestServer) {
    std::fs::remove_file(server.directory().join("exports")).expect("it works");
}

#[test]
fn what_was_rendered_is_delivered_and_not_rendered_again() {
    let (server, export) = undelivered();
    let admin = server.as_admin();
    let info = admin.info(&export);
    assert_eq!(info["renderingKeptUntil"], "2024-03-16T10:20:30.123Z");
    assert_eq!((&info["messages"], &info["attempts"]), (&json!(3), &json!(1)));
    assert_eq!(server.names_in(&format!("spool/{export}")), ["files", "manifest.ndjson"]);
    // Rendering it again would find nothing.
    let room = server.app.store.room_by_name("talk").unwrap().unwrap().id;
    server.delete_room(&room);
    clear_the_way(&server);
    server.rest();
    let retried = admin.post("exports.retry", id(&export));
    let retried = &retried.ok()["export"];
    assert_eq!((&retried["state"], &retried["attempts"]), (&json!("delivering"), &json!(0)));
    assert_eq!((&retried["error"], &retried["finishedAt"]), (&Value::Null, &Value::Null));
    server.work();
    let job = server.finished(&export);
    assert_eq!((job.state, job.messages, job.attempts, job.sealed), (JobState::Done, 3, 1, false));
    assert_eq!(unpack(&server.file_of(&job)).into_keys().collect::<Vec<_>>(), ["talk.json"]);
    assert_eq!(server.names_in("exports"), [format!("{export}.zip")]);
    assert_eq!(server.names_in("spool"), [""; 0]);
}

#[test]
fn what_failed_before_it_was_rendered_begins_again_with_the_same_window() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.space.set(0);
    server.work();
    let admin = server.as_admin();
    let export = accepted(&admin, file_of(&room, "json"));
    let failed = server.finished(&export);
    assert_eq!((failed.state, failed.sealed), (JobState::Failed, false));
    assert_eq!(admin.info(&export)["renderingKeptUntil"], Value::Null);
    server.later(HOUR);
    server.say(&room, "m4", &server.app.now().to_string(), "too late");
    server.space.set(u64::MAX);
    assert_eq!(admin.post("exports.retry", id(&export)).ok()["export"]["state"], "queued");
    let job = server.finished(&export);
    assert_eq!((job.state, job.messages, job.failure), (JobState::Done, 3, None));
    assert_eq!(job.order, failed.order);
}

#[test]
fn only_the_owner_retries_and_only_what_failed() {
    let (server, export) = undelivered();
    let admin = server.as_admin();
    let unknown = "There is no such export of yours [error-invalid-export]";
    assert_eq!(server.as_user("bob").post("exports.retry", id(&export)).refusal(), unknown);
    assert_eq!(server.anonymous().post("exports.retry", id(&export)).status(), 401);
    clear_the_way(&server);
    admin.post("exports.retry", id(&export)).ok();
    server.finished(&export);
    let refusal = "Only an export that has failed can be retried [error-export-not-failed]";
    assert_eq!(admin.post("exports.retry", id(&export)).refusal(), refusal);
    server.rest();
    let room = server.app.store.room_by_name("talk").unwrap().unwrap().id;
    let waiting = accepted(&admin, file_of(&room, "html"));
    assert_eq!(admin.post("exports.retry", id(&waiting)).refusal(), refusal);
    admin.post("exports.cancel", id(&waiting)).ok();
    assert_eq!(admin.post("exports.retry", id(&waiting)).refusal(), refusal);
}

#[test]
fn a_kept_rendering_survives_restarts_and_goes_when_its_time_is_over() {
    let (server, export) = undelivered();
    server.rest();
    let server = server.reopen();
    jobs::recover(&server.app).unwrap();
    server.later(24 * HOUR - 1);
    while sweep::sweep_some(&server.app).unwrap() {}
    assert_eq!(server.names_in("spool"), [export.as_str()]);
    server.later(1);
    while sweep::sweep_some(&server.app).unwrap() {}
    assert_eq!(server.names_in("spool"), [""; 0]);
    let job = server.job(&export);
    assert_eq!((job.state, job.sealed), (JobState::Failed, false));
    assert_eq!(job.finished, Some(Time::from_millis(crate::support::NOW)), "it failed no later for that");
    // It is rendered again then.
    clear_the_way(&server);
    let admin = server.as_admin();
    assert_eq!(admin.post("exports.retry", id(&export)).ok()["export"]["state"], "queued");
    server.work();
    assert_eq!(server.finished(&export).state, JobState::Done);
}

#[test]
fn a_retry_that_is_cut_off_goes_on_at_the_next_start() {
    let (server, export) = undelivered();
    server.rest();
    clear_the_way(&server);
    server.as_admin().post("exports.retry", id(&export)).ok();
    let server = server.reopen();
    assert_eq!(server.job(&export).state, JobState::Delivering);
    server.work();
    assert_eq!(server.finished(&export).state, JobState::Done);
    assert_eq!(server.names_in("exports"), [format!("{export}.zip")]);
    assert_eq!(server.names_in("spool"), [""; 0]);
}

#[test]
fn a_rendering_that_somebody_removed_is_made_again() {
    let (server, export) = undelivered();
    clear_the_way(&server);
    std::fs::remove_dir_all(jobs::spool_directory(&server.app, &JobId::new(&export))).unwrap();
    let admin = server.as_admin();
    assert_eq!(admin.post("exports.retry", id(&export)).ok()["export"]["state"], "queued");
    assert_eq!(server.finished(&export).state, JobState::Done);
}

#[test]
fn what_a_crash_left_is_not_taken_for_the_rendering_of_a_retry() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let export = accepted(&server.as_admin(), file_of(&room, "json"));
    server.change_job(&export, |job| job.state = JobState::Failed);
    server.spool(&export).seal().unwrap();
    server.as_admin().post("exports.retry", id(&export)).ok();
    // The worker took it up, and was cut off before it emptied the spool.
    server.change_job(&export, |job| job.state = JobState::Rendering);
    server.work();
    let job = server.finished(&export);
    assert_eq!(unpack(&server.file_of(&job)).into_keys().collect::<Vec<_>>(), ["talk.json"]);
}

#[test]
fn a_failed_export_is_deleted_with_its_rendering() {
    let (server, export) = undelivered();
    server.as_admin().post("exports.delete", id(&export)).ok();
    assert_eq!(server.names_in("spool"), [""; 0]);
    assert!(server.app.store.job(&JobId::new(&export)).unwrap().is_none());
}

#[test]
fn a_retry_counts_as_an_open_export() {
    let server = TestServer::start_with(|config| config.export.open_per_user = 1);
    let room = server.talkative_room();
    let admin = server.as_admin();
    let failed = accepted(&admin, file_of(&room, "html"));
    server.change_job(&failed, |job| job.state = JobState::Failed);
    let open = accepted(&admin, file_of(&room, "html"));
    let refusal = admin.post("exports.retry", id(&failed));
    assert!(refusal.refusal().contains("error-too-many-exports"), "{}", refusal.text());
    assert_eq!(server.job(&failed).state, JobState::Failed);
    admin.post("exports.cancel", id(&open)).ok();
    admin.post("exports.retry", id(&failed)).ok();
    assert_eq!(export(&admin, file_of(&room, "html")).status(), 400);
}
