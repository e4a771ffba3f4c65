//! However an export is killed, cancelled or loses its rooms: it ends as documented, and nothing that is
//! half done lies under a final name.

use roomscribe::domain::{JobState, RoomKind};
use roomscribe::export::spool::Progress;
use roomscribe::export::verify::verify;
use roomscribe::service::jobs;
use serde_json::json;

use crate::support::TestServer;
use crate::support::exports::{accepted, file_of, unpack};
use crate::support::gate::MANY;

const EIGHT: [&str; 8] = ["html", "json", "ndjson", "csv", "slack", "mattermost", "markdown", "text"];

/// What a killed server may leave beside the state: parts of files under names that are not final.
fn leave_parts(server: &TestServer, export: &str) {
    let spool = server.directory().join("spool").join(export);
    std::fs::create_dir_all(&spool).expect("it works");
    std::fs::create_dir_all(server.directory().join("exports")).expect("it works");
    std::fs::write(spool.join("packed.zip.part"), "PK, and then the power failed").expect("it works");
    std::fs::write(spool.join("packed.zip"), "PK, but of an earlier try").expect("it works");
    let part = server.directory().join(format!("exports/.{export}.zip.1.part"));
    std::fs::write(part, "half of a file").expect("it works");
}

#[test]
fn an_export_that_is_killed_in_any_state_is_done_once_after_the_next_start() {
    use JobState::{Delivering, Queued, Rendering};
    // The state that is kept, whether the rendering was sealed, and whether that was noted.
    let cases = [
        (Queued, false, false),
        (Rendering, false, false),
        (Rendering, true, false),
        (Delivering, true, true),
    ];
    for (state, sealed, noted) in cases {
        for retried in [false, true] {
            let server = TestServer::start();
            let room = server.talkative_room();
            let export = accepted(&server.as_admin(), file_of(&room, "json"));
            if retried {
                server.change_job(&export, |job| (job.state, job.sealed) = (JobState::Failed, noted));
                if noted {
                    server.spool(&export).seal().unwrap();
                }
                server.as_admin().post("exports.retry", json!({"exportId": export})).ok();
            }
            server.change_job(&export, |job| (job.state, job.sealed, job.messages) = (state, noted, 3));
            match (state, sealed) {
                (Queued, _) => {}
                (_, true) if retried && noted => {}
                (_, true) => drop(server.spool(&export).seal().unwrap()),
                (_, false) => drop(server.spool(&export)),
            }
            leave_parts(&server, &export);
            let server = server.reopen();
            server.work();
            let job = server.finished(&export);
            let case = format!("{state:?}, sealed {sealed}, noted {noted}, retried {retried}: {job:?}");
            assert_eq!((job.state, job.messages, job.attempts), (JobState::Done, 3, 1), "{case}");
            let file = server.file_of(&job);
            verify(&file, &Progress::default()).unwrap();
            let expected = if sealed { "from-before.txt" } else { "talk.json" };
            assert_eq!(unpack(&file).into_keys().collect::<Vec<_>>(), [expected], "{case}");
            assert_eq!(server.names_in("exports"), [format!("{export}.zip")], "{case}");
            assert_eq!(server.names_in("spool"), [""; 0], "{case}");
        }
    }
}

#[test]
fn what_was_delivered_but_not_noted_goes_when_nobody_wants_the_export_any_more() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let admin = server.as_admin();
    for (state, endpoint) in [(JobState::Delivering, "exports.cancel"), (JobState::Failed, "exports.delete")]
    {
        let export = accepted(&admin, file_of(&room, "json"));
        server.spool(&export).seal().unwrap();
        server.change_job(&export, |job| (job.state, job.sealed) = (state, true));
        leave_parts(&server, &export);
        std::fs::write(server.directory().join(format!("exports/{export}.zip")), "all of it").unwrap();
        admin.post(endpoint, json!({"exportId": export})).ok();
        assert_eq!(server.names_in("exports"), [""; 0], "{endpoint}");
        assert_eq!(server.names_in("spool"), [""; 0], "{endpoint}");
    }
}

