//! Somebody who sends, replies, edits, reacts, stars, pins and deletes, and remembers all of it.

use std::collections::{BTreeMap, BTreeSet};

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::client::{Answer, Client, text};
use crate::round::Round;
use crate::tally::Tally;

/// The reaction that everybody gives.
const EMOJI: &str = ":smile:";

/// How a message looks to who sent it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Look {
    /// Empty: there is no such message.
    text: String,
    thread: String,
    reacted: bool,
    starred: bool,
    pinned: bool,
}

impl Look {
    /// Of a message as the server tells it.
    fn of(message: &Value, username: &str) -> Self {
        if message["t"] == "rm" {
            return Self::default();
        }
        let known = |list: &Value, is_mine: &dyn Fn(&Value) -> bool| {
            list.as_array().is_some_and(|list| list.iter().any(is_mine))
        };
        Self {
            text: text(&message["msg"]),
            thread: message["tmid"].as_str().unwrap_or_default().to_owned(),
            reacted: known(&message["reactions"][EMOJI]["usernames"], &|name| name == username),
            starred: known(&message["starred"], &|_| true),
            pinned: message["pinned"] == true,
        }
    }

    fn is_there(&self) -> bool {
        !self.text.is_empty()
    }
}

/// One message of a talker.
struct Said {
    id: String,
    /// As it was acknowledged last.
    must: Look,
    /// As it was to become when the server died.
    may: Option<Look>,
    /// It mentions the reader, and so nobody changes or deletes it.
    mentions: bool,
}

/// Somebody who talks in one room.
pub(crate) struct Talker {
    pub(crate) client: Client,
    username: &'static str,
    room: String,
    /// Where threads begin that others reply to, too. Empty: begins none.
    threads: Vec<String>,
    said: Vec<Said>,
    /// Places in `said` of what changed since the last look back.
    touched: BTreeSet<usize>,
    /// Notes of pinning that were acknowledged, and how many more there may be.
    notes: BTreeSet<String>,
    untold_notes: usize,
}

impl Talker {
    /// Talks in `room`; to reply, `threads` are there.
    pub(crate) fn new(client: Client, username: &'static str, room: &str, threads: &[String]) -> Self {
        Self {
            client,
            username,
            room: room.to_owned(),
            threads: threads.to_vec(),
            said: Vec::new(),
            touched: BTreeSet::new(),
            notes: BTreeSet::new(),
            untold_notes: 0,
        }
    }

    /// Talks until the server is dead.
    pub(crate) fn talk(&mut self, round: &Round<'_>, mut random: StdRng) {
        self.repeat_unanswered(round, &mut random);
        let mut count = 0;
        while !round.is_over() {
            count += 1;
            let name = format!("{}-{}-{count}", self.username, round.number);
            self.act(round, &mut random, name);
        }
    }

    /// Whoever got no answer may send the same message once more, with the same id: it is there once.
    fn repeat_unanswered(&mut self, round: &Round<'_>, random: &mut StdRng) {
        let Some(last) = self.said.len().checked_sub(1) else { return };
        if !self.said[last].must.is_there() && !self.said[last].mentions && random.random_bool(0.5) {
            let look = Look { text: format!("{} again", self.said[last].id), ..Look::default() };
            self.send(round, last, look);
        }
    }

    fn act(&mut self, round: &Round<'_>, random: &mut StdRng, name: String) {
        let old = self.choose(random);
        match (random.random_range(0..100), old) {
            (50..65, Some(place)) => {
                let look = Look { text: format!("{name} edited"), ..self.said[place].must.clone() };
                let body = json!({"roomId": self.room, "msgId": self.said[place].id, "text": look.text});
                self.change(round, "edit", "chat.update", &body, place, look);
            }
            (65..75, Some(place)) => {
                let wanted = !self.said[place].must.reacted;
                let look = Look { reacted: wanted, ..self.said[place].must.clone() };
                let body = json!({"messageId": self.said[place].id, "emoji": EMOJI, "shouldReact": wanted});
                self.change(round, "reaction", "chat.react", &body, place, look);
            }
            (75..82, Some(place)) => {
                let wanted = !self.said[place].must.starred;
                let look = Look { starred: wanted, ..self.said[place].must.clone() };
                let endpoint = if wanted { "chat.starMessage" } else { "chat.unStarMessage" };
                let body = json!({"messageId": self.said[place].id});
                self.change(round, "star", endpoint, &body, place, look);
            }
            (82..86, Some(place)) => self.pin(round, place),
            (86..96, Some(place)) => {
                let body = json!({"roomId": self.room, "msgId": self.said[place].id});
                self.change(round, "deletion", "chat.delete", &body, place, Look::default());
            }
            (roll, _) => {
                let replies = !self.threads.is_empty() && roll % 10 < 8;
                let mentions = !replies && roll % 10 == 9;
                let thread = if replies {
                    self.threads[random.random_range(0..self.threads.len())].clone()
                } else {
                    String::new()
                };
                let text = if mentions { format!("@rita {name}") } else { name.clone() };
                let look = Look { text, thread, ..Look::default() };
                self.said.push(Said { id: name, must: Look::default(), may: None, mentions });
                self.send(round, self.said.len() - 1, look);
            }
        }
    }

