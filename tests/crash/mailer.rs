//! Somebody who mails messages to others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::json;

use crate::client::Client;
use crate::exporter::{accepted, finished, names};
use crate::round::Round;
use crate::tally::Tally;

/// After the last kill a mail may take this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody who mails one message again and again.
pub(crate) struct Mailer {
    pub(crate) client: Client,
    room: String,
    message: String,
    /// Accepted exports, and to how many people each goes.
    accepted: BTreeMap<String, usize>,
}

impl Mailer {
    pub(crate) fn new(client: Client, room: &str, message: &str) -> Self {
        Self { client, room: room.to_owned(), message: message.to_owned(), accepted: BTreeMap::new() }
    }

    /// Mails until the server is dead.
    pub(crate) fn mail(&mut self, round: &Round<'_>, mut random: StdRng) {
        while !round.is_over() {
            let people = random.random_range(1..4);
            let to: Vec<String> = (0..people).map(address).collect();
            let body = json!({
                "rid": self.room, "type": "email", "toUsers": [], "toEmails": to, "subject": "Minutes",
                "messages": [self.message],
            });
            if let Some(id) = accepted(round, "export by mail", self.client.post("rooms.export", &body)) {
                self.accepted.insert(id, people);
            }
            thread::sleep(Duration::from_millis(random.random_range(0..200)));
        }
    }

    /// Waits until all mails are out. Each recipient has one of each export, whose Message-ID no other
    /// has; and nothing is left in the queue.
    pub(crate) fn compare(&self, tally: &Tally, directory: &Path, rounds: u64) {
        let known: Vec<&str> = self.accepted.keys().map(String::as_str).collect();
        let exports = finished(tally, &self.client, rounds, &known);
        let began = Instant::now();
        while !names(&directory.join("mails")).is_empty() {
            if began.elapsed() > PATIENCE {
                tally.wrong(format!("mails wait: {:?}", names(&directory.join("mails"))));
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let outbox = directory.join("outbox");
        let mut expected = BTreeSet::new();
        for (id, people) in &self.accepted {
            expected.extend((0..*people).map(|number| (id.clone(), address(number))));
        }
        let (mut found, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for name in names(&outbox) {
            let mail = std::fs::read_to_string(outbox.join(&name)).expect("a text");
            let header = |name: &str| {
                let line = mail.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
                line.trim_matches(|c: char| c.is_whitespace() || c == '<' || c == '>').to_owned()
            };
            let (id, to) = (header("Message-ID:"), header("To:"));
            let Some((job, _)) = id.split_once('@').and_then(|(key, _)| key.rsplit_once('-')) else {
                tally.wrong(format!("{name} in the outbox is no mail of an export"));
                continue;
            };
            if !exports.iter().any(|(known, _)| known == job) {
                tally.doubled(format!("mail {name} of an export that nobody knows"));
            }
            if !ids.insert(id.clone()) || !found.insert((job.to_owned(), to.clone())) {
                tally.doubled(format!("mail {id} to {to}"));
            }
        }
        for (job, to) in expected.difference(&found) {
            tally.lost(format!("the mail of export {job} to {to}"));
        }
        for (job, to) in found.difference(&expected).filter(|(job, _)| self.accepted.contains_key(job)) {
            tally.doubled(format!("the mail of export {job} to {to}, who was not to have it"));
        }
    }
}

fn address(number: usize) -> String {
    format!("reader{number}@example.net")
}
