//! Measures the format alone: `cargo run --release -p export-html --example throughput -- <messages.ndjson>`.
//!
//! The file holds message objects of the REST API, one a line, oldest first, all of one room. They are
//! read before anything is measured, and the pages go nowhere. A number after the file is how many
//! messages to take, a directory after that is where to write the pages: two of them can be compared.
//! `valgrind --tool=callgrind --toggle-collect='throughput::measured*'` counts instructions.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::error::Error as StdError;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, BufRead as _, BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::time::Instant;

use export_sdk::{
    ArtifactPath, Author, Edited, Error, ErrorKind, FileLink, FormatWriter, Message, Output, Pinned,
    Reaction, Registry, Replies, Result, Room, Scope, Settings, Summary, Timestamp,
};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

fn main() -> std::result::Result<(), Box<dyn StdError>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("name a file of messages, one JSON object a line")?;
    let count = arguments.next().map_or(Ok(50_000), |count| count.parse())?;
    let lines = BufReader::new(File::open(file)?).lines().take(count).collect::<io::Result<Vec<_>>>()?;
    let wires: Vec<Wire<'_>> =
        lines.iter().map(|line| serde_json::from_str(line)).collect::<serde_json::Result<_>>()?;
    let messages = ordered(wires.iter().map(Wire::message).collect());

    let mut registry = Registry::default();
    export_html::register(&mut registry, &Settings::new("html", toml::Table::new(), ""))?;
    let format = registry.format("html")?;
    let scope = Scope::new(Timestamp::from_millis(1_900_000_000_000), "maren");
    let mut room = Room::new("general", "general");
    room.slug = "general".into();
    room.expected = messages.len() as u64;
    let mut output = Pages { directory: arguments.next().map(PathBuf::from) };
    let writer = format.start(&Value::Null, &scope, &mut output)?;
    let began = Instant::now();
    measured(writer, &room, &scope, &messages)?;
    let each = began.elapsed() / u32::try_from(messages.len().max(1))?;
    writeln!(io::stdout(), "{} messages, {each:?} each", messages.len())?;
    Ok(())
}

/// Apart, so that tools can find it.
#[inline(never)]
fn measured(
    mut writer: Box<dyn FormatWriter + '_>,
    room: &Room<'_>,
    scope: &Scope<'_>,
    messages: &[Message<'_>],
) -> Result<()> {
    let mut summary = Summary::default();
    writer.begin_room(room, scope)?;
    for message in messages {
        writer.write(message)?;
        summary.messages += 1;
    }
    writer.end_room(&summary)?;
    writer.finish(&summary)
}

/// Files in a directory, or nowhere.
struct Pages {
    directory: Option<PathBuf>,
}

impl Output for Pages {
    fn create(&mut self, path: &ArtifactPath, _: &str) -> Result<Box<dyn Write + Send>> {
        let Some(directory) = &self.directory else { return Ok(Box::new(Nowhere)) };
        let path = directory.join(path.as_str());
        fs::create_dir_all(path.parent().unwrap_or(directory))?;
        Ok(Box::new(BufWriter::new(File::create(path)?)))
    }

    fn scratch(&mut self) -> Result<File> {
        tempfile::tempfile()
            .map_err(|error| Error::new(ErrorKind::Internal, "no temporary file").because(error))
    }
}

struct Nowhere;

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        black_box(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Replies come right after the message that began their thread.
fn ordered(messages: Vec<Message<'_>>) -> Vec<Message<'_>> {
    let begins: HashMap<&str, usize> =
        messages.iter().enumerate().map(|(n, message)| (message.id, n)).collect();
    let mut keyed: Vec<(usize, usize)> = messages
        .iter()
        .enumerate()
        .map(|(n, message)| (message.thread.and_then(|id| begins.get(id)).map_or(n, |begin| *begin), n))
        .collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, n)| messages[n].clone()).collect()
}

/// The keys of a message object that the format looks at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow, rename = "_id")]
    id: Cow<'a, str>,
    #[serde(borrow)]
    u: Person<'a>,
    #[serde(borrow)]
    msg: Cow<'a, str>,
    ts: Time,
    #[serde(borrow)]
    t: Option<Cow<'a, str>>,
    #[serde(borrow)]
    tmid: Option<Cow<'a, str>>,
    #[serde(default)]
    tshow: bool,
    tcount: Option<u64>,
    tlm: Option<Time>,
    edited_at: Option<Time>,
    #[serde(borrow)]
    edited_by: Option<Person<'a>>,
    #[serde(default)]
    pinned: bool,
    #[serde(borrow)]
    mentions: Option<&'a RawValue>,
    #[serde(borrow)]
    channels: Option<&'a RawValue>,
    #[serde(borrow)]
    attachments: Option<&'a RawValue>,
    #[serde(borrow)]
    alias: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reactions: BTreeMap<Cow<'a, str>, Given<'a>>,
    #[serde(borrow, default)]
    files: Vec<Upload<'a>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Time(Timestamp);

impl TryFrom<String> for Time {
    type Error = jiff::Error;

    fn try_from(text: String) -> std::result::Result<Self, jiff::Error> {
        let at: jiff::Timestamp = text.parse()?;
        Ok(Self(Timestamp::from_millis(at.as_millisecond())))
    }
}

#[derive(Deserialize)]
struct Person<'a> {
    #[serde(borrow, rename = "_id")]
    id: Cow<'a, str>,
    #[serde(borrow)]
    username: Cow<'a, str>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Given<'a> {
    #[serde(borrow)]
    usernames: Vec<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Upload<'a> {
    #[serde(borrow, rename = "_id")]
    id: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    media_type: Cow<'a, str>,
    size: u64,
}

impl Wire<'_> {
    fn message(&self) -> Message<'_> {
        let author = Author { id: &self.u.id, username: &self.u.username, name: self.u.name.as_deref() };
        let mut message = Message::new(&self.id, "general", author, self.ts.0, &self.msg);
        message.kind = self.t.as_deref();
        message.thread = self.tmid.as_deref();
        message.shown_in_room = self.tshow;
        message.replies =
            self.tcount.map(|count| Replies { count, last: self.tlm.map(|at| at.0), followers: Vec::new() });
        message.edited = self.edited_at.zip(self.edited_by.as_ref()).map(|(at, by)| Edited {
            at: at.0,
            by_id: &by.id,
            by_username: &by.username,
        });
        message.pinned = self.pinned.then_some(Pinned { at: None, by: None });
        (message.mentions, message.channels, message.attachments) =
            (self.mentions, self.channels, self.attachments);
        message.extra = self.alias.map(|alias| ("alias".into(), alias)).into_iter().collect();
        let reactions = self.reactions.iter().map(|(emoji, given)| Reaction {
            emoji,
            usernames: given.usernames.iter().map(AsRef::as_ref).collect(),
            names: Vec::new(),
        });
        message.reactions = reactions.collect();
        let files = self.files.iter().map(|file| export_sdk::File {
            id: file.id.as_ref().into(),
            name: file.name.as_ref().into(),
            media_type: file.media_type.as_ref().into(),
            size: file.size,
            path: ArtifactPath::new(format!("assets/{}", file.id))
                .map(|path| FileLink::new(&path, false))
                .map_err(|_| "its name cannot be used"),
            stored: None,
        });
        message.files = files.collect();
        message
    }
}