    /// One of the last messages that is there and may change.
    fn choose(&self, random: &mut StdRng) -> Option<usize> {
        let place = self.said.len().checked_sub(random.random_range(1..=40))?;
        let said = &self.said[place];
        (said.must.is_there() && said.may.is_none() && !said.mentions).then_some(place)
    }

    fn send(&mut self, round: &Round<'_>, place: usize, look: Look) {
        let mut message = json!({"_id": self.said[place].id, "rid": self.room, "msg": look.text});
        if !look.thread.is_empty() {
            message["tmid"] = look.thread.as_str().into();
        }
        let kind = if look.thread.is_empty() { "message" } else { "reply in a thread" };
        self.change(round, kind, "chat.sendMessage", &json!({"message": message}), place, look);
    }

    fn pin(&mut self, round: &Round<'_>, place: usize) {
        let wanted = !self.said[place].must.pinned;
        let look = Look { pinned: wanted, ..self.said[place].must.clone() };
        let body = json!({"messageId": self.said[place].id});
        if !wanted {
            self.change(round, "unpinning", "chat.unPinMessage", &body, place, look);
            return;
        }
        match self.change(round, "pinning", "chat.pinMessage", &body, place, look) {
            Some(reply) => drop(self.notes.insert(text(&reply["message"]["_id"]))),
            None => self.untold_notes += 1,
        }
    }

    /// Changes a message to `look`, as far as anybody knows.
    fn change(
        &mut self,
        round: &Round<'_>,
        kind: &'static str,
        endpoint: &str,
        body: &Value,
        place: usize,
        look: Look,
    ) -> Option<Value> {
        self.touched.insert(place);
        self.said[place].may = Some(look);
        let reply = round.judge(kind, self.client.post(endpoint, body))?;
        let said = &mut self.said[place];
        said.must = said.may.take().expect("set above");
        Some(reply)
    }

    /// After a start: what was touched before it must be as it was acknowledged, and what was asked for
    /// without an answer has happened, or not.
    pub(crate) fn look_back(&mut self, tally: &Tally) {
        for place in std::mem::take(&mut self.touched) {
            let query = format!("msgId={}", self.said[place].id);
            let found = match self.client.get("chat.getMessage", &query) {
                Answer::Done(reply) => Look::of(&reply["message"], self.username),
                Answer::Refused(400, _) => Look::default(),
                other => panic!("{other:?}"),
            };
            self.settle(tally, place, found);
        }
    }

    fn settle(&mut self, tally: &Tally, place: usize, found: Look) {
        let said = &mut self.said[place];
        if found != said.must && said.may.as_ref() != Some(&found) {
            tally.lost(format!(
                "message {} is {found:?}; acknowledged was {:?}, asked for {:?}",
                said.id, said.must, said.may
            ));
        }
        (said.must, said.may) = (found, None);
    }

    /// Compares everything with the history as this talker reads it. Answers the ids of what is
    /// accounted for.
    pub(crate) fn compare(&mut self, tally: &Tally) -> BTreeSet<String> {
        let history = self.client.history(&self.room);
        let found: BTreeMap<&str, &Value> =
            history.iter().filter_map(|message| Some((message["_id"].as_str()?, message))).collect();
        for place in 0..self.said.len() {
            let message = found.get(self.said[place].id.as_str());
            let look = message.map_or(Look::default(), |message| Look::of(message, self.username));
            self.settle(tally, place, look);
        }
        let is_note =
            |message: &&Value| message["t"] == "message_pinned" && message["u"]["username"] == self.username;
        let notes: BTreeSet<String> =
            history.iter().filter(is_note).map(|message| text(&message["_id"])).collect();
        for note in self.notes.difference(&notes) {
            tally.lost(format!("the note {note} of a pinning"));
        }
        if notes.len() > self.notes.len() + self.untold_notes {
            tally.doubled(format!("{} notes of pinnings by {}", notes.len(), self.username));
        }
        self.said.iter().map(|said| said.id.clone()).chain(notes).collect()
    }
}
