//! Backups of a server that runs: consistent, complete, and in nobody's way.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use roomscribe::domain::{MessageId, RoomId, RoomKind};
use roomscribe::service::backup::{MANIFEST, Manifest, Progress, make};
use roomscribe::service::check::check;
use roomscribe::store::backup::Error;
use roomscribe::store::{Store, Volume};
use roomscribe::work::backup::{Request, Said, socket};
use serde_json::json;
use tempfile::TempDir;

use crate::support::exports::{accepted, file_of};
use crate::support::work::again;
use crate::support::{Caller, TestServer};

/// Asks a server for a backup, as the command does.
fn request(server: &TestServer, directory: &Path) -> BufReader<UnixStream> {
    let (path, _directory) = socket(server.directory()).expect("a path");
    server.wait_until("the server listens", || path.exists());
    let mut stream = UnixStream::connect(path).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("set");
    let line = serde_json::to_string(&Request::Backup(directory.to_owned())).expect("JSON") + "\n";
    stream.write_all(line.as_bytes()).expect("asked");
    BufReader::new(stream)
}

/// The last thing that the server says.
fn outcome(server: BufReader<UnixStream>) -> Said {
    let lines = server.lines().map(|line| serde_json::from_str(&line.expect("text")).expect("JSON"));
    lines.last().expect("an answer")
}

fn asked(server: &TestServer, directory: &Path) -> Manifest {
    match outcome(request(server, directory)) {
        Said::Done(manifest) => manifest,
        other => panic!("{other:?}"),
    }
}

/// The names in a directory.
fn names(directory: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect()
}

/// Opens the backup and finds nothing wrong in it.
fn opened(directory: &Path) -> Store {
    let store = again(|| Store::open(directory, 16 << 20)).expect("the backup opens");
    let findings = check(&store, directory).expect("readable");
    assert_eq!(findings.complaints, [] as [&str; 0]);
    store
}

fn send(caller: &Caller<'_>, room: &RoomId, text: &str) -> String {
    let body = json!({"message": {"rid": room.as_str(), "msg": text}});
    caller.post("chat.sendMessage", body).ok()["message"]["_id"].as_str().expect("an id").to_owned()
}

/// A room with three messages.
fn talk(server: &TestServer) -> RoomId {
    let room = server.room(RoomKind::Channel, "talk", &["admin"]);
    for text in ["first", "second", "third"] {
        send(&server.as_admin(), &room, text);
    }
    room
}

/// A server with a room, uploads, a finished export and a mail that waits; its work runs.
fn busy_server() -> (TestServer, RoomId) {
    let server = TestServer::start();
    let room = talk(&server);
    server.work();
    let admin = server.as_admin();
    for name in ["one", "two", "one"] {
        let path = format!("rooms.media/{room}");
        let sent = admin.send_file(&path, (&format!("{name}.txt"), "text/plain", name.as_bytes()), &[]);
        let file = sent.ok()["file"]["_id"].as_str().expect("an id").to_owned();
        admin.post(&format!("rooms.mediaConfirm/{room}/{file}"), json!({})).ok();
    }
    let export = accepted(&admin, file_of(&room, "json"));
    server.finished(&export);
    (server, room)
}

#[test]
fn a_backup_is_a_data_directory_with_everything_in_it() {
    let (server, room) = busy_server();
    let elsewhere = TempDir::new().unwrap();
    let target = elsewhere.path().join("backup");
    let manifest = asked(&server, &target);
    assert_eq!((manifest.uploads, manifest.exports), (2, 1), "{manifest:?}");
    assert_eq!(manifest.version, env!("CARGO_PKG_VERSION"));
    let kept: Manifest = serde_json::from_slice(&std::fs::read(target.join(MANIFEST)).unwrap()).unwrap();
    assert_eq!(kept, manifest);
    let expected = ["backup.json", "exports", "signing-key", "store", "uploads"];
    assert_eq!(names(&target), expected.map(str::to_owned).into(), "no lock, nothing half-arrived");
    assert_eq!(names(elsewhere.path()), ["backup".to_owned()].into());

    let (here, there) = (server.app.store.check().unwrap(), opened(&target).check().unwrap());
    assert_eq!(here, there);
    let counts = there.iter().filter(|volume| volume.records > 0);
    assert_eq!(counts.map(|volume| (volume.kind.to_owned(), volume.records)).collect::<Vec<_>>(), {
        let mut listed = Vec::new();
        for Volume { kind: name, .. } in &there {
            listed.extend(manifest.records.get(*name).map(|count| ((*name).to_owned(), *count)));
        }
        listed
    });
    assert!(manifest.records["message"] >= 6, "{room}: {manifest:?}");
    let key = |directory: &Path| std::fs::read(directory.join("signing-key")).unwrap();
    assert_eq!(key(&target), key(server.directory()));
}

