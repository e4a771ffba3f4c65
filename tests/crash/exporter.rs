//! Somebody who exports rooms into files.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;
use roomscribe::export::spool::Progress;
use roomscribe::export::verify::verify;
use serde_json::{Value, json};

use crate::client::{Answer, Client, text};
use crate::round::Round;
use crate::tally::Tally;

/// After the last kill an export may take this long.
const PATIENCE: Duration = Duration::from_secs(120);

/// An export that the server has accepted.
#[derive(Debug)]
struct Accepted {
    id: String,
    /// How many messages of the journal were acknowledged before it was asked for.
    before: usize,
}

/// Somebody who keeps a journal and exports it, and now and then another room.
pub(crate) struct Exporter {
    pub(crate) client: Client,
    /// The room where nobody deletes anything.
    journal: String,
    other: String,
    /// Ids of messages in the journal that were acknowledged.
    written: Vec<String>,
    accepted: Vec<Accepted>,
}

impl Exporter {
    pub(crate) fn new(client: Client, journal: &str, other: &str) -> Self {
        let (written, accepted) = Default::default();
        Self { client, journal: journal.to_owned(), other: other.to_owned(), written, accepted }
    }

    /// Writes and exports until the server is dead.
    pub(crate) fn export(&mut self, round: &Round<'_>, mut random: StdRng) {
        for count in 0.. {
            if round.is_over() {
                return;
            }
            let id = format!("journal-{}-{count}", round.number);
            let message = json!({"message": {"_id": id, "rid": self.journal, "msg": "dear journal"}});
            if round.judge("message", self.client.post("chat.sendMessage", &message)).is_some() {
                self.written.push(id);
            }
            let format = ["json", "html"][random.random_range(0..2)];
            let (room, before) = match random.random_range(0..40) {
                0 => (&self.other, 0),
                _ => (&self.journal, self.written.len()),
            };
            let body = json!({"rid": room, "type": "file", "format": format});
            if let Some(reply) =
                accepted(round, "export into a file", self.client.post("rooms.export", &body))
            {
                self.accepted.push(Accepted { id: reply, before });
            }
            thread::sleep(Duration::from_millis(random.random_range(0..200)));
        }
    }

    /// Waits until all exports are done, and looks at what they hold and at what lies in their directory.
    pub(crate) fn compare(&mut self, tally: &Tally, directory: &Path, rounds: u64) {
        // The last one must hold everything.
        let body = json!({"rid": self.journal, "type": "file", "format": "json"});
        let last = self.client.post("rooms.export", &body).done();
        self.accepted.push(Accepted { id: text(&last["exportId"]), before: self.written.len() });
        let mut files = BTreeSet::new();
        for (id, format) in finished(tally, &self.client, rounds, &self.ids()) {
            let before =
                self.accepted.iter().find(|export| export.id == id).map_or(0, |export| export.before);
            let zip = directory.join("exports").join(format!("{id}.zip"));
            if let Err(error) = verify(&zip, &Progress::default()) {
                tally.lost(format!("the file of export {id}: {error}"));
            } else if format == "json" {
                self.compare_one(tally, &zip, &id, before);
            }
            files.insert(format!("{id}.zip"));
        }
        let lying = names(&directory.join("exports"));
        if lying != files {
            tally.wrong(format!("exports made {files:?}, but there are {lying:?}"));
        }
    }

    fn ids(&self) -> Vec<&str> {
        self.accepted.iter().map(|export| export.id.as_str()).collect()
    }

    fn compare_one(&self, tally: &Tally, zip: &Path, id: &str, before: usize) {
        let mut archive = zip::ZipArchive::new(File::open(zip).expect("verified")).expect("verified");
        let names = ["journal", "general"].map(|room| format!("{id}/data/{room}.json"));
        let Some(place) = names.iter().find_map(|name| archive.index_for_name(name)) else {
            return tally.lost(format!("export {id} holds no messages"));
        };
        let entry = std::io::BufReader::new(archive.by_index(place).expect("listed"));
        let document: Value = serde_json::from_reader(entry).expect("JSON");
        let ids: Vec<&str> = document["messages"].as_array().map_or_else(Vec::new, |messages| {
            messages.iter().filter_map(|message| message["_id"].as_str()).collect()
        });
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        if unique.len() < ids.len() {
            tally.doubled(format!("messages in export {id}"));
        }
        for lost in self.written[..before].iter().filter(|id| !unique.contains(id.as_str())) {
            tally.lost(format!("message {lost} in export {id}"));
        }
    }
}

/// The id of an accepted export. Who has too many under way is refused, which is no fault.
pub(crate) fn accepted(round: &Round<'_>, kind: &'static str, answer: Answer) -> Option<String> {
    match answer {
        Answer::Refused(400, body) if body["errorType"] == "error-too-many-exports" => None,
        answer => round.judge(kind, answer).map(|reply| text(&reply["exportId"])),
    }
}

/// Waits until all exports of this caller are done. Answers their ids and formats. A kill between the
/// disk and the answer leaves an export that nobody was told of: at most one in each round.
pub(crate) fn finished(tally: &Tally, client: &Client, rounds: u64, known: &[&str]) -> Vec<(String, String)> {
    let began = Instant::now();
    loop {
        let list = client.get("exports.list", "count=0").done();
        let exports = list["exports"].as_array().expect("exports");
        assert_eq!(list["total"], exports.len(), "all of them");
        let open = exports.iter().find(|export| export["state"] != "done");
        if let Some(open) = open {
            let waits = matches!(open["state"].as_str(), Some("queued" | "rendering" | "delivering"));
            assert!(waits && began.elapsed() < PATIENCE, "{open}");
            thread::sleep(Duration::from_millis(50));
            continue;
        }
        let found: Vec<(String, String)> =
            exports.iter().map(|export| (text(&export["_id"]), text(&export["format"]))).collect();
        let unique: BTreeSet<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
        for lost in known.iter().filter(|id| !unique.contains(*id)) {
            tally.lost(format!("export {lost}"));
        }
        if unique.len() < found.len() || (found.len() - known.len()) as u64 > rounds {
            tally.doubled(format!("{} exports, of which {} are known", found.len(), known.len()));
        }
        return found;
    }
}

/// The names in a directory.
pub(crate) fn names(directory: &Path) -> BTreeSet<String> {
    let Ok(entries) = std::fs::read_dir(directory) else { return BTreeSet::new() };
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect()
}
