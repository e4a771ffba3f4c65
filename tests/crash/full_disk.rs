//! The real binary on a disk that takes no more: every file may only grow to a limit.

use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use serde_json::{Value, json};

use crate::client::{Answer, Client, text};
use crate::exporter::names;
use crate::server::{self, Server};

/// The limit, in blocks of 512 bytes: 2 MiB.
const BLOCKS: u64 = 4096;
const ROOM: &str = "GENERAL";
const PATIENCE: Duration = Duration::from_secs(60);
/// More messages of this size than the limit has room for.
const MOST_MESSAGES: usize = 2000;
const LENGTH: usize = 4000;

/// Bytes that no packing makes smaller.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    StdRng::seed_from_u64(seed).fill_bytes(&mut bytes);
    bytes
}

fn say(client: &Client, id: &str, length: usize) -> Answer {
    let message = json!({"_id": id, "rid": ROOM, "msg": hex::encode(noise(id.len() as u64, length / 2))});
    client.post("chat.sendMessage", &json!({"message": message}))
}

/// Waits until an export is so.
fn wait_until(client: &Client, export: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let info = client.get("exports.info", &format!("exportId={export}")).done()["export"].clone();
        if is_so(&info) {
            return info;
        }
        assert!(began.elapsed() < PATIENCE, "{info}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn files_that_do_not_fit_cost_themselves_and_the_server_goes_on() {
    let directory = tempfile::TempDir::new().unwrap();
    let server = Server::start_on_small_disk(directory.path(), BLOCKS);
    let client = server.log_in("admin");
    let upload =
        |name: &str, length| client.send_file(&format!("rooms.upload/{ROOM}"), name, &noise(1, length));
    let large = upload("large.bin", 3 << 20);
    // Who is still sending when it is refused may find the connection closed before the answer.
    assert!(matches!(large, Answer::Refused(500, _) | Answer::Silence), "{large:?}");
    assert!(names(&directory.path().join("arriving")).is_empty(), "no part of it stays");
    assert!(names(&directory.path().join("uploads")).is_empty());
    for number in 0..3 {
        let name = format!("{number}.bin");
        client.send_file(&format!("rooms.upload/{ROOM}"), &name, &noise(number, 1 << 20)).done();
    }
    let body = json!({"rid": ROOM, "type": "file", "format": "html"});
    let export = text(&client.post("rooms.export", &body).done()["exportId"]);
    let info = wait_until(&client, &export, |info| info["error"].is_string());
    assert_eq!(info["error"], "the disk is full; make room, then use exports.retry");
    assert_eq!(info["state"], "delivering", "rendered, and tried again by itself");
    assert!(names(&directory.path().join("exports")).is_empty());
    say(&client, "afterwards", 10).done();
    server.stop();
    server::check(directory.path());
    // With room it is done, at the next try.
    let server = Server::start(directory.path());
    let client = server.log_in("admin");
    wait_until(&client, &export, |info| info["state"] == "done");
    for _ in 0..100 {
        if names(&directory.path().join("spool")).is_empty() {
            break;
        }
        // It goes once it is noted that the export is done.
        thread::sleep(Duration::from_millis(100));
    }
    assert!(names(&directory.path().join("spool")).is_empty());
    server.stop();
    server::check(directory.path());
}

#[test]
fn a_store_that_cannot_grow_stops_the_server_and_keeps_what_was_acknowledged() {
    let directory = tempfile::TempDir::new().unwrap();
    let server = Server::start_on_small_disk(directory.path(), BLOCKS);
    let client = server.log_in("admin");
    let mut acknowledged = Vec::new();
    for number in 0..MOST_MESSAGES {
        let id = format!("message-{number}");
        match say(&client, &id, LENGTH) {
            Answer::Done(_) => acknowledged.push(id),
            Answer::Refused(status, body) => {
                assert_eq!(status, 500, "{body}");
                break;
            }
            Answer::Silence => break,
        }
    }
    assert!((1..MOST_MESSAGES).contains(&acknowledged.len()), "the disk is full at last");
    assert_eq!(server.ended().code(), Some(1));
    server::check(directory.path());
    let server = Server::start(directory.path());
    let client = server.log_in("admin");
    let kept: Vec<String> = client.history(ROOM).iter().map(|message| text(&message["_id"])).collect();
    let lost: Vec<&String> = acknowledged.iter().filter(|id| !kept.contains(id)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    say(&client, "afterwards", LENGTH).done();
    server.stop();
}
