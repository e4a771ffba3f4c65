//! Everybody who works with the server, and what is true of all they have done together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::thread::Scope;

use serde_json::{Value, json};

use crate::client::{Client, text};
use crate::exporter::{Exporter, names};
use crate::housekeeper::Housekeeper;
use crate::mailer::Mailer;
use crate::round::{Round, choices};
use crate::sender_of_files::SenderOfFiles;
use crate::server::{PASSWORD, Server};
use crate::talker::Talker;
use crate::tally::Tally;

/// Where everybody talks.
const ROOM: &str = "GENERAL";
/// Who talks, and who of them replies in threads.
const TALKERS: [(&str, bool); 4] = [("ann", false), ("bea", false), ("cid", true), ("dan", true)];
/// Who works otherwise. Rita only reads.
const OTHERS: [&str; 6] = ["eve", "flo", "gus", "hal", "ida", "rita"];
/// How many threads all reply to.
const THREADS: usize = 3;

/// All of them.
pub(crate) struct People {
    talkers: Vec<Talker>,
    files: SenderOfFiles,
    housekeeper: Housekeeper,
    exporter: Exporter,
    mailer: Mailer,
    rita: Client,
    journal: String,
    /// Messages that were there before anybody began.
    threads: Vec<String>,
}

impl People {
    /// Makes accounts and what they need. Administrators all, so that nobody counts their calls.
    pub(crate) fn settle_in(server: &Server) -> Self {
        let admin = server.log_in("admin");
        let account = |username: &str| {
            let body = json!({
                "username": username, "name": username, "email": format!("{username}@example.org"),
                "password": PASSWORD, "roles": ["admin"], "verified": true,
            });
            admin.post("users.create", &body).done();
            server.log_in(username)
        };
        let threads: Vec<String> = (0..THREADS).map(|number| format!("thread-{number}")).collect();
        for thread in &threads {
            let message = json!({"_id": thread, "rid": ROOM, "msg": "What do you think?"});
            admin.post("chat.sendMessage", &json!({"message": message})).done();
        }
        let talkers = TALKERS.map(|(username, replies)| {
            Talker::new(account(username), username, ROOM, if replies { &threads } else { &[] })
        });
        let [eve, flo, gus, hal, ida, rita] = OTHERS.map(account);
        // Who is new finds the room unread.
        rita.post("subscriptions.read", &json!({"rid": ROOM})).done();
        let journal = hal.post("channels.create", &json!({"name": "journal"})).done();
        let journal = text(&journal["channel"]["_id"]);
        Self {
            talkers: talkers.into(),
            files: SenderOfFiles::new(eve, ROOM),
            housekeeper: Housekeeper::new(flo, gus),
            exporter: Exporter::new(hal, &journal, ROOM),
            mailer: Mailer::new(ida, ROOM, &threads[0]),
            rita,
            journal,
            threads,
        }
    }

    /// Goes to a server that was started again, and looks at what was touched last.
    pub(crate) fn look_back(&mut self, server: &Server, tally: &Tally) {
        let talkers = self.talkers.iter_mut().map(|talker| &mut talker.client);
        let others = [
            &mut self.files.client,
            &mut self.housekeeper.client,
            &mut self.housekeeper.guest,
            &mut self.exporter.client,
            &mut self.mailer.client,
            &mut self.rita,
        ];
        for client in talkers.chain(others) {
            client.moved_to(server.address());
        }
        std::thread::scope(|scope| {
            for talker in &mut self.talkers {
                scope.spawn(|| talker.look_back(tally));
            }
            scope.spawn(|| self.files.look_back(tally));
            scope.spawn(|| self.housekeeper.look_back(tally));
        });
        self.compare_mentions(tally, None);
    }

    /// Lets everybody work until the round is over.
    pub(crate) fn work<'scope, 'env>(
        &'env mut self,
        scope: &'scope Scope<'scope, 'env>,
        round: &'env Round<'env>,
        seed: u64,
    ) {
        let mut number = 0;
        let mut choices = || {
            number += 1;
            choices(seed, round.number, number)
        };
        for talker in &mut self.talkers {
            let choices = choices();
            scope.spawn(move || talker.talk(round, choices));
        }
        let Self { files, housekeeper, exporter, mailer, .. } = self;
        let [for_files, for_house, for_exports, for_mails] = [(); 4].map(|()| choices());
        scope.spawn(move || files.send(round, for_files));
        scope.spawn(move || housekeeper.keep(round, for_house));
        scope.spawn(move || exporter.export(round, for_exports));
        scope.spawn(move || mailer.mail(round, for_mails));
    }

    /// Compares everything with what was acknowledged, after the last start.
    pub(crate) fn compare(&mut self, tally: &Tally, directory: &Path, rounds: u64) {
        let mut known: BTreeSet<String> = self.threads.iter().cloned().collect();
        for talker in &mut self.talkers {
            known.extend(talker.compare(tally));
        }
        known.extend(self.files.compare(tally, directory));
        self.compare_room(tally, &known);
        self.housekeeper.compare(tally, &BTreeSet::from([ROOM.to_owned(), self.journal.clone()]));
        self.exporter.compare(tally, directory, rounds);
        self.mailer.compare(tally, directory, rounds);
        for leftover in ["spool", "arriving", "mails"] {
            let names = names(&directory.join(leftover));
            if !names.is_empty() {
                tally.wrong(format!("{leftover} holds {names:?}"));
            }
        }
    }

    /// What holds between the messages of the room, its lists and its counters.
    fn compare_room(&self, tally: &Tally, known: &BTreeSet<String>) {
        let history = self.rita.history(ROOM);
        let (mut seen, mut replies): (BTreeSet<&str>, BTreeMap<&str, u64>) = Default::default();
        for message in &history {
            let id = message["_id"].as_str().expect("an id");
            if !seen.insert(id) {
                tally.doubled(format!("message {id}"));
            }
            // Of system messages only notes of pinnings come by what people did here.
            if !known.contains(id) && (message["t"].is_null() || message["t"] == "message_pinned") {
                tally.doubled(format!("a message that nobody sent: {message}"));
            }
            if let Some(thread) = message["tmid"].as_str() {
                *replies.entry(thread).or_default() += 1;
            }
        }
        for message in &history {
            let id = message["_id"].as_str().expect("an id");
            let listed = replies.remove(id).unwrap_or_default();
            let told = message["tcount"].as_u64().unwrap_or_default();
            if listed != told && message["t"] != "rm" {
                tally.wrong(format!("thread {id} has {listed} replies, but says {told}"));
            }
        }
        let is_for_rita =
            |message: &&Value| message["msg"].as_str().is_some_and(|text| text.starts_with("@rita"));
        self.compare_mentions(tally, Some(history.iter().filter(is_for_rita).count()));
    }

    /// How often Rita was mentioned: by the list, by her counters, and as `counted` by somebody else.
    fn compare_mentions(&self, tally: &Tally, counted: Option<usize>) {
        let query = format!("roomId={ROOM}&count=1");
        let list = self.rita.get("channels.getAllUserMentionsByChannel", &query).done();
        let own = self.rita.get("subscriptions.getOne", &query).done();
        let own = &own["subscription"];
        let told = [&list["total"], &own["unread"], &own["userMentions"]];
        if told.iter().any(|other| *other != told[0] || counted.is_some_and(|counted| **other != counted)) {
            tally.wrong(format!("Rita's mentions: {counted:?}; list and counters say {told:?}"));
        }
    }
}
