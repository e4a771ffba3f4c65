//! Somebody who sends files, at once and in two steps, and deletes them again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::{Client, text};
use crate::round::Round;
use crate::tally::Tally;

/// What nobody needs is cleared away soon after a start.
const PATIENCE: Duration = Duration::from_secs(60);

/// How far a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Not there.
    None,
    /// Kept, without a message.
    Kept,
    /// Shown by a message.
    Shown,
    /// Deleted with its message.
    Deleted,
}

struct Sent {
    /// Nobody else's file has it.
    name: String,
    /// What its bytes are made from.
    seed: u64,
    /// Unknown if the answer was lost.
    id: Option<String>,
    must: Stage,
    may: Option<Stage>,
}

/// Somebody who sends files to one room.
pub(crate) struct SenderOfFiles {
    pub(crate) client: Client,
    room: String,
    sent: Vec<Sent>,
    touched: BTreeSet<usize>,
}

impl SenderOfFiles {
    pub(crate) fn new(client: Client, room: &str) -> Self {
        Self { client, room: room.to_owned(), sent: Vec::new(), touched: BTreeSet::new() }
    }

    /// Sends until the server is dead.
    pub(crate) fn send(&mut self, round: &Round<'_>, mut random: StdRng) {
        let mut count = 0;
        while !round.is_over() {
            count += 1;
            let recent = self.recent(&mut random);
            match (random.random_range(0..10), recent.map(|place| (place, self.sent[place].must))) {
                (0..6, Some((place, Stage::Kept))) => self.confirm(round, place),
                (0..3, Some((place, Stage::Shown))) => self.delete(round, place),
                (roll, _) => {
                    let name = format!("file-{}-{count}.txt", round.number);
                    self.sent.push(Sent {
                        name,
                        seed: seed(&mut random),
                        id: None,
                        must: Stage::None,
                        may: None,
                    });
                    self.bring(round, self.sent.len() - 1, roll % 2 == 0);
                }
            }
        }
    }

    fn recent(&self, random: &mut StdRng) -> Option<usize> {
        let place = self.sent.len().checked_sub(random.random_range(1..=8))?;
        let file = &self.sent[place];
        (file.id.is_some() && file.may.is_none()).then_some(place)
    }

    fn bring(&mut self, round: &Round<'_>, place: usize, at_once: bool) {
        let (endpoint, kind, stage) = if at_once {
            ("rooms.upload", "file", Stage::Shown)
        } else {
            ("rooms.media", "file to confirm", Stage::Kept)
        };
        let endpoint = format!("{endpoint}/{}", self.room);
        self.expect(place, stage);
        let file = &self.sent[place];
        let answer = self.client.send_file(&endpoint, &file.name, &content(file.seed));
        if let Some(reply) = round.judge(kind, answer) {
            let id = if at_once { &reply["message"]["file"]["_id"] } else { &reply["file"]["_id"] };
            self.sent[place].id = Some(text(id));
            self.reached(place);
        }
    }

    fn confirm(&mut self, round: &Round<'_>, place: usize) {
        let endpoint = format!("rooms.mediaConfirm/{}/{}", self.room, self.id(place));
        self.expect(place, Stage::Shown);
        let answer = self.client.post(&endpoint, &json!({"msg": "a file"}));
        if round.judge("confirmation of a file", answer).is_some() {
            self.reached(place);
        }
    }

    fn delete(&mut self, round: &Round<'_>, place: usize) {
        let body = json!({"roomId": self.room, "fileId": self.id(place)});
        self.expect(place, Stage::Deleted);
        if round.judge("deletion of a file", self.client.post("chat.delete", &body)).is_some() {
            self.reached(place);
        }
    }

    fn id(&self, place: usize) -> &str {
        self.sent[place].id.as_deref().expect("only known files are chosen")
    }

    fn expect(&mut self, place: usize, stage: Stage) {
        self.touched.insert(place);
        self.sent[place].may = Some(stage);
    }

    fn reached(&mut self, place: usize) {
        let file = &mut self.sent[place];
        file.must = file.may.take().expect("expected before");
    }

    /// After a start: finds out what has happened to the files that were touched before it.
    pub(crate) fn look_back(&mut self, tally: &Tally) {
        for place in std::mem::take(&mut self.touched) {
            let name = &self.sent[place].name;
            let list = self.client.get("channels.files", &format!("roomId={}&name={name}", self.room)).done();
            let listed = list["files"].as_array().expect("files");
            if listed.len() > 1 {
                tally.doubled(format!("file {name}: {listed:?}"));
            }
            let shown = listed.first().map(|file| text(&file["_id"]));
            self.settle(tally, place, shown);
        }
    }

