//! Exports that are interrupted, by their owners and by the server, and what is left of them.

use roomscribe::domain::{Job, JobId, JobState};
use roomscribe::service::jobs;
use roomscribe::store::Error;
use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::exports::{accepted, file_of, unpack};
use crate::support::gate::MANY;

fn entries(server: &TestServer, job: &Job) -> Vec<String> {
    unpack(&server.file_of(job)).into_keys().collect()
}

#[test]
fn an_export_that_is_being_written_is_cancelled_and_leaves_nothing() {
    let (server, gate) = TestServer::start_gated();
    let (room, export) = server.long_export(&gate);
    let admin = server.as_admin();
    let answer = admin.get("exports.info", &format!("exportId={export}"));
    assert_eq!(answer.ok()["export"]["state"], "rendering");
    let answer = admin.post("exports.cancel", json!({"exportId": export}));
    assert_eq!(answer.ok()["export"]["state"], "cancelled");
    gate.open();
    let job = server.finished(&export);
    assert_eq!((job.state, job.file, job.failure), (JobState::Cancelled, None, None));
    assert_eq!(server.names_in("exports"), [""; 0]);
    assert_eq!(server.names_in("spool"), [""; 0]);
    // The worker is free for others.
    let next = accepted(&admin, file_of(&room, "html"));
    assert_eq!(server.finished(&next).state, JobState::Done);
}

#[test]
fn a_server_that_stops_in_the_middle_goes_on_at_its_next_start() {
    let (server, gate) = TestServer::start_gated();
    let (_, export) = server.long_export(&gate);
    let progress = server.app.running.of(&JobId::new(&export)).expect("it is running");
    std::thread::scope(|scope| {
        scope.spawn(|| server.rest());
        server.wait_until("it was told to stop", || progress.work.check().is_err());
        gate.open();
    });
    // It is part of the store, which is closed now.
    drop(gate);
    assert_eq!(server.job(&export).state, JobState::Rendering);
    let server = server.reopen();
    server.work();
    let job = server.finished(&export);
    assert_eq!((job.state, job.messages, job.attempts), (JobState::Done, MANY, 1));
    let document: Value = serde_json::from_slice(&unpack(&server.file_of(&job))["talk.json"]).unwrap();
    assert_eq!(document["messages"].as_array().unwrap().len() as u64, MANY, "none twice, none missing");
    assert_eq!(server.names_in("exports"), [format!("{export}.zip")]);
    assert_eq!(server.names_in("spool"), [""; 0]);
}

#[test]
fn a_room_that_is_deleted_while_it_is_exported_ends_its_export() {
    let (server, gate) = TestServer::start_gated();
    let (room, export) = server.long_export(&gate);
    let record = server.app.store.room(&room).unwrap().unwrap();
    server.app.store.write::<_, Error>(|batch| batch.delete_room(&record)).unwrap();
    gate.open();
    let job = server.finished(&export);
    assert_eq!(job.state, JobState::Failed);
    assert_eq!(job.failure.as_deref(), Some("the room was deleted while it was exported"));
    assert_eq!(server.names_in("exports"), [""; 0]);
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
    assert_eq!(entries(&server, &job), ["talk.json"]);
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
    server.change_job(&export, |job| job.state = JobState::Rendering);
    drop(server.spool(&export));
    let server = server.reopen();
    server.work();
    let job = server.finished(&export);
    assert_eq!((job.state, job.messages), (JobState::Done, 3), "{job:?}");
    assert_eq!(entries(&server, &job), ["talk.json"]);
}

#[test]
fn a_sealed_rendering_is_delivered_and_not_made_again() {
    let server = TestServer::start();
    let room = server.talkative_room();
    for state in [JobState::Rendering, JobState::Delivering] {
        let export = accepted(&server.as_admin(), file_of(&room, "json"));
        server.change_job(&export, |job| (job.state, job.messages) = (state, 7));
        server.spool(&export).seal().unwrap();
        server.work();
        let job = server.finished(&export);
        assert_eq!((job.state, job.messages), (JobState::Done, 7), "{job:?}");
        assert_eq!(entries(&server, &job), ["from-before.txt"]);
        server.rest();
    }
}

#[test]
fn spools_that_belong_to_nothing_are_cleared_away_at_the_start() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let open = accepted(&server.as_admin(), file_of(&room, "json"));
    let cancelled = accepted(&server.as_admin(), file_of(&room, "json"));
    server.as_admin().post("exports.cancel", json!({"exportId": cancelled})).ok();
    for export in [open.as_str(), cancelled.as_str(), "unheard-of"] {
        drop(server.spool(export));
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
    server.spool(&export).seal().unwrap();
    let due = server.app.now().plus(3_600_000);
    server.change_job(&export, |job| {
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
fn an_export_that_waits_for_its_next_try_leaves_nothing_when_it_is_cancelled() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let admin = server.as_admin();
    let export = accepted(&admin, file_of(&room, "html"));
    server.spool(&export).seal().unwrap();
    let due = server.app.now().plus(3_600_000);
    server.change_job(&export, |job| (job.state, job.due) = (JobState::Delivering, due));
    server.work();
    assert_eq!(server.names_in("spool"), [export.as_str()]);
    admin.post("exports.cancel", json!({"exportId": export})).ok();
    assert_eq!(server.names_in("spool"), [""; 0]);
    assert_eq!(server.job(&export).state, JobState::Cancelled);
}
