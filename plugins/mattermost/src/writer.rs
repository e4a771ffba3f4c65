//! The pass over the rooms: posts with their replies inside, and the lines that come last.

use std::io::Write;

use export_sdk::{
    ArtifactPath, FormatWriter, Member, Message, Output, Result, Room, RoomKind, Scope, Summary,
};
use serde::Serialize;
use serde_json::json;

use crate::MEDIA_TYPE;
use crate::name::{self, TeamName};
use crate::people::People;
use crate::post::{Place, json, text};
use crate::text::{first, parts};

const README: &str = include_str!("readme.txt");

pub(crate) struct Writer<'run> {
    output: &'run mut dyn Output,
    posts: Box<dyn Write + Send>,
    team: String,
    /// All rooms so far.
    channels: Vec<Channel>,
    people: People,
    open: Option<Open>,
    /// The time of the last post: Mattermost orders by it, and takes equal posts of one time for one.
    last: i64,
}

/// A post whose end is not written, because replies may follow.
struct Open {
    id: String,
    replies: bool,
    last: i64,
}

#[derive(Serialize)]
struct Channel {
    team: String,
    name: String,
    display_name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    header: String,
    purpose: String,
}

impl Channel {
    fn new(team: &str, room: &Room<'_>) -> Self {
        let name = name::channel(room.name.unwrap_or(room.id));
        let title = if room.title.trim().is_empty() { &name } else { &*room.title };
        Self {
            team: team.to_owned(),
            display_name: first(title, 64).into_owned(),
            kind: if room.kind == RoomKind::Channel { "O" } else { "P" },
            header: first(room.topic, 1024).into_owned(),
            purpose: first(room.description, 250).into_owned(),
            name,
        }
    }
}

/// The name of the channel that is being written.
fn current(channels: &[Channel]) -> &str {
    channels.last().map_or("", |channel| &channel.name)
}

impl<'run> Writer<'run> {
    pub(crate) fn new(team: TeamName, output: &'run mut dyn Output) -> Result<Self> {
        let mut readme = output.create(&ArtifactPath::new("README.txt")?, "text/plain; charset=utf-8")?;
        readme.write_all(README.as_bytes())?;
        let posts = output.create(&ArtifactPath::new("2-posts.jsonl")?, MEDIA_TYPE)?;
        let TeamName(team) = team;
        let (channels, people) = (Vec::new(), People::default());
        Ok(Self { output, posts, team, channels, people, open: None, last: 0 })
    }

    /// Ends the post that is open.
    fn close(&mut self) -> Result<()> {
        match self.open.take() {
            Some(Open { replies: true, .. }) => Ok(self.posts.write_all(b"]}}\n")?),
            Some(Open { replies: false, .. }) => Ok(self.posts.write_all(b"}}\n")?),
            None => Ok(()),
        }
    }

    fn post(&mut self, message: &Message<'_>, part: &str) -> Result<()> {
        self.close()?;
        self.last = message.sent_at.millis().max(self.last.saturating_add(1));
        let place = Place { team: &self.team, channel: current(&self.channels) };
        let post = json(message, (0, part), self.last, Some(place))?;
        self.posts.write_all(b"{\"type\":\"post\",\"post\":")?;
        self.posts.write_all(post.strip_suffix(b"}").unwrap_or(&post))?;
        self.open = Some(Open { id: message.id.to_owned(), replies: false, last: self.last });
        Ok(())
    }

    /// Adds a part of `message` to the post that is open.
    fn reply(&mut self, message: &Message<'_>, part: (usize, &str)) -> Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.last = message.sent_at.millis().max(open.last.saturating_add(1));
        self.posts.write_all(if open.replies { b"," } else { b",\"replies\":[" })?;
        open.replies = true;
        Ok(self.posts.write_all(&json(message, part, open.last, None)?)?)
    }

    fn write_line(file: &mut dyn Write, line: &serde_json::Value) -> Result<()> {
        let mut line = serde_json::to_vec(line)?;
        line.push(b'\n');
        Ok(file.write_all(&line)?)
    }
}

impl FormatWriter for Writer<'_> {
    fn begin_room(&mut self, room: &Room<'_>, _: &Scope<'_>) -> Result<()> {
        self.channels.push(Channel::new(&self.team, room));
        self.last = 0;
        Ok(())
    }

    fn member(&mut self, member: &Member<'_>) -> Result<()> {
        self.people.member(self.channels.len() - 1, member);
        Ok(())
    }

    fn write(&mut self, message: &Message<'_>) -> Result<()> {
        self.people.gather(self.channels.len() - 1, message);
        let text = text(message);
        let mut parts = parts(&text).into_iter().enumerate();
        let begun = self.open.as_ref().map(|open| open.id.as_str());
        if (begun.is_none() || message.thread != begun)
            && let Some((_, part)) = parts.next()
        {
            self.post(message, part)?;
        }
        parts.try_for_each(|part| self.reply(message, part))
    }

    fn end_room(&mut self, _: &Summary) -> Result<()> {
        self.close()
    }

    fn finish(self: Box<Self>, _: &Summary) -> Result<()> {
        let mut file = self.output.create(&ArtifactPath::new("1-import.jsonl")?, MEDIA_TYPE)?;
        Self::write_line(&mut *file, &json!({"type": "version", "version": 1}))?;
        let team = json!({"name": self.team, "display_name": self.team, "type": "I"});
        Self::write_line(&mut *file, &json!({"type": "team", "team": team}))?;
        for channel in &self.channels {
            Self::write_line(&mut *file, &json!({"type": "channel", "channel": channel}))?;
        }
        let names: Vec<String> = self.channels.into_iter().map(|channel| channel.name).collect();
        self.people.write(&mut *file, &self.team, &names)
    }
}
