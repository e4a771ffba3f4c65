//! Somebody who makes rooms, renames them, talks there, and deletes them, and a guest who comes and goes.

use std::collections::BTreeSet;

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::client::{Answer, Client, text};
use crate::round::Round;
use crate::tally::Tally;

/// How a room looks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Look {
    /// Empty: there is no such room.
    name: String,
    /// Whether the guest is in.
    guest: bool,
}

struct Kept {
    /// Unknown if the answer was lost.
    id: Option<String>,
    must: Look,
    may: Option<Look>,
    /// Ids of messages that were acknowledged, and of all that may be there.
    said: BTreeSet<String>,
    perhaps: BTreeSet<String>,
}

/// Who owns rooms.
pub(crate) struct Housekeeper {
    pub(crate) client: Client,
    pub(crate) guest: Client,
    rooms: Vec<Kept>,
    touched: BTreeSet<usize>,
}

impl Housekeeper {
    pub(crate) fn new(client: Client, guest: Client) -> Self {
        Self { client, guest, rooms: Vec::new(), touched: BTreeSet::new() }
    }

    /// Keeps house until the server is dead.
    pub(crate) fn keep(&mut self, round: &Round<'_>, mut random: StdRng) {
        let mut count = 0;
        while !round.is_over() {
            count += 1;
            let name = format!("room-{}-{count}", round.number);
            let recent = self.rooms.len().checked_sub(random.random_range(1..=6));
            let recent = recent.filter(|place| {
                let room = &self.rooms[*place];
                room.id.is_some() && room.may.is_none() && !room.must.name.is_empty()
            });
            self.act(round, random.random_range(0..100), recent, name);
        }
    }

    fn act(&mut self, round: &Round<'_>, roll: u32, recent: Option<usize>, name: String) {
        let Some(place) = recent.filter(|_| roll >= 12) else {
            let (said, perhaps) = Default::default();
            self.rooms.push(Kept { id: None, must: Look::default(), may: None, said, perhaps });
            let place = self.rooms.len() - 1;
            let body = json!({"name": name});
            let look = Look { name, guest: false };
            if let Some(reply) = self.change(round, "room", "channels.create", &body, place, look) {
                self.rooms[place].id = Some(text(&reply["channel"]["_id"]));
            }
            return;
        };
        let id = self.rooms[place].id.clone().expect("only known rooms are chosen");
        let old = self.rooms[place].must.clone();
        match roll {
            0..40 => {
                let body = json!({"roomId": id, "name": name});
                self.change(
                    round,
                    "renaming of a room",
                    "channels.rename",
                    &body,
                    place,
                    Look { name, ..old },
                );
            }
            40..60 if old.guest => {
                let look = Look { guest: false, ..old };
                self.change(
                    round,
                    "leaving of a room",
                    "channels.leave",
                    &json!({"roomId": id}),
                    place,
                    look,
                );
            }
            40..60 => {
                let body = json!({"roomId": id, "userId": self.guest.id});
                let look = Look { guest: true, ..old };
                self.change(round, "invitation", "channels.invite", &body, place, look);
            }
            60..66 => {
                let body = json!({"roomId": id});
                self.change(round, "deletion of a room", "channels.delete", &body, place, Look::default());
            }
            _ => self.say(round, place, &id, name),
        }
    }

    fn say(&mut self, round: &Round<'_>, place: usize, id: &str, message: String) {
        let body = json!({"message": {"_id": message, "rid": id, "msg": "at home"}});
        let room = &mut self.rooms[place];
        room.perhaps.insert(message.clone());
        if round.judge("message in a new room", self.client.post("chat.sendMessage", &body)).is_some() {
            room.said.insert(message);
        }
    }

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
        let room = &mut self.rooms[place];
        let leaves = room.must.guest && !look.guest && !look.name.is_empty();
        let caller = if leaves { &self.guest } else { &self.client };
        room.may = Some(look);
        let reply = round.judge(kind, caller.post(endpoint, body))?;
        room.must = room.may.take().expect("set above");
        Some(reply)
    }

    /// After a start: finds out what has happened to the rooms that were touched before it.
    pub(crate) fn look_back(&mut self, tally: &Tally) {
        for place in std::mem::take(&mut self.touched) {
            self.settle(tally, place);
        }
    }

    fn settle(&mut self, tally: &Tally, place: usize) {
        let room = &mut self.rooms[place];
        let query = match (&room.id, &room.may) {
            (Some(id), _) => format!("roomId={id}"),
            (None, Some(look)) => format!("roomName={}", look.name),
            (None, None) => return,
        };
        let found = match self.client.get("channels.info", &query) {
            Answer::Done(reply) => {
                let id = text(&reply["channel"]["_id"]);
                let query = format!("roomId={id}&userId={}", self.guest.id);
                room.id = Some(id);
                let is_member = self.client.get("rooms.isMember", &query).done();
                Look { name: text(&reply["channel"]["name"]), guest: is_member["isMember"] == true }
            }
            Answer::Refused(400, _) => Look::default(),
            other => panic!("{other:?}"),
        };
        if found != room.must && room.may.as_ref() != Some(&found) {
            tally.lost(format!(
                "room {query} is {found:?}; acknowledged was {:?}, asked for {:?}",
                room.must, room.may
            ));
        }
        (room.must, room.may) = (found, None);
    }

    /// Compares everything: rooms, who is in, what was said, and the counters. `others` are rooms that
    /// are not of this house.
    pub(crate) fn compare(&mut self, tally: &Tally, others: &BTreeSet<String>) {
        for place in 0..self.rooms.len() {
            self.settle(tally, place);
        }
        let mut known = others.clone();
        for room in self.rooms.iter().filter(|room| !room.must.name.is_empty()) {
            let id = room.id.as_deref().expect("settled");
            known.insert(id.to_owned());
            let history = self.client.history(id);
            let people = history.iter().filter(|message| message["t"].is_null());
            let said: Vec<String> = people.map(|message| text(&message["_id"])).collect();
            let found: BTreeSet<String> = said.iter().cloned().collect();
            if found.len() < said.len() {
                tally.doubled(format!("messages in {id}: {said:?}"));
            }
            for lost in room.said.difference(&found) {
                tally.lost(format!("message {lost} in room {id}"));
            }
            for strange in found.difference(&room.perhaps) {
                tally.doubled(format!("message {strange} in room {id}, which nobody sent"));
            }
            let members = self.client.get("channels.members", &format!("roomId={id}")).done();
            let expected = 1 + usize::from(room.must.guest);
            let counters = self.client.get("channels.counters", &format!("roomId={id}")).done();
            let listed = members["members"].as_array().map_or(0, Vec::len);
            if listed != expected || members["total"] != expected || counters["members"] != expected {
                tally.wrong(format!("room {id} has {expected} members: {members} {counters}"));
            }
        }
        let list = self.client.get("channels.list", "count=0").done();
        let listed: Vec<String> =
            list["channels"].as_array().expect("rooms").iter().map(|room| text(&room["_id"])).collect();
        if listed.len() != known.len() || !listed.iter().all(|id| known.contains(id)) {
            tally.doubled(format!("the list of rooms has {}, but there are {}", listed.len(), known.len()));
        }
    }
}