#[test]
fn what_was_acknowledged_is_in_a_backup_that_is_made_under_load() {
    let (server, _) = busy_server();
    let rooms: Vec<RoomId> =
        (0..4).map(|number| server.room(RoomKind::Channel, &format!("room{number}"), &["admin"])).collect();
    // So much that the copying takes a while.
    for room in &rooms {
        let sender = server.as_admin();
        for number in 0..150 {
            send(&sender, room, &format!("{number} {}", "early ".repeat(500)));
        }
    }
    let over = AtomicBool::new(false);
    let acknowledged: Mutex<Vec<String>> = Mutex::default();
    let elsewhere = TempDir::new().unwrap();
    let target = elsewhere.path().join("backup");
    let (before, manifest) = thread::scope(|scope| {
        for room in &rooms {
            let (server, over, acknowledged) = (&server, &over, &acknowledged);
            scope.spawn(move || {
                let sender = server.as_admin();
                let mut number = 0;
                while !over.load(Ordering::Relaxed) {
                    number += 1;
                    let id = send(&sender, room, &format!("late {number}"));
                    if number % 5 == 0 {
                        let body = json!({"roomId": room.as_str(), "msgId": id});
                        sender.post("chat.delete", body).ok();
                    } else {
                        let body = json!({"roomId": room.as_str(), "msgId": id, "text": "changed"});
                        sender.post("chat.update", body).ok();
                        acknowledged.lock().expect("whole").push(id);
                    }
                    let file = ("late.txt", "text/plain", id_bytes(number));
                    sender.send_file(&format!("rooms.media/{room}"), (file.0, file.1, &file.2), &[]).ok();
                }
            });
        }
        server.wait_until("everybody sends", || acknowledged.lock().expect("whole").len() > 20);
        let before = acknowledged.lock().expect("whole").clone();
        let manifest = asked(&server, &target);
        over.store(true, Ordering::Relaxed);
        (before, manifest)
    });
    assert!(acknowledged.lock().unwrap().len() > before.len(), "people sent while it was made");
    let copy = opened(&target);
    for id in &before {
        let message = copy.message(&MessageId::new(id)).unwrap().expect("acknowledged before");
        assert_eq!(message.text, "changed");
    }
    let there: u64 = copy.check().unwrap().iter().map(|volume| volume.records).sum();
    assert_eq!(manifest.all_records(), there);
    drop(copy);

    // A server starts from it, and what it exports is whole.
    let mut config = server.app.config.clone();
    config.server.data = target.clone();
    let store = again(|| Store::open(&target, 16 << 20)).unwrap();
    let registry = roomscribe::export::plugins::registry(&config).unwrap();
    let app = roomscribe::app::App::new(config, store, registry, server.clock.clone()).unwrap();
    assert_eq!(app.signer.public_key(), server.app.signer.public_key());
}

fn id_bytes(number: usize) -> Vec<u8> {
    number.to_string().into_bytes()
}

#[test]
fn a_file_that_is_deleted_meanwhile_is_still_in_the_backup_and_goes_afterwards() {
    let server = TestServer::start();
    let room = talk(&server);
    let admin = server.as_admin();
    let sent = admin.send_file(&format!("rooms.media/{room}"), ("a.txt", "text/plain", b"bytes"), &[]);
    sent.ok();
    let blobs = server.app.store.blobs();
    assert_eq!(server.blobs(), 1);
    let held = blobs.hold();
    let sha256: [u8; 32] = {
        let mut found = None;
        blobs
            .each(|sha256| {
                found = Some(sha256);
                Ok(())
            })
            .unwrap();
        found.unwrap()
    };
    let file = sent.ok()["file"]["_id"].as_str().unwrap();
    let upload = roomscribe::domain::UploadId::new(file);
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.delete_upload(&upload)).unwrap();
    server.app.store.remove_blob_if_unused(&sha256).unwrap();
    assert_eq!(server.blobs(), 1, "it is held");
    drop(held);
    assert!(blobs.take_held_back() && !blobs.take_held_back(), "told once");
    roomscribe::work::sweep::remove_orphans(&server.app).unwrap();
    assert_eq!(server.blobs(), 0);
}

#[test]
fn who_goes_away_cancels_and_leaves_nothing() {
    let (server, room) = busy_server();
    let admin = server.as_admin();
    for number in 0..200 {
        send(&admin, &room, &format!("{number} {}", "long ".repeat(900)));
    }
    let elsewhere = TempDir::new().unwrap();
    let unfinished = elsewhere.path().join("backup.unfinished");
    let stream = request(&server, &elsewhere.path().join("backup"));
    server.wait_until("it has begun", || unfinished.exists());
    drop(stream);
    server.wait_until("it is cleared away", || !unfinished.exists());
    if names(elsewhere.path()).is_empty() {
        // It may have been faster than the cancelling.
        asked(&server, &elsewhere.path().join("backup"));
    }
    opened(&elsewhere.path().join("backup"));
}

