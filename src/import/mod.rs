//! Bringing messages in: NDJSON of REST message objects, plain or gzip; so are exports as `ndjson`.
//!
//! Importing twice changes nothing: what is there already, by its id, is passed over. Messages keep
//! everything they came with; missing authors are made, who cannot log in, and missing rooms, as the
//! header of an export has them, else as public channels. Each batch is atomic, so an import that was
//! broken off is simply run again.

mod header;
mod line;

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use crate::domain::message::Replies;
use crate::domain::{Message, MessageId, Room, RoomId, RoomKind, Subscription, Time, User, UserRef};
use crate::store::schema::{MessagePlace, Reply};
use crate::store::{Batch, Direction, Error as StoreError, Span, Store};

use line::Line;

/// Messages written together.
const BATCH: usize = 500;
/// Names of rooms made of something else are cut off here.
const LONGEST_NAME: usize = 128;
/// A line that is longer is no message.
const LONGEST_LINE: u64 = 1 << 20;
/// People and rooms whose existence is remembered, at most.
const MOST_KNOWN: usize = 100_000;
/// Followers kept of a thread, at most.
const MOST_FOLLOWERS: usize = 1000;

/// Why an import stopped. What came before is kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A line is no message.
    #[error("line {line}: {complaint}; what stands before it was imported")]
    Line {
        /// Its number, from 1.
        line: u64,
        /// What is wrong.
        complaint: String,
    },
    /// The file cannot be read at all.
    #[error("the file cannot be read: {0}")]
    Read(#[from] io::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// New messages.
    pub messages: u64,
    /// Messages that were there already.
    pub known: u64,
    /// New accounts.
    pub users: u64,
    /// Names of new rooms.
    pub rooms: Vec<String>,
}

/// Imports all lines of `source`, plain or gzip. `progress` is told the number of lines now and then.
pub fn import(
    store: &Store,
    source: impl Read + Send + 'static,
    now: Time,
    progress: &mut dyn FnMut(u64),
) -> Result<Imported, Error> {
    let mut importer = Importer { store, now, imported: Imported::default(), known: HashSet::new() };
    let ended = importer.read(open(source)?, progress);
    // However it ended: what was told to be imported is on disk.
    store.durable_blocking()?;
    ended.map(|()| importer.imported)
}

fn open(source: impl Read + Send + 'static) -> io::Result<Box<dyn BufRead>> {
    let mut source = BufReader::with_capacity(256 * 1024, source);
    let zipped = source.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    if zipped {
        return Ok(Box::new(BufReader::with_capacity(256 * 1024, MultiGzDecoder::new(source))));
    }
    Ok(Box::new(source))
}

/// Why there is no next line.
enum Stop {
    End,
    Wrong(String),
}

/// The next line, `None` if it is blank.
fn next(lines: &mut dyn BufRead, text: &mut Vec<u8>) -> Result<Option<Line>, Stop> {
    text.clear();
    let length = lines
        .take(LONGEST_LINE + 1)
        .read_until(b'\n', text)
        .map_err(|error| Stop::Wrong(format!("the file cannot be read further: {error}")))?;
    if length == 0 {
        return Err(Stop::End);
    }
    if length as u64 > LONGEST_LINE {
        return Err(Stop::Wrong(format!("it is longer than {LONGEST_LINE} bytes")));
    }
    if text.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    line::read(text).map(Some).map_err(Stop::Wrong)
}

struct Importer<'a> {
    store: &'a Store,
    now: Time,
    imported: Imported,
    /// Members that are known to exist, by room and user.
    known: HashSet<(RoomId, String)>,
}