#[test]
fn three_rooms_in_eight_formats_are_cancelled_in_the_middle_and_leave_nothing() {
    let (server, gate) = TestServer::start_gated();
    for room in ["talk", "walk", "balk"] {
        server.long_room(room);
    }
    let admin = server.as_admin();
    let order = json!({"rooms": ["talk", "walk", "balk"], "formats": EIGHT});
    let export = admin.post("exports.create", order).ok()["export"]["_id"].as_str().unwrap().to_owned();
    // The formats want two orders, so that the first room is read twice; it stands still in the second.
    gate.close_after(MANY * 3);
    server.work();
    server.wait_until("it is in the second room", || {
        admin.info(&export)["messages"].as_u64().is_some_and(|messages| messages > MANY)
    });
    assert_eq!(server.names_in("spool").len(), 1, "{:?}", server.names_in("spool"));
    let cancelled = admin.post("exports.cancel", json!({"exportId": export}));
    assert_eq!(cancelled.ok()["export"]["state"], "cancelled");
    gate.open();
    let job = server.finished(&export);
    assert_eq!((job.state, job.file, job.failure), (JobState::Cancelled, None, None));
    assert!(job.messages < 3 * MANY, "{}", job.messages);
    assert_eq!(server.names_in("exports"), [""; 0]);
    assert_eq!(server.names_in("spool"), [""; 0]);
    // The worker goes on with others.
    let next = accepted(&admin, file_of(&server.room(RoomKind::Channel, "stalk", &["admin"]), "html"));
    assert_eq!(server.finished(&next).state, JobState::Done);
}

#[test]
fn an_export_that_loses_one_of_its_rooms_fails_as_a_whole() {
    let (server, gate) = TestServer::start_gated();
    let (room, first) = server.long_export(&gate);
    let admin = server.as_admin();
    server.room(RoomKind::Channel, "walk", &["admin"]);
    admin.post("exports.cancel", json!({"exportId": first})).ok();
    gate.open();
    server.finished(&first);
    gate.close_after(MANY / 3 * 2);
    let order = json!({"rooms": ["walk", "talk"], "formats": ["json", "html"]});
    let export = admin.post("exports.create", order).ok()["export"]["_id"].as_str().unwrap().to_owned();
    server.wait_until("it is in the middle", || {
        admin.info(&export)["messages"].as_u64().is_some_and(|messages| messages > 0)
    });
    server.delete_room(&room);
    gate.open();
    let job = server.finished(&export);
    let reason = "the room was deleted while it was exported";
    assert_eq!((job.state, job.sealed, job.failure.as_deref()), (JobState::Failed, false, Some(reason)));
    assert_eq!(server.names_in("exports"), [""; 0]);
    assert_eq!(server.names_in("spool"), [""; 0]);
    // A retry finds no room, and says so.
    admin.post("exports.retry", json!({"exportId": export})).ok();
    let job = server.finished(&export);
    assert_eq!((job.state, job.failure.as_deref()), (JobState::Failed, Some("the room was deleted")));
}

#[test]
fn a_spool_that_cannot_be_written_fails_the_export_and_a_retry_makes_it() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let export = accepted(&server.as_admin(), file_of(&room, "html"));
    let spool = jobs::spool_directory(&server.app, &server.job(&export).id);
    server.work();
    server.finished(&export);
    server.rest();
    let export = accepted(&server.as_admin(), file_of(&room, "html"));
    std::fs::remove_dir_all(spool.parent().unwrap()).unwrap();
    std::fs::write(spool.parent().unwrap(), "a file where the spools should lie").unwrap();
    let failed = {
        server.resume_work();
        server.finished(&export)
    };
    assert_eq!((failed.state, failed.sealed, failed.file), (JobState::Failed, false, None));
    std::fs::remove_file(spool.parent().unwrap()).unwrap();
    server.as_admin().post("exports.retry", json!({"exportId": export})).ok();
    assert_eq!(server.finished(&export).state, JobState::Done);
    assert_eq!(server.names_in("exports").len(), 2);
    assert_eq!(server.names_in("spool"), [""; 0]);
}
