//! Exports while the disk is full or does not keep what it took.

use roomscribe::domain::JobState;
use roomscribe::service::check::check;
use roomscribe::work::sweep;
use serde_json::json;

use crate::support::exports::{accepted, file_of, mail_of};
use crate::support::{Answer, Caller, TestServer};

/// Asks without taking a failure of the server as a failure of the test.
fn ask(caller: &Caller<'_>, body: &serde_json::Value) -> Answer {
    let headers = [("content-type", "application/json")];
    caller.raw("POST", "/api/v1/rooms.export", &headers, body.to_string())
}

fn assert_failed(answer: &Answer) {
    assert_eq!(answer.status(), 500, "{}", answer.text());
    assert_eq!(answer.body(), &json!({"success": false, "error": "Internal error occured"}));
    assert_eq!(answer.header("content-type"), "application/json");
}

#[test]
fn a_full_disk_accepts_nothing_and_harms_nothing() {
    let (server, disk) = TestServer::start_faulty();
    let room = server.talkative_room();
    let admin = server.as_admin();
    server.app.store.durable_blocking().unwrap();
    disk.fail_writes_after(0);
    assert_failed(&ask(&admin, &file_of(&room, "html")));
    assert_failed(&ask(&admin, &mail_of(&room, &["a@b.cd"], &["m1"])));
    assert_eq!(admin.get("exports.list", "").ok()["total"], 0);
    drop(disk);
    let server = server.reopen();
    server.work();
    let admin = server.as_admin();
    let job = server.finished(&accepted(&admin, file_of(&room, "html")));
    assert_eq!(job.state, JobState::Done);
    assert_eq!(admin.get("exports.list", "").ok()["total"], 1);
}

#[test]
fn an_export_that_cannot_be_kept_fails_and_says_what_to_do() {
    let server = TestServer::start();
    let room = server.talkative_room();
    std::fs::write(server.directory().join("exports"), "in the way").unwrap();
    server.work();
    let admin = server.as_admin();
    let id = accepted(&admin, file_of(&room, "html"));
    assert_eq!(server.finished(&id).state, JobState::Failed);
    let answer = admin.get("exports.info", &format!("exportId={id}"));
    let error = answer.ok()["export"]["error"].as_str().unwrap();
    assert!(error.contains("check `directory` of [plugins.file]"), "{error}");
    assert_eq!(server.names_in("spool"), [id.as_str()], "rendered, and kept for a retry");
}

#[test]
fn what_is_not_on_disk_is_not_acknowledged() {
    let (server, disk) = TestServer::start_faulty();
    let room = server.talkative_room();
    let admin = server.as_admin();
    disk.fail_flushes_after(0);
    assert_failed(&ask(&admin, &file_of(&room, "html")));
    drop(disk);
    let server = server.reopen();
    server.work();
    let job = server.finished(&accepted(&server.as_admin(), file_of(&room, "html")));
    assert_eq!(job.state, JobState::Done);
}

#[test]
fn a_job_whose_state_could_not_be_kept_is_done_when_the_disk_is_well_again() {
    // The states that are kept: rendering, rendered, delivering, done.
    for written in 0..4 {
        let (server, disk) = TestServer::start_faulty();
        let room = server.talkative_room();
        let export = accepted(&server.as_admin(), file_of(&room, "json"));
        disk.fail_writes_after(written);
        // The bell that rang for the export must not start it once more while the disk fails.
        server.has_rung(&server.app.export_bell);
        server.work();
        // In this order: what failed a write was running by then.
        server.wait_until("the job was let go of", || {
            disk.has_failed() && server.app.running.of(&server.job(&export).id).is_none()
        });
        assert!(!server.job(&export).state.is_final());
        drop(disk);
        let server = server.reopen();
        server.work();
        let job = server.finished(&export);
        assert_eq!((job.state, job.messages), (JobState::Done, 3), "after {written} writes: {job:?}");
        assert_eq!(server.names_in("exports"), [format!("{export}.zip")]);
    }
}

#[test]
fn a_disk_that_fails_while_a_file_is_removed_leaves_no_offer_without_a_file() {
    for written in 0..3 {
        let (server, disk) = TestServer::start_faulty();
        let room = server.talkative_room();
        server.work();
        let admin = server.as_admin();
        let export = accepted(&admin, file_of(&room, "json"));
        server.finished(&export);
        server.rest();
        disk.fail_writes_after(written);
        let body = json!({"exportId": export}).to_string();
        let headers = [("content-type", "application/json")];
        let deleted = admin.raw("POST", "/api/v1/exports.delete", &headers, body);
        assert_eq!(deleted.status(), if written < 2 { 500 } else { 200 }, "after {written} writes");
        drop(disk);
        let server = server.reopen();
        let findings = check(&server.app.store, server.directory()).unwrap();
        let wrong = findings.complaints.iter().find(|complaint| complaint.contains("export"));
        assert_eq!(wrong, None, "after {written} writes");
        let admin = server.as_admin();
        let download = || admin.raw("GET", &format!("/data-export/{export}"), &[], "").status();
        assert_eq!(download(), if written == 0 { 200 } else { 404 }, "after {written} writes");
        if written > 0 {
            sweep::tidy(&server.app).unwrap();
            assert_eq!(server.names_in("exports"), [""; 0]);
        }
        if written == 1 {
            let job = server.job(&export);
            assert_eq!((&job.file, job.file_expired), (&None, true));
            admin.post("exports.delete", json!({"exportId": export})).ok();
        }
    }
}
