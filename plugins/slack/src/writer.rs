//! The pass over the room: timestamps, days, and the lists that come last.

use export_sdk::{ArtifactPath, FormatWriter, Message, Output, Result, Scope, Summary};

use crate::MEDIA_TYPE;
use crate::channel::Channel;
use crate::days::Days;
use crate::held::{Held, Queue};
use crate::line::{Place, line, micros, ts};
use crate::people::People;

pub(crate) struct Writer<'run> {
    output: &'run mut dyn Output,
    channel: Channel,
    days: Days,
    people: People,
    queue: Queue,
    /// The timestamp of the last message: no two are the same in a channel.
    last: i64,
}

impl<'run> Writer<'run> {
    pub(crate) fn new(scope: &Scope<'_>, output: &'run mut dyn Output) -> Self {
        let channel = Channel::new(&scope.room);
        let days = Days::new(channel.folder());
        let (people, queue) = (People::default(), Queue::default());
        Self { output, channel, days, people, queue, last: i64::MIN }
    }

    fn write_held(&mut self, held: &Held) -> Result<()> {
        let Held { sent_at, json, replies, .. } = held;
        if replies.is_empty() {
            return self.days.write(self.output, *sent_at, &[json]);
        }
        let open = json.strip_suffix(b"}").unwrap_or(json);
        self.days.write(self.output, *sent_at, &[open, b",\"replies\":[", replies, b"]}"])
    }
}

impl FormatWriter for Writer<'_> {
    fn write(&mut self, message: &Message<'_>) -> Result<()> {
        // Messages of one millisecond are told apart by its microseconds, in their order.
        self.last = micros(message.sent_at).max(self.last.saturating_add(1));
        let ts = ts(self.last);
        let place = Place { ts: &ts, thread: self.queue.thread(message), channel: &self.channel.id };
        let (json, user) = line(message, &place, &mut self.people)?;
        self.queue.push(message, &ts, user, json)?;
        while let Some(held) = self.queue.pop_ready() {
            self.write_held(&held)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, _: &Summary) -> Result<()> {
        while let Some(held) = self.queue.pop() {
            self.write_held(&held)?;
        }
        self.days.finish()?;
        let mut users = self.output.create(&ArtifactPath::new("users.json")?, MEDIA_TYPE)?;
        self.people.write(&mut *users)?;
        let entry = self.channel.entry(self.people.members())?;
        Ok(self.output.create(&self.channel.file()?, MEDIA_TYPE)?.write_all(&entry)?)
    }
}
