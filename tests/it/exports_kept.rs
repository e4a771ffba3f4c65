//! How many exports there may be, how much they may take, and for how long they are kept.

use roomscribe::domain::time::DAY;
use roomscribe::domain::{JobId, JobState};
use roomscribe::work::sweep;
use serde_json::{Value, json};

use crate::support::exports::{accepted, export, file_of, mail_of};
use crate::support::{Answer, Caller, TestServer};

fn id(export: &str) -> Value {
    json!({"exportId": export})
}

fn get(caller: &Caller<'_>, export: &str) -> Answer {
    caller.raw("GET", &format!("/data-export/{export}"), &[], "")
}

/// Time passes, and nobody has to log in again.
fn with_patience(server: TestServer) -> TestServer {
    server.set("Accounts_LoginExpiration", &json!(36_500));
    server
}

fn sweep(server: &TestServer) {
    while sweep::sweep_some(&server.app).expect("it works") {}
}

#[test]
fn files_of_one_user_are_limited_and_the_refusal_says_what_to_delete() {
    let server = TestServer::start_with(|config| config.export.kept_mb_per_user = 3);
    let room = server.talkative_room();
    server.grant("mail-messages", &["admin", "user"]);
    server.work();
    let admin = server.as_admin();
    let (small, large) = (accepted(&admin, file_of(&room, "json")), accepted(&admin, file_of(&room, "html")));
    for (export, size) in [(&small, 1), (&large, 2 << 20)] {
        server.finished(export);
        server.change_job(export, |job| job.file.as_mut().unwrap().size = size);
    }
    let text = accepted(&admin, file_of(&room, "text"));
    server.change_job(&small, |job| job.file.as_mut().unwrap().size = 1 << 20);
    let error = format!(
        "Your finished exports take 4 MB of 3 MB that may be kept. Delete some of yours with exports.delete; \
         the largest is {large}, 2 MB. [error-export-quota]"
    );
    server.finished(&text);
    let refused = export(&admin, file_of(&room, "json"));
    assert_eq!(refused.refusal(), error);
    // What leaves no file is not counted, and nobody pays for others.
    accepted(&admin, mail_of(&room, &["a@b.cd"], &["m1"]));
    accepted(&server.as_user("bob"), file_of(&room, "json"));
    admin.post("exports.delete", id(&large)).ok();
    accepted(&admin, file_of(&room, "json"));
}

#[test]
fn files_of_all_users_together_are_limited() {
    let server = TestServer::start_with(|config| config.export.kept_mb = 1);
    let room = server.talkative_room();
    server.grant("mail-messages", &["admin", "user"]);
    server.work();
    let kept = accepted(&server.as_admin(), file_of(&room, "json"));
    server.finished(&kept);
    server.change_job(&kept, |job| job.file.as_mut().unwrap().size = 1 << 20);
    let error = "The finished exports on this server take 1 MB of 1 MB that may be kept. Ask again later, or ask an \
                 administrator to delete some or to allow more. [error-export-quota]";
    let bob = server.as_user("bob");
    assert_eq!(export(&bob, file_of(&room, "json")).refusal(), error);
    server.as_admin().post("exports.delete", id(&kept)).ok();
    accepted(&bob, file_of(&room, "json"));
}

#[test]
fn open_exports_of_all_users_together_are_limited() {
    let server = TestServer::start_with(|config| config.export.open = 2);
    let room = server.talkative_room();
    server.grant("mail-messages", &["admin", "user"]);
    let first = accepted(&server.as_admin(), file_of(&room, "html"));
    accepted(&server.as_user("bob"), file_of(&room, "html"));
    let error = "There are 2 exports under way on this server. Ask again when some of them are done. \
                 [error-too-many-exports]";
    assert_eq!(export(&server.as_user("carol"), file_of(&room, "html")).status(), 400);
    assert_eq!(export(&server.as_user("bob"), file_of(&room, "html")).refusal(), error);
    server.as_admin().post("exports.cancel", id(&first)).ok();
    accepted(&server.as_user("bob"), file_of(&room, "html"));
}