impl Importer<'_> {
    fn read(&mut self, mut lines: Box<dyn BufRead>, progress: &mut dyn FnMut(u64)) -> Result<(), Error> {
        let (mut number, mut batch, mut text) = (0, Vec::with_capacity(BATCH), Vec::new());
        loop {
            number += 1;
            match next(&mut lines, &mut text) {
                Ok(None | Some(Line::End)) => {}
                Ok(Some(Line::Message(message))) => batch.push((number, *message)),
                Ok(Some(Line::Header(room))) => {
                    self.flush(&mut batch)?;
                    self.open(number, *room)?;
                }
                Err(Stop::End) => break,
                Err(Stop::Wrong(complaint)) => {
                    self.flush(&mut batch)?;
                    return Err(Error::Line { line: number, complaint });
                }
            }
            if batch.len() == BATCH {
                self.flush(&mut batch)?;
                progress(number);
            }
        }
        self.flush(&mut batch)?;
        progress(number - 1);
        Ok(())
    }

    /// Writes the lines and empties the list. If one of them cannot be kept, those before it are.
    fn flush(&mut self, lines: &mut Vec<(u64, Message)>) -> Result<(), Error> {
        let result = self.write(lines);
        if let Err(Error::Line { line, .. }) = &result {
            // Nothing of the batch happened, so whom it made known is not there.
            self.known.clear();
            lines.retain(|(number, _)| number < line);
            self.write(lines)?;
        }
        lines.clear();
        result
    }

    fn write(&mut self, lines: &[(u64, Message)]) -> Result<(), Error> {
        let store = self.store;
        let mut fresh: HashSet<MessageId> = HashSet::with_capacity(lines.len());
        let mut touched: HashMap<MessageId, Vec<Message>> = HashMap::new();
        let result = store.write(|batch| {
            for (number, message) in lines {
                if batch.has::<MessagePlace>(&(message.id.clone(),))? {
                    self.imported.known += u64::from(!fresh.contains(&message.id));
                    continue;
                }
                self.need_room(batch, message)?;
                self.need_member(batch, message)?;
                batch.put_message(message).map_err(|error| of_line(*number, error))?;
                count(batch, message)?;
                fresh.insert(message.id.clone());
                if message.replies.is_none() {
                    touched.entry(message.id.clone()).or_default();
                }
                if let Some(thread) = &message.thread {
                    touched.entry(thread.clone()).or_default().push(message.clone());
                }
            }
            touched.iter().try_for_each(|(thread, replies)| gather(batch, thread, replies))?;
            Ok(())
        });
        self.imported.messages += if result.is_ok() { fresh.len() as u64 } else { 0 };
        if self.known.len() > MOST_KNOWN {
            self.known.clear();
        }
        result
    }

    /// Makes the room of a header, if it is missing.
    fn open(&mut self, number: u64, room: Room) -> Result<(), Error> {
        let store = self.store;
        store.write(|batch| {
            if batch.has::<Room>(&(room.id.clone(),))? {
                return Ok(());
            }
            self.make_room(batch, room.clone()).map_err(|error| of_line(number, error))
        })
    }

    fn need_room(&mut self, batch: &mut Batch<'_>, message: &Message) -> Result<(), StoreError> {
        if batch.has::<Room>(&(message.room.clone(),))? {
            return Ok(());
        }
        let room = Room::new(message.room.clone(), RoomKind::Channel, None, None, message.sent_at);
        self.make_room(batch, room)
    }

    /// Puts a room under its name, or one made of its id, that is free.
    fn make_room(&mut self, batch: &mut Batch<'_>, mut room: Room) -> Result<(), StoreError> {
        let name = free_name(batch, room.name.as_deref().unwrap_or(room.id.as_str()))?;
        room.display_name.get_or_insert_with(|| name.clone());
        room.name = Some(name.clone());
        batch.put_room(&room)?;
        self.imported.rooms.push(name);
        Ok(())
    }

    fn need_member(&mut self, batch: &mut Batch<'_>, message: &Message) -> Result<(), StoreError> {
        let author = &message.author;
        if !self.known.insert((message.room.clone(), author.id.to_string())) {
            return Ok(());
        }
        if !batch.has::<User>(&(author.id.clone(),))? {
            let taken = batch.get::<crate::store::schema::UserByName>(&(author.username.to_lowercase(),))?;
            if taken.is_some() {
                tracing::warn!(
                    username = author.username,
                    "another account has this name; its messages stay as they are"
                );
                return Ok(());
            }
            let mut user = User::new(author.id.clone(), &author.username, self.now);
            user.name.clone_from(&author.name);
            batch.put_user(&user)?;
            self.imported.users += 1;
        }
        let key = (message.room.clone(), author.id.clone());
        if !batch.has::<Subscription>(&key)? {
            let member = UserRef { id: author.id.clone(), username: author.username.clone(), name: None };
            batch.put_subscription(&Subscription::new(&member, message.room.clone(), self.now))?;
        }
        Ok(())
    }
}

/// What cannot be kept because of itself is the line's fault, everything else the store's.
fn of_line(line: u64, error: StoreError) -> Error {
    match error {
        StoreError::TooLarge { .. } => Error::Line { line, complaint: error.to_string() },
        other => other.into(),
    }
}

/// The nearest name that a room can have, with a number behind it if it is taken.
fn free_name(batch: &Batch<'_>, wish: &str) -> Result<String, StoreError> {
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let wish: String = wish.chars().take(LONGEST_NAME).map(plain).collect();
    let wish = if wish.is_empty() { "imported".to_owned() } else { wish };
    let mut name = wish.clone();
    let mut number = 1;
    while batch.has::<crate::store::schema::RoomByName>(&(name.clone(),))? {
        name = format!("{wish}-{number}");
        number += 1;
    }
    Ok(name)
}

fn count(batch: &mut Batch<'_>, message: &Message) -> Result<(), StoreError> {
    let mut activity = batch.activity(&message.room)?;
    activity.messages += 1;
    activity.updated = activity.updated.max(message.updated_at);
    if message.kind.is_none() && activity.last_at.is_none_or(|last| message.sent_at >= last) {
        activity.last_at = Some(message.sent_at);
        activity.last_message = Some(message.id.clone());
    }
    batch.put_activity(&message.room, &activity)
}

/// Brings what the beginning of a thread says about its replies up to what there is, unless it came
/// with figures of its own that cover them.
fn gather(batch: &mut Batch<'_>, thread: &MessageId, replies: &[Message]) -> Result<(), StoreError> {
    // Most messages begin no thread: one look at the index tells.
    let earlier =
        batch.store().list::<Reply>(Span::of(&(thread.clone(),)), Direction::Ascending, 0, usize::MAX)?;
    let total = earlier.len() as u64 + replies.len() as u64;
    if total == 0 {
        return Ok(());
    }
    let Some(mut parent) = batch.message(thread)? else { return Ok(()) };
    let mut gathered = parent.replies.clone().unwrap_or_default();
    if gathered.count >= total {
        return Ok(());
    }
    let first = gathered.count == 0;
    gathered.count = total;
    let include = |replies: &mut Replies, author: &UserRef, at: Time| {
        replies.last = replies.last.max(Some(at));
        if replies.followers.len() < MOST_FOLLOWERS && !replies.followers.contains(&author.id) {
            replies.followers.push(author.id.clone());
        }
    };
    if first {
        gathered.followers.push(parent.author.id.clone());
        for ((_, _, id), _) in earlier {
            if let Some(reply) = batch.message(&id)? {
                include(&mut gathered, &reply.author, reply.sent_at);
            }
        }
    }
    for reply in replies {
        include(&mut gathered, &reply.author, reply.sent_at);
    }
    parent.replies = Some(gathered);
    batch.put_message(&parent)
}
