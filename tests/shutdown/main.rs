//! The real binary, asked to stop while people send, export, download, or only stay connected.
//!
//! A test binary of its own, for it starts processes: see `tests/cli`.

#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

mod server;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use server::{Answer, Caller, Server};

const SENDERS: usize = 8;
/// Answers before the server is asked to stop.
const WARM: usize = 200;

/// What became of the messages of one sender.
#[derive(Default)]
struct Sent {
    acknowledged: Vec<String>,
    unanswered: Vec<String>,
}

/// Sends over one connection until that is closed.
fn send(caller: &Caller, sender: usize, answers: &AtomicUsize) -> Sent {
    let (mut sent, mut connection) = (Sent::default(), caller.connect());
    for number in 0.. {
        let text = format!("sender {sender} number {number}");
        let message = json!({"message": {"rid": "GENERAL", "msg": text}});
        if connection.send(&caller.posting("chat.sendMessage", &message)).is_err() {
            sent.unanswered.push(text);
            break;
        }
        match connection.answer() {
            Answer::Whole { status: 200, is_last, .. } => {
                sent.acknowledged.push(text);
                answers.fetch_add(1, Ordering::SeqCst);
                if is_last {
                    break;
                }
            }
            Answer::Nothing => {
                sent.unanswered.push(text);
                break;
            }
            Answer::Whole { status, .. } => panic!("{text}: {status}"),
        }
    }
    sent
}