#[test]
fn a_file_goes_when_its_time_is_over_and_its_record_later() {
    let server = with_patience(TestServer::start());
    let room = server.talkative_room();
    server.work();
    let admin = server.as_admin();
    let export = accepted(&admin, file_of(&room, "json"));
    server.finished(&export);
    server.rest();
    assert_eq!(admin.info(&export)["file"]["expiresAt"], "2024-04-14T10:20:30.123Z");
    server.clock.advance(30 * DAY - 1);
    sweep(&server);
    assert_eq!(get(&admin, &export).status(), 200);
    server.clock.advance(1);
    let other = accepted(&admin, file_of(&room, "html"));
    sweep(&server);
    let info = admin.info(&export);
    assert_eq!((&info["state"], &info["fileExpired"]), (&json!("done"), &json!(true)));
    assert_eq!(info["file"], Value::Null);
    assert_eq!(server.names_in("exports"), [""; 0]);
    let (gone, unknown) = (get(&admin, &export), get(&admin, "nope"));
    assert_eq!((gone.status(), gone.text()), (unknown.status(), unknown.text()));
    assert_eq!(gone.status(), 404);
    assert_eq!(server.job(&other).state, JobState::Queued, "open ones have all the time in the world");
    server.clock.advance(335 * DAY - 1);
    sweep(&server);
    assert!(server.app.store.job(&JobId::new(&export)).unwrap().is_some());
    server.clock.advance(1);
    sweep(&server);
    assert!(server.app.store.job(&JobId::new(&export)).unwrap().is_none());
    assert_eq!(admin.get("exports.list", "").ok()["total"], 1);
    // What happened to it is still known.
    let entries = admin.get("exports.audit", &format!("exportId={export}"));
    let entries = entries.ok()["entries"].as_array().unwrap();
    let events: Vec<&str> = entries.iter().map(|entry| entry["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["expired", "downloaded", "done", "asked"]);
}

#[test]
fn what_is_kept_for_ever_is_kept_with_its_record() {
    let server = with_patience(TestServer::start_with(|config| {
        (config.export.keep_days, config.export.keep_records_days) = (0, 1);
    }));
    let room = server.talkative_room();
    server.work();
    let admin = server.as_admin();
    let export = accepted(&admin, file_of(&room, "json"));
    server.finished(&export);
    server.rest();
    let cancelled = accepted(&admin, file_of(&room, "json"));
    admin.post("exports.cancel", id(&cancelled)).ok();
    assert!(admin.info(&export)["file"].get("expiresAt").is_none());
    server.clock.advance(1000 * DAY);
    sweep(&server);
    assert_eq!(get(&admin, &export).status(), 200);
    assert_eq!(admin.get("exports.list", "").ok()["total"], 1, "what has no file is forgotten");
}

#[test]
fn many_files_are_deleted_in_parts_until_none_is_left() {
    let server = with_patience(TestServer::start_with(|config| config.export.keep_audit_days = 40));
    let room = server.talkative_room();
    server.work();
    let admin = server.as_admin();
    let export = accepted(&admin, file_of(&room, "json"));
    let job = server.finished(&export);
    server.rest();
    for number in 0..450 {
        let mut copy = job.clone();
        copy.id = JobId::new(format!("copy{number}"));
        copy.file.as_mut().unwrap().path = format!("exports/{}.zip", copy.id);
        std::fs::write(server.file_of(&copy), "a zip").unwrap();
        server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_job(&copy)).unwrap();
    }
    server.clock.advance(31 * DAY);
    assert!(sweep::sweep_some(&server.app).unwrap(), "there is more");
    assert_eq!(server.names_in("exports").len(), 251);
    sweep(&server);
    assert_eq!(server.names_in("exports"), [""; 0]);
    assert_eq!(admin.get("exports.audit", "").ok()["total"], 453);
    server.clock.advance(10 * DAY);
    sweep(&server);
    assert_eq!(admin.get("exports.audit", "").ok()["total"], 451, "asked and done were long ago");
    server.clock.advance(31 * DAY);
    sweep(&server);
    assert_eq!(admin.get("exports.audit", "").ok()["total"], 0);
    let volumes = server.app.store.check().unwrap();
    let audit = volumes.iter().find(|volume| volume.kind == "audit of a job").unwrap();
    assert_eq!(audit.records, 0);
}
