//! The pass over the rooms: timestamps, days, and the lists that come last.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use export_sdk::{ArtifactPath, FormatWriter, Member, Message, Output, Result, Room, Scope, Summary};

use crate::MEDIA_TYPE;
use crate::channel::Channel;
use crate::days::Days;
use crate::held::{Held, Queue};
use crate::line::{Place, line, micros, ts};
use crate::people::People;

pub(crate) struct Writer<'run> {
    output: &'run mut dyn Output,
    people: People,
    folders: BTreeSet<String>,
    /// `channels.json` and its likes, open as soon as they hold a room.
    lists: BTreeMap<&'static str, Box<dyn Write + Send>>,
    open: Option<Open>,
}

/// The room that is being written.
struct Open {
    channel: Channel,
    announced: bool,
    days: Days,
    queue: Queue,
    /// The timestamp of the last message: no two are the same in a channel.
    last: i64,
}

impl<'run> Writer<'run> {
    pub(crate) fn new(output: &'run mut dyn Output) -> Self {
        let (people, folders, lists) = (People::default(), BTreeSet::new(), BTreeMap::new());
        Self { output, people, folders, lists, open: None }
    }
}

impl Open {
    fn write_held(&mut self, output: &mut dyn Output, held: &Held) -> Result<()> {
        let Held { sent_at, json, replies, .. } = held;
        if replies.is_empty() {
            return self.days.write(output, *sent_at, &[json]);
        }
        let open = json.strip_suffix(b"}").unwrap_or(json);
        self.days.write(output, *sent_at, &[open, b",\"replies\":[", replies, b"]}"])
    }
}

impl FormatWriter for Writer<'_> {
    fn begin_room(&mut self, room: &Room<'_>, _: &Scope<'_>) -> Result<()> {
        let mut channel = Channel::new(room);
        let mut number = 1;
        while !self.folders.insert(channel.folder().to_owned()) {
            number += 1;
            channel = Channel::new(room);
            channel.rename(number);
        }
        let days = Days::new(channel.folder());
        let queue = Queue::default();
        self.open = Some(Open { channel, announced: false, days, queue, last: i64::MIN });
        Ok(())
    }

    fn member(&mut self, member: &Member<'_>) -> Result<()> {
        self.people.named(member.username, member.name);
        if let Some(open) = &mut self.open {
            open.announced = true;
            open.channel.members.insert(member.username.to_owned());
        }
        Ok(())
    }

    fn write(&mut self, message: &Message<'_>) -> Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        // Messages of one millisecond are told apart by its microseconds, in their order.
        open.last = micros(message.sent_at).max(open.last.saturating_add(1));
        let ts = ts(open.last);
        let place = Place { ts: &ts, thread: open.queue.thread(message), channel: &open.channel.id };
        let (json, user) = line(message, &place, &mut self.people)?;
        if !open.announced && !open.channel.members.contains(message.author.username) {
            open.channel.members.insert(message.author.username.to_owned());
        }
        open.queue.push(message, &ts, user, json)?;
        while let Some(held) = open.queue.pop_ready() {
            open.write_held(self.output, &held)?;
        }
        Ok(())
    }

    fn end_room(&mut self, _: &Summary) -> Result<()> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        while let Some(held) = open.queue.pop() {
            open.write_held(self.output, &held)?;
        }
        open.days.finish()?;
        let name = open.channel.file();
        let mut separator: &[u8] = b",\n";
        if !self.lists.contains_key(name) {
            self.lists.insert(name, self.output.create(&ArtifactPath::new(name)?, MEDIA_TYPE)?);
            separator = b"[\n";
        }
        let list = self.lists.get_mut(name).expect("inserted before");
        list.write_all(separator)?;
        Ok(list.write_all(&open.channel.entry()?)?)
    }

    fn finish(mut self: Box<Self>, _: &Summary) -> Result<()> {
        for list in self.lists.values_mut() {
            list.write_all(b"\n]\n")?;
        }
        let mut users = self.output.create(&ArtifactPath::new("users.json")?, MEDIA_TYPE)?;
        self.people.write(&mut *users)
    }
}