/// The texts of the room `GENERAL`.
fn kept(data: &Path) -> BTreeSet<String> {
    let export = Command::new(env!("CARGO_BIN_EXE_roomscribe"))
        .args(["export", "GENERAL", "-f", "json", "-o", "seen", "--data", "."])
        .current_dir(data)
        .output()
        .unwrap();
    assert!(export.status.success(), "{export:?}");
    let export: Value =
        serde_json::from_slice(&std::fs::read(data.join("seen/general.json")).unwrap()).unwrap();
    let messages = export["messages"].as_array().unwrap().iter();
    messages.map(|message| message["msg"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_request_is_answered_and_kept_or_was_never_read() {
    let data = TempDir::new().unwrap();
    let mut server = Server::start(data.path());
    let (caller, answers) = (server.log_in(), AtomicUsize::new(0));
    let sent: Vec<Sent> = thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let (caller, answers) = (&caller, &answers);
                scope.spawn(move || send(caller, sender, answers))
            })
            .collect();
        while answers.load(Ordering::SeqCst) < WARM {
            thread::sleep(Duration::from_millis(1));
        }
        server.ask_to_stop();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    server.ended_well();
    let kept = kept(data.path());
    let lost: Vec<_> =
        sent.iter().flat_map(|sent| &sent.acknowledged).filter(|text| !kept.contains(*text)).collect();
    assert!(lost.is_empty(), "acknowledged, and not there: {lost:?}");
    let secret: Vec<_> =
        sent.iter().flat_map(|sent| &sent.unanswered).filter(|text| kept.contains(*text)).collect();
    assert!(secret.is_empty(), "never answered, and there: {secret:?}");
}

#[test]
fn who_asks_for_nothing_is_not_waited_for() {
    let data = TempDir::new().unwrap();
    let mut server = Server::start(data.path());
    let caller = server.log_in();
    let (mut silent, mut hesitant, mut idle) = (caller.connect(), caller.connect(), caller.connect());
    hesitant.send(b"GET /health HTTP/1.1\r\nHos").unwrap();
    let request = caller.request("GET", "/health", "text/plain", b"");
    idle.send(&request).unwrap();
    assert!(matches!(idle.answer(), Answer::Whole { status: 200, is_last: false, .. }));
    idle.send(&request[..20]).unwrap();
    server.ask_to_stop();
    for connection in [&mut silent, &mut hesitant, &mut idle] {
        assert!(matches!(connection.answer(), Answer::Nothing));
    }
    server.ended_well();
}

/// A file of [`LARGE`] bytes, and the request that fetches it.
fn large_file(caller: &Caller) -> Vec<u8> {
    let head = "--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"large.bin\"\r\n\
                Content-Type: application/octet-stream\r\n\r\n";
    let form = [head.as_bytes(), &vec![7; LARGE], b"\r\n--limit--\r\n"].concat();
    let form =
        caller.request("POST", "/api/v1/rooms.media/GENERAL", "multipart/form-data; boundary=limit", &form);
    let id = caller.successful(&form)["file"]["_id"].as_str().unwrap().to_owned();
    caller.post(&format!("rooms.mediaConfirm/GENERAL/{id}"), &json!({}));
    caller.request("GET", &format!("/file-upload/{id}/large.bin"), "text/plain", b"")
}

/// More than the kernel holds for a reader that does not read.
const LARGE: usize = 40 << 20;

#[test]
fn a_request_and_a_download_under_way_come_to_their_end_and_nobody_else_is_let_in() {
    let data = TempDir::new().unwrap();
    let mut server = Server::start(data.path());
    let caller = server.log_in();
    let request = large_file(&caller);
    let (mut download, mut upload) = (caller.connect(), caller.connect());
    download.send(&request).unwrap();
    let head = download.head();
    let message =
        caller.posting("chat.sendMessage", &json!({"message": {"rid": "GENERAL", "msg": "at last"}}));
    let (first, rest) = message.split_at(message.len() - 5);
    upload.send(first).unwrap();
    // Now the server has read the first part.
    caller.get("/api/v1/me");
    server.ask_to_stop();
    server.refuses();
    upload.send(rest).unwrap();
    assert!(matches!(upload.answer(), Answer::Whole { status: 200, is_last: true, .. }));
    assert!(download.body(&head).iter().all(|byte| *byte == 7));
    server.ended_well();
    assert!(kept(data.path()).contains("at last"));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let data = TempDir::new().unwrap();
    let mut server = Server::start(data.path());
    let caller = server.log_in();
    let mut download = caller.connect();
    download.send(&large_file(&caller)).unwrap();
    assert!(download.head().contains(" 200 "));
    server.ask_to_stop();
    server.refuses();
    server.ask_to_stop();
    let (status, log) = server.ended();
    // Of waiting in vain the end would be a good one, but for a warning.
    assert_eq!(status.code(), Some(1), "{log}");
}

/// A room of so many messages that exporting it takes a while.
fn long_room(data: &Path) {
    let mut lines = String::new();
    for number in 0..30_000 {
        let message = json!({
            "_id": format!("m{number}"), "rid": "long", "msg": "on and on",
            "ts": format!("2024-03-15T{:02}:{:02}:{:02}.000Z", number / 3600, number / 60 % 60, number % 60),
            "u": {"_id": "bob", "username": "bob", "name": "Bob"},
        });
        lines.extend([message.to_string(), "\n".to_owned()]);
    }
    // Beside the data: a directory that holds other things is none for it.
    let elsewhere = TempDir::new().unwrap();
    std::fs::write(elsewhere.path().join("long.ndjson"), lines).unwrap();
    let import = Command::new(env!("CARGO_BIN_EXE_roomscribe"))
        .args(["import", "long.ndjson", "--data"])
        .arg(data)
        .current_dir(elsewhere.path())
        .output()
        .unwrap();
    assert!(import.status.success(), "{import:?}");
}

#[test]
fn exports_under_way_are_done_once_after_the_next_start() {
    let data = TempDir::new().unwrap();
    long_room(data.path());
    let mut server = Server::start(data.path());
    let caller = server.log_in();
    let order = json!({"rid": "long", "type": "file", "format": "html"});
    let ids = [(); 3].map(|()| caller.post("rooms.export", &order)["exportId"].as_str().unwrap().to_owned());
    let state = |caller: &Caller, id: &str| {
        let export = caller.get(&format!("/api/v1/exports.info?exportId={id}"))["export"].clone();
        (export["state"].as_str().unwrap().to_owned(), export["messages"].clone())
    };
    while state(&caller, &ids[0]).0 == "queued" {
        thread::sleep(Duration::from_millis(1));
    }
    server.ask_to_stop();
    server.ended_well();
    let done = |name: &str| std::fs::read_dir(data.path().join(name)).map_or(0, Iterator::count);
    // One is rendered at a time, so at least the last was not at its end.
    assert!(done("exports") < ids.len(), "the room is too short for this test");
    let mut server = Server::start(data.path());
    let caller = server.log_in();
    for id in &ids {
        loop {
            match state(&caller, id) {
                (state, messages) if state == "done" => break assert_eq!(messages, 30_000),
                (state, _) => assert!(["queued", "rendering", "delivering"].contains(&&*state), "{state}"),
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
    server.ask_to_stop();
    server.ended_well();
    assert_eq!((done("exports"), done("spool")), (3, 0), "each once, and nothing is left of the first try");
}