#[test]
fn a_backup_that_is_cancelled_is_gone() {
    let server = TestServer::start();
    talk(&server);
    let elsewhere = TempDir::new().unwrap();
    let progress = Progress::default();
    progress.cancel();
    let cancelled = make(&server.app, &elsewhere.path().join("backup"), &progress);
    assert!(matches!(cancelled, Err(Error::Cancelled)), "{cancelled:?}");
    assert!(names(elsewhere.path()).is_empty());
    make(&server.app, &elsewhere.path().join("backup"), &Progress::default()).unwrap();
}

#[test]
fn there_is_one_at_a_time_and_the_second_is_told() {
    let server = TestServer::start();
    talk(&server);
    let elsewhere = TempDir::new().unwrap();
    let first = elsewhere.path().join("first");
    std::fs::create_dir(&first).unwrap();
    let refused = thread::scope(|scope| {
        let (asked, wait) = std::sync::mpsc::channel();
        let (server, first) = (&server, &first);
        scope.spawn(move || {
            // Holds the journal, as a backup does while it copies.
            server.app.store.copy_records(first, &mut |_| {
                let _ = asked.send(());
                thread::sleep(Duration::from_millis(300));
                Ok(())
            })
        });
        wait.recv().unwrap();
        make(&server.app, &elsewhere.path().join("second"), &Progress::default())
    });
    assert!(matches!(refused, Err(Error::Busy)), "{refused:?}");
    assert_eq!(names(elsewhere.path()), ["first".to_owned()].into());
}

#[test]
fn what_is_there_is_not_replaced_and_what_a_crash_left_is() {
    let server = TestServer::start();
    talk(&server);
    let elsewhere = TempDir::new().unwrap();
    let target = elsewhere.path().join("backup");
    let unfinished = elsewhere.path().join("backup.unfinished");
    let attempt = || make(&server.app, &target, &Progress::default());

    std::fs::create_dir(&unfinished).unwrap();
    std::fs::write(unfinished.join("diary"), "mine").unwrap();
    let error = attempt().unwrap_err();
    assert!(matches!(&error, Error::InTheWay(path) if *path == unfinished), "{error}");
    assert_eq!(names(&unfinished), ["diary".to_owned()].into());

    // As a killed server leaves it.
    std::fs::write(unfinished.join("unfinished-backup"), "").unwrap();
    std::fs::create_dir(&target).unwrap();
    attempt().unwrap();
    assert_eq!(names(elsewhere.path()), ["backup".to_owned()].into());
    drop(opened(&target));

    let error = attempt().unwrap_err();
    assert!(matches!(&error, Error::Taken(path) if *path == target) && error.is_usage(), "{error}");
    let file: PathBuf = elsewhere.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = make(&server.app, &file, &Progress::default()).unwrap_err();
    assert!(matches!(error, Error::Taken(_)), "{error}");
}

#[test]
fn a_disk_that_is_too_full_stops_the_backup_and_nothing_else() {
    let (server, room) = busy_server();
    let elsewhere = TempDir::new().unwrap();
    server.space.set(1 << 20);
    let said = outcome(request(&server, &elsewhere.path().join("backup")));
    let Said::Failed { reason, usage: false } = said else { panic!("{said:?}") };
    assert!(reason.contains("only 1048576 bytes are free") && reason.contains("make room"), "{reason}");
    assert!(names(elsewhere.path()).is_empty());
    send(&server.as_admin(), &room, "still here");
    assert!(!server.app.store.has_failed());
}

#[test]
fn a_backup_of_data_that_cannot_be_written_to_says_where() {
    let server = TestServer::start();
    talk(&server);
    let elsewhere = TempDir::new().unwrap();
    let file = elsewhere.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = make(&server.app, &file.join("backup"), &Progress::default()).unwrap_err();
    assert!(error.to_string().contains("file/backup"), "{error}");
}

#[test]
fn the_socket_is_the_owners_and_nonsense_is_answered() {
    use std::os::unix::fs::PermissionsExt;
    let server = TestServer::start();
    std::fs::write(server.directory().join("control.sock"), "left by somebody").unwrap();
    server.work();
    let (path, _directory) = socket(server.directory()).unwrap();
    let metadata = || std::fs::metadata(&path).unwrap();
    server.wait_until("the server listens", || UnixStream::connect(&path).is_ok());
    assert_eq!(metadata().permissions().mode() & 0o777, 0o600);
    for nonsense in ["{}\n", "\n", "{\"backup\": \"relative\"}\n", "{\"stop\": true}\n"] {
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.write_all(nonsense.as_bytes()).unwrap();
        let said = outcome(BufReader::new(stream));
        assert!(matches!(said, Said::Failed { .. }), "{nonsense}: {said:?}");
    }
    server.rest();
    assert!(!path.exists());
}

#[test]
fn a_data_directory_with_a_long_path_has_a_socket_too() {
    let long = TempDir::new().unwrap();
    let deep = long.path().join("d".repeat(120));
    std::fs::create_dir(&deep).unwrap();
    let (path, directory) = socket(&deep).unwrap();
    assert!(directory.is_some() && path.as_os_str().len() < 100, "{path:?}");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    assert!(deep.join("control.sock").exists());
    UnixStream::connect(path).unwrap();
    drop(listener);
}
