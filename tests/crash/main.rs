//! The real binary, killed with SIGKILL at random moments while people send and export.
//!
//! Afterwards every acknowledged message must be there once, every accepted export must be done
//! once and hold what was acknowledged before it was asked for, and `check` must find nothing.
//!
//! `CRASH_ROUNDS` (10) and `CRASH_SEED` choose how often and when; a failure prints the seed.

#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

mod server;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use roomscribe::export::spool::Progress;
use roomscribe::export::verify::verify;
use serde_json::{Value, json};

use server::{Client, Server};

const SENDERS: usize = 4;
/// After the last kill an export may take this long.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the server has acknowledged.
#[derive(Default)]
struct Acknowledged {
    messages: Mutex<BTreeSet<String>>,
    exports: Mutex<Vec<Accepted>>,
}

#[derive(Debug)]
struct Accepted {
    id: String,
    format: &'static str,
    /// Messages acknowledged before it was asked for.
    before: BTreeSet<String>,
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_done_twice() {
    let seed = number("CRASH_SEED", rand::random::<u32>().into());
    let rounds = number("CRASH_ROUNDS", 10);
    println!("CRASH_SEED={seed} CRASH_ROUNDS={rounds}");
    let mut random = StdRng::seed_from_u64(seed);
    let directory = tempfile::TempDir::new().unwrap();
    let acknowledged = Arc::new(Acknowledged::default());
    let mut credentials: Option<(String, String)> = None;
    for round in 0..rounds {
        let server = Server::start(directory.path());
        let client = match &credentials {
            None => server.log_in(),
            Some((id, token)) => server.client(id, token),
        };
        credentials = Some((client.id.clone(), client.token.clone()));
        let moment = Duration::from_millis(random.random_range(50..1200));
        one_round(server, &client, &acknowledged, round, moment);
    }
    let (id, token) = credentials.unwrap();
    let server = Server::start(directory.path());
    let client = server.client(&id, &token);
    let sent = acknowledged.messages.lock().unwrap().clone();
    let accepted = std::mem::take(&mut *acknowledged.exports.lock().unwrap());
    println!("{} messages and {} exports were acknowledged", sent.len(), accepted.len());
    assert!(!sent.is_empty() && !accepted.is_empty(), "the rounds did something");
    for export in &accepted {
        finish(&client, export, directory.path());
    }
    // A kill between the disk and the answer: the export is there, and nobody was told of it.
    let untold = untold(&client, &accepted);
    assert!(untold.len() as u64 <= rounds, "at most one in each round: {untold:?}");
    for export in &untold {
        finish(&client, export, directory.path());
    }
    let last =
        client.post("rooms.export", &json!({"rid": "GENERAL", "type": "file", "format": "json"})).unwrap();
    let last = Accepted { id: text(&last["exportId"]), format: "json", before: sent };
    finish(&client, &last, directory.path());
    let files = std::fs::read_dir(directory.path().join("exports")).unwrap();
    let files: BTreeSet<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let expected =
        accepted.iter().chain(&untold).chain([&last]).map(|export| format!("{}.zip", export.id)).collect();
    assert_eq!(files, expected, "each export made one file, and nothing else lies there");
    server.stop();
    server::check(directory.path());
}

/// Sends and exports until the server is killed.
fn one_round(
    server: Server,
    client: &Client,
    acknowledged: &Arc<Acknowledged>,
    round: u64,
    moment: Duration,
) {
    let over = Arc::new(AtomicBool::new(false));
    let mut people = Vec::new();
    for sender in 0..SENDERS {
        let (client, acknowledged, over) = (client.clone(), Arc::clone(acknowledged), Arc::clone(&over));
        people.push(thread::spawn(move || {
            let mut count = 0;
            while !over.load(Ordering::Relaxed) {
                count += 1;
                let message =
                    json!({"rid": "GENERAL", "msg": format!("round {round} sender {sender} number {count}")});
                if let Some(reply) = client.post("chat.sendMessage", &json!({"message": message})) {
                    acknowledged.messages.lock().unwrap().insert(text(&reply["message"]["_id"]));
                }
            }
        }));
    }
    let (exporter, exports, stopped) = (client.clone(), Arc::clone(acknowledged), Arc::clone(&over));
    people.push(thread::spawn(move || {
        for format in ["json", "html"].into_iter().cycle() {
            if stopped.load(Ordering::Relaxed) {
                return;
            }
            let before = exports.messages.lock().unwrap().clone();
            let body = json!({"rid": "GENERAL", "type": "file", "format": format});
            if let Some(reply) = exporter.post("rooms.export", &body) {
                exports.exports.lock().unwrap().push(Accepted {
                    id: text(&reply["exportId"]),
                    format,
                    before,
                });
            }
            thread::sleep(Duration::from_millis(150));
        }
    }));
    thread::sleep(moment);
    server.kill();
    over.store(true, Ordering::Relaxed);
    for person in people {
        person.join().unwrap();
    }
}

/// The exports that the server knows beside the accepted ones; it must know all of those.
fn untold(client: &Client, accepted: &[Accepted]) -> Vec<Accepted> {
    let list = client.get("/api/v1/exports.list?count=0").expect("a list");
    let exports = list["exports"].as_array().unwrap();
    assert_eq!(list["total"], exports.len(), "all of them");
    let mut others: Vec<Accepted> = exports
        .iter()
        .map(|export| {
            let format = if export["format"] == "json" { "json" } else { "html" };
            Accepted { id: text(&export["_id"]), format, before: BTreeSet::new() }
        })
        .collect();
    others.retain(|export| accepted.iter().all(|known| known.id != export.id));
    assert_eq!(others.len() + accepted.len(), exports.len(), "no accepted export is lost");
    others
}

/// Waits until an export is done, and looks at what it holds.
fn finish(client: &Client, export: &Accepted, directory: &std::path::Path) {
    let began = Instant::now();
    loop {
        let info =
            client.get(&format!("/api/v1/exports.info?exportId={}", export.id)).expect("a known export");
        match info["export"]["state"].as_str() {
            Some("done") => break,
            Some("queued" | "rendering" | "delivering") if began.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(50));
            }
            _ => panic!("{info}"),
        }
    }
    let zip = directory.join("exports").join(format!("{}.zip", export.id));
    verify(&zip, &Progress::default()).unwrap();
    if export.format != "json" {
        return;
    }
    let mut archive = zip::ZipArchive::new(std::fs::File::open(zip).unwrap()).unwrap();
    let document: Value =
        serde_json::from_reader(archive.by_name(&format!("{}/data/general.json", export.id)).unwrap())
            .unwrap();
    let ids: Vec<String> =
        document["messages"].as_array().unwrap().iter().map(|message| text(&message["_id"])).collect();
    let unique: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(unique.len(), ids.len(), "no message is there twice");
    let lost: Vec<&String> = export.before.difference(&unique).collect();
    assert!(lost.is_empty(), "acknowledged before the export, and lost: {lost:?}");
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
