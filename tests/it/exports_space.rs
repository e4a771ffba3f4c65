//! Exports on a disk that fills up, and what `exports.info` tells meanwhile.

use roomscribe::domain::{Activity, JobState, Upload, UploadId};
use roomscribe::store::Error;
use serde_json::json;

use crate::support::TestServer;
use crate::support::exports::{accepted, file_of};
use crate::support::gate::MANY;

const KEPT_FREE: u64 = 512 << 20;

#[test]
fn an_export_for_which_there_is_no_room_fails_before_it_writes_anything() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let activity = Activity { messages: 1000, ..server.app.store.activity(&room).unwrap() };
    server.app.store.write::<_, Error>(|batch| batch.put_activity(&room, &activity)).unwrap();
    server.upload(&room, "f1", "notes.txt", &[7; 5000]);
    // The same bytes once more, and a file that no message took up: they change nothing.
    server.upload(&room, "f2", "copy.txt", &[7; 5000]);
    server.upload(&room, "f3", "waiting.txt", &[8; 9000]);
    let waiting = server.app.store.upload(&UploadId::new("f3")).unwrap().unwrap();
    let waiting = Upload { confirmed: false, ..waiting };
    server.app.store.write::<_, Error>(|batch| batch.put_upload(&waiting)).unwrap();
    // A rendering and a zip of 600 bytes a message, and of the file.
    let needed = 2 * (1000 * 600 + 5000);
    server.space.set(KEPT_FREE + needed - 1);
    server.work();
    let admin = server.as_admin();
    let export = accepted(&admin, file_of(&room, "json"));
    let job = server.finished(&export);
    let free = KEPT_FREE + needed - 1;
    let reason = format!(
        "the export needs about {needed} bytes of the disk beside the {KEPT_FREE} that must stay free \
         ([export] keep_free_mb), but only {free} are free; make room, then use exports.retry"
    );
    assert_eq!((job.state, job.failure), (JobState::Failed, Some(reason)));
    assert_eq!(server.names_in("spool"), [""; 0]);
    server.space.set(KEPT_FREE + needed);
    admin.post("exports.retry", json!({"exportId": export})).ok();
    assert_eq!(server.finished(&export).state, JobState::Done);
}

#[test]
fn an_export_stops_when_others_fill_the_disk_and_tells_how_far_it_came() {
    let (server, gate) = TestServer::start_gated();
    let (room, export) = server.long_export(&gate);
    server.space.set(KEPT_FREE - 1);
    gate.open();
    let job = server.finished(&export);
    let reason = format!(
        "only {} bytes of the disk are free, of {KEPT_FREE} that must stay free ([export] keep_free_mb); \
         make room, then use exports.retry",
        KEPT_FREE - 1
    );
    assert_eq!((job.state, job.sealed, job.failure), (JobState::Failed, false, Some(reason)));
    assert!(job.messages > 0 && job.messages < MANY, "{}", job.messages);
    assert_eq!(server.names_in("exports"), [""; 0]);
    assert_eq!(server.names_in("spool"), [""; 0]);
    let admin = server.as_admin();
    assert_eq!(admin.info(&export)["messages"], job.messages);
    // Chat goes on all the while, and the export later.
    server.clock.advance(1000);
    let message = json!({"message": {"rid": room.as_str(), "msg": "still here"}});
    admin.post("chat.sendMessage", message).ok();
    server.space.set(u64::MAX);
    admin.post("exports.retry", json!({"exportId": export})).ok();
    let job = server.finished(&export);
    assert_eq!((job.state, job.messages), (JobState::Done, MANY));
}

#[test]
fn a_rendering_that_cannot_be_packed_waits_for_room() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let export = accepted(&server.as_admin(), file_of(&room, "json"));
    server.change_job(&export, |job| (job.state, job.sealed) = (JobState::Delivering, true));
    server.spool(&export).seal().unwrap();
    server.space.set(0);
    server.work();
    server.wait_until("it was tried", || {
        server.job(&export).attempts == 1 && server.app.running.of(&server.job(&export).id).is_none()
    });
    let job = server.job(&export);
    assert!(job.failure.is_some_and(|reason| reason.contains("exports.retry")));
    assert_eq!(server.names_in(&format!("spool/{export}")), ["files", "manifest.ndjson"]);
    server.space.set(u64::MAX);
    server.later(3_600_000);
    let job = server.finished(&export);
    assert_eq!((job.state, job.attempts), (JobState::Done, 2));
}

#[test]
fn a_running_export_tells_its_phase_its_numbers_and_when_it_may_be_done() {
    let (server, gate) = TestServer::start_gated();
    let (_, export) = server.long_export(&gate);
    let admin = server.as_admin();
    let held = admin.info(&export);
    assert_eq!((&held["state"], &held["phase"]), (&json!("rendering"), &json!("rendering")));
    assert_eq!(held["expectedMessages"], MANY);
    let messages = held["messages"].as_u64().unwrap();
    assert!(messages > 0 && messages < MANY, "{messages}");
    // It stands still, so that the longer it takes the longer it will take.
    server.wait_until("it can be judged", || {
        admin.info(&export)["secondsLeft"].as_u64().is_some_and(|seconds| seconds > 0)
    });
    gate.open();
    server.finished(&export);
    let done = admin.info(&export);
    assert_eq!((&done["state"], &done["messages"]), (&json!("done"), &json!(MANY)));
    for gone in ["phase", "expectedMessages", "secondsLeft"] {
        assert!(done.get(gone).is_none(), "{gone}");
    }
    assert!(done["bytes"].as_u64().unwrap() >= held["bytes"].as_u64().unwrap());
}

#[test]
fn what_is_cancelled_tells_how_far_it_came() {
    let (server, gate) = TestServer::start_gated();
    let (_, export) = server.long_export(&gate);
    let admin = server.as_admin();
    let seen = admin.info(&export)["messages"].as_u64().unwrap();
    let cancelled = admin.post("exports.cancel", json!({"exportId": export}));
    gate.open();
    assert!(cancelled.ok()["export"]["messages"].as_u64().unwrap() >= seen);
    assert!(server.finished(&export).messages >= seen);
    assert!(admin.info(&export)["messages"].as_u64().unwrap() >= seen);
}