    /// The messages with files of this sender by the names of those; each has one.
    fn shown(&self, tally: &Tally) -> BTreeMap<String, Value> {
        let mut shown = BTreeMap::new();
        for message in self.client.history(&self.room) {
            let Some(name) = message["file"]["name"].as_str() else { continue };
            if let Some(other) = shown.insert(name.to_owned(), message.clone()) {
                tally.doubled(format!("file {name} is shown by {} and {}", other["_id"], message["_id"]));
            }
        }
        shown
    }

    /// Compares one file with what is acknowledged of it; `shown` is its id if a message shows it.
    fn settle(&mut self, tally: &Tally, place: usize, shown: Option<String>) {
        let file = &mut self.sent[place];
        let is_shown = shown.is_some();
        file.id = shown.or(file.id.take());
        let bytes =
            file.id.as_ref().and_then(|id| self.client.download(&format!("/file-upload/{id}/{}", file.name)));
        let found = match (is_shown, &bytes) {
            (true, Some(_)) => Stage::Shown,
            (false, Some(_)) => Stage::Kept,
            (true, None) => {
                tally.lost(format!("file {} is shown, but its bytes are gone", file.name));
                return;
            }
            (false, None) if matches!((file.must, file.may), (Stage::Shown | Stage::Deleted, _)) => {
                Stage::Deleted
            }
            (false, None) => Stage::None,
        };
        if bytes.is_some_and(|bytes| bytes != content(file.seed)) {
            tally.lost(format!("the bytes of file {} are others", file.name));
        }
        if found != file.must && Some(found) != file.may {
            tally.lost(format!(
                "file {} is {found:?}; acknowledged was {:?}, asked for {:?}",
                file.name, file.must, file.may
            ));
        }
        // Without its id nobody can tell whether a file was kept for later.
        let unsure = found == Stage::None && file.may == Some(Stage::Kept);
        file.must = found;
        if !unsure {
            file.may = None;
        }
    }

    /// Compares everything: messages, downloads, and what lies in the directory of uploads. Answers the
    /// ids of the messages that are accounted for.
    pub(crate) fn compare(&mut self, tally: &Tally, directory: &Path) -> BTreeSet<String> {
        let shown = self.shown(tally);
        for place in 0..self.sent.len() {
            let message = shown.get(&self.sent[place].name);
            self.settle(tally, place, message.map(|message| text(&message["file"]["_id"])));
        }
        let names: BTreeSet<&str> = self.sent.iter().map(|file| file.name.as_str()).collect();
        for name in shown.keys().filter(|name| !names.contains(name.as_str())) {
            tally.doubled(format!("file {name}, which nobody sent"));
        }
        let blobs = |is_wanted: &dyn Fn(&Sent) -> bool| -> BTreeSet<String> {
            let wanted = self.sent.iter().filter(|file| is_wanted(file));
            wanted.map(|file| hex::encode(Sha256::digest(content(file.seed)))).collect()
        };
        let is_there = |file: &Sent| matches!(file.must, Stage::Kept | Stage::Shown);
        let must = blobs(&is_there);
        let may = blobs(&|file| is_there(file) || file.may == Some(Stage::Kept));
        let began = Instant::now();
        loop {
            let lying = files_below(&directory.join("uploads"));
            if must.is_subset(&lying) && lying.is_subset(&may) {
                break;
            }
            if began.elapsed() > PATIENCE {
                let (gone, left): (Vec<_>, Vec<_>) =
                    (must.difference(&lying).collect(), lying.difference(&may).collect());
                tally.wrong(format!("bytes of uploads: gone {gone:?}, left behind {left:?}"));
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        shown.values().map(|message| text(&message["_id"])).collect()
    }
}

/// What the bytes of a new file are made from. Now and then they are those of another.
fn seed(random: &mut StdRng) -> u64 {
    if random.random_bool(0.25) { random.random_range(0..5) } else { random.next_u64() }
}

fn content(seed: u64) -> Vec<u8> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut bytes = vec![0; random.random_range(1..60_000)];
    random.fill_bytes(&mut bytes);
    bytes
}

/// The names of the blobs, directory and file together.
fn files_below(directory: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for part in std::fs::read_dir(directory).expect("readable").map(|part| part.expect("an entry")) {
        for file in std::fs::read_dir(part.path()).expect("readable") {
            let names = [part.file_name(), file.expect("an entry").file_name()];
            files.insert(names.map(|name| name.into_string().expect("UTF-8")).concat());
        }
    }
    files
}
