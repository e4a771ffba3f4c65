//! Reads documents line by line and writes what is missing, batch by batch.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, Read};
use std::mem;

use super::file::{self, FileLine};
use super::header::Header;
use super::line::{self, Counts, Line, Member};
use super::source::Shelf;
use super::{Error, Imported, rooms, threads};
use crate::domain::{Message, MessageId, Role, RoleScope, Room, RoomId, RoomKind, Time, Upload};
use crate::store::blobs::Arriving;
use crate::store::schema::MessagePlace;
use crate::store::{Batch, Error as StoreError, Store};

/// Lines written together.
const BATCH: usize = 500;
/// Files taken in together; each is an open file.
const FILES: usize = 32;
/// A line that is longer is no message.
const LONGEST_LINE: u64 = 1 << 20;
/// Members whose existence is remembered, at most.
const MOST_KNOWN: usize = 100_000;
/// So many missing files are named.
const MOST_NAMED: u64 = 20;

/// One import of any number of documents.
pub(super) struct Importer<'a> {
    store: &'a Store,
    now: Time,
    progress: &'a mut dyn FnMut(u64),
    pub(super) imported: Imported,
    /// Members that are known to exist, by room and user.
    known: HashSet<(RoomId, String)>,
    /// Lines of all documents so far.
    lines: u64,
}

/// The export that is being read, between its header and its end.
struct Section {
    room: RoomId,
    /// Members are restored.
    restores: bool,
    /// Who wrote something becomes a member.
    authors_join: bool,
    messages: u64,
    files: u64,
    last: Option<MessageId>,
}

/// What is read of a document and not written yet.
#[derive(Default)]
struct Waiting {
    lines: Vec<(u64, Item)>,
    files: Vec<(Upload, Arriving)>,
}

enum Item {
    Member(RoomId, Box<Member>),
    /// With whether its author becomes a member.
    Message(Box<Message>, bool),
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

impl<'a> Importer<'a> {
    pub(super) fn new(store: &'a Store, now: Time, progress: &'a mut dyn FnMut(u64)) -> Self {
        let imported = Imported::default();
        Self { store, now, progress, imported, known: HashSet::new(), lines: 0 }
    }

    /// Imports a document.
    pub(super) fn read(
        &mut self,
        name: Option<&str>,
        lines: &mut dyn BufRead,
        shelf: &mut dyn Shelf,
    ) -> Result<(), Error> {
        let before = self.lines;
        let mut document =
            Document { importer: self, shelf, section: None, waiting: Waiting::default(), number: 0 };
        let read = document.read(lines);
        let number = document.number;
        self.lines = before + number;
        (self.progress)(self.lines);
        read.map_err(|error| match error {
            Error::Line { line, complaint, .. } => {
                Error::Line { document: name.map(str::to_owned), line, complaint }
            }
            other => other,
        })
    }
}

/// One document while it is read.
struct Document<'d, 'a> {
    importer: &'d mut Importer<'a>,
    shelf: &'d mut dyn Shelf,
    section: Option<Section>,
    waiting: Waiting,
    /// The line that is being read.
    number: u64,
}

impl Document<'_, '_> {
    fn read(&mut self, lines: &mut dyn BufRead) -> Result<(), Error> {
        let mut text = Vec::new();
        loop {
            self.number += 1;
            let taken = match next(lines, &mut text) {
                Ok(None) => Ok(()),
                Ok(Some(line)) => self.take(line)?,
                Err(Stop::End) if self.section.is_some() => {
                    Err("the file ends before the end of the export: it was cut off".to_owned())
                }
                Err(Stop::End) => break,
                Err(Stop::Wrong(complaint)) => Err(complaint),
            };
            if let Err(complaint) = taken {
                self.flush()?;
                return Err(wrong(self.number, complaint));
            }
            if self.waiting.lines.len() >= BATCH || self.waiting.files.len() >= FILES {
                self.flush()?;
                (self.importer.progress)(self.importer.lines + self.number);
            }
        }
        self.flush()?;
        self.number -= 1;
        Ok(())
    }

    /// Takes a line in. The inner error says what is wrong with it.
    fn take(&mut self, line: Line) -> Result<Result<(), String>, Error> {
        Ok(match line {
            Line::Header(_) if self.section.is_some() => {
                Err("another header stands before the end of the export: it was cut off".to_owned())
            }
            Line::Header(header) => {
                self.flush()?;
                self.section = Some(self.importer.open(self.number, *header)?);
                Ok(())
            }
            Line::Member(member) => self.member(member),
            Line::Message(message) => self.message(message),
            Line::File(file) => return self.file(*file),
            Line::End(counts) => self.end(&counts),
        })
    }

    fn member(&mut self, member: Box<Member>) -> Result<(), String> {
        let section = self.section.as_ref().ok_or_else(headless)?;
        if section.messages > 0 {
            return Err("a member stands after a message".to_owned());
        }
        if section.restores {
            self.waiting.lines.push((self.number, Item::Member(section.room.clone(), member)));
        }
        Ok(())
    }

    fn message(&mut self, message: Box<Message>) -> Result<(), String> {
        let mut joins = true;
        if let Some(section) = &mut self.section {
            if message.room != section.room {
                return Err(format!("`rid` is not the room of the header, {:?}", section.room.as_str()));
            }
            section.messages += 1;
            section.last = Some(message.id.clone());
            joins = section.authors_join;
        }
        self.waiting.lines.push((self.number, Item::Message(message, joins)));
        Ok(())
    }

    fn file(&mut self, line: FileLine) -> Result<Result<(), String>, Error> {
        let Some(section) = &mut self.section else { return Ok(Err(headless())) };
        if section.last.as_ref().is_none_or(|last| last.as_str() != line.message) {
            return Ok(Err("`message` is not the message before it".to_owned()));
        }
        section.files += 1;
        let Some((upload, path)) = line.into_upload(&section.room) else { return Ok(Ok(())) };
        let store = self.importer.store;
        let waiting = self.waiting.files.iter().map(|(upload, _)| upload).find(|known| known.id == upload.id);
        let known = store.upload(&upload.id)?.or_else(|| waiting.cloned());
        let complaint = match known {
            Some(known) if known.room == upload.room && known.sha256 == upload.sha256 => {
                self.importer.imported.known_files += 1;
                return Ok(Ok(()));
            }
            Some(_) => "another file has its id".to_owned(),
            None => match self.shelf.open(&path) {
                Ok(Some(mut source)) => {
                    let received = file::receive(store.blobs(), &mut source, &upload);
                    match received.map_err(StoreError::from)? {
                        Ok(arriving) => {
                            self.waiting.files.push((upload, arriving));
                            return Ok(Ok(()));
                        }
                        Err(complaint) => complaint,
                    }
                }
                Ok(None) => "it is not there".to_owned(),
                Err(error) => format!("it cannot be read: {error}"),
            },
        };
        self.importer.miss(self.number, &upload, &complaint);
        Ok(Ok(()))
    }

    fn end(&mut self, counts: &Counts) -> Result<(), String> {
        let section = self.section.take().ok_or_else(headless)?;
        let files = counts.files.zip(counts.missing_files).map(|(files, missing)| files.saturating_add(missing));
        for (what, promised, found) in
            [("messages", counts.messages, section.messages), ("files", files, section.files)]
        {
            if let Some(promised) = promised.filter(|promised| *promised != found) {
                return Err(format!(
                    "the export had {promised} {what}, but {found} stand before its end: the file was cut off \
                     or changed"
                ));
            }
        }
        Ok(())
    }

    /// Writes what is waiting. If a line cannot be kept, those before it are.
    fn flush(&mut self) -> Result<(), Error> {
        let Waiting { mut lines, files } = mem::take(&mut self.waiting);
        let importer = &mut *self.importer;
        let result = importer.write(&lines);
        if let Err(Error::Line { line, .. }) = &result {
            // Nothing of the batch happened, so whom it made known is not there.
            importer.known.clear();
            lines.retain(|(number, _)| number < line);
            importer.write(&lines)?;
        }
        importer.keep(files)?;
        result
    }
}

fn headless() -> String {
    "there is no header before it: the beginning of the export is missing".to_owned()
}

fn wrong(line: u64, complaint: String) -> Error {
    Error::Line { document: None, line, complaint }
}

impl Importer<'_> {
    /// Makes the room of a header, if it is missing.
    fn open(&mut self, number: u64, header: Header) -> Result<Section, Error> {
        let Header { mut room, names_members } = header;
        let store = self.store;
        let (restores, made) = store.write(|batch| match batch.get::<Room>(&(room.id.clone(),))? {
            // The same room: an import that was broken off goes on.
            Some(known) => Ok((known.kind == room.kind && known.created == room.created, false)),
            None if room.kind == RoomKind::Direct && room.name.is_none() => {
                batch.put_room(&room).map(|()| (true, true)).map_err(|error| of_line(number, error))
            }
            None => rooms::make(batch, &mut room).map(|()| (true, true)).map_err(|error| of_line(number, error)),
        })?;
        if made {
            self.imported.note_room(room.name.as_deref().unwrap_or(room.id.as_str()));
        }
        Ok(Section {
            room: room.id,
            restores,
            authors_join: !(restores && names_members),
            messages: 0,
            files: 0,
            last: None,
        })
    }

    fn write(&mut self, lines: &[(u64, Item)]) -> Result<(), Error> {
        let before = self.imported.clone();
        let store = self.store;
        let mut fresh: HashSet<MessageId> = HashSet::with_capacity(lines.len());
        let mut touched: HashMap<MessageId, Vec<Message>> = HashMap::new();
        let result = store.write(|batch| {
            for (number, item) in lines {
                let (message, joins) = match item {
                    Item::Member(room, member) => {
                        self.restore(batch, *number, room, member)?;
                        continue;
                    }
                    Item::Message(message, joins) => (message, *joins),
                };
                if let Some(place) = batch.get::<MessagePlace>(&(message.id.clone(),))? {
                    if place.room != message.room {
                        let complaint = "`_id` is that of a message in another room".to_owned();
                        return Err(wrong(*number, complaint));
                    }
                    self.imported.known += u64::from(!fresh.contains(&message.id));
                    continue;
                }
                self.need_room(batch, message)?;
                self.need_author(batch, message, joins)?;
                batch.put_message(message).map_err(|error| of_line(*number, error))?;
                rooms::count(batch, message)?;
                fresh.insert(message.id.clone());
                if message.replies.is_none() {
                    touched.entry(message.id.clone()).or_default();
                }
                if let Some(thread) = &message.thread {
                    touched.entry(thread.clone()).or_default().push((**message).clone());
                }
            }
            touched.iter().try_for_each(|(thread, replies)| threads::gather(batch, thread, replies))?;
            Ok(())
        });
        if result.is_ok() {
            self.imported.messages += fresh.len() as u64;
        } else {
            // Nothing of it happened.
            self.imported = before;
        }
        if self.known.len() > MOST_KNOWN {
            self.known.clear();
        }
        result
    }

    fn need_room(&mut self, batch: &mut Batch<'_>, message: &Message) -> Result<(), StoreError> {
        if batch.has::<Room>(&(message.room.clone(),))? {
            return Ok(());
        }
        let mut room = Room::new(message.room.clone(), RoomKind::Channel, None, None, message.sent_at);
        rooms::make(batch, &mut room)?;
        self.imported.note_room(room.name.as_deref().unwrap_or_default());
        Ok(())
    }

    fn need_author(
        &mut self,
        batch: &mut Batch<'_>,
        message: &Message,
        joins: bool,
    ) -> Result<(), StoreError> {
        let (room, author) = (&message.room, &message.author);
        if !self.known.insert((room.clone(), author.id.to_string())) {
            return Ok(());
        }
        let Some(made) = rooms::need_user(batch, author, self.now)? else { return Ok(()) };
        self.imported.users += u64::from(made);
        if joins { rooms::need_member(batch, room, author, &[], self.now) } else { Ok(()) }
    }

    /// Makes somebody a member with the roles that the export names, unless they have left since.
    fn restore(
        &mut self,
        batch: &mut Batch<'_>,
        line: u64,
        room: &RoomId,
        member: &Member,
    ) -> Result<(), Error> {
        let Member { user, roles } = member;
        for role in roles {
            // A role of the whole server would count in the room, too.
            let known = batch.get::<Role>(&(role.clone(),))?;
            if known.is_some_and(|known| known.scope == RoleScope::Users) {
                return Err(wrong(line, format!("`roles`: {role:?} is no role within a room")));
            }
        }
        if rooms::has_left(batch, room, &user.id)? {
            return Ok(());
        }
        let Some(made) = rooms::need_user(batch, user, self.now)? else { return Ok(()) };
        self.imported.users += u64::from(made);
        rooms::need_member(batch, room, user, roles, self.now)?;
        Ok(())
    }

    /// Keeps the files that have arrived.
    fn keep(&mut self, files: Vec<(Upload, Arriving)>) -> Result<(), Error> {
        if files.is_empty() {
            return Ok(());
        }
        let (store, mut kept) = (self.store, Vec::with_capacity(files.len()));
        let result = store.write::<_, StoreError>(|batch| {
            for (upload, arriving) in files {
                kept.push(store.blobs().keep(arriving)?.sha256);
                batch.put_upload(&upload)?;
            }
            Ok(())
        });
        match result {
            Ok(()) => self.imported.files += kept.len() as u64,
            Err(_) => kept.iter().try_for_each(|sha256| store.remove_blob_if_unused(sha256))?,
        }
        Ok(result?)
    }

    fn miss(&mut self, line: u64, upload: &Upload, complaint: &str) {
        self.imported.missing_files += 1;
        if self.imported.missing_files <= MOST_NAMED {
            tracing::warn!(line, file = upload.name, complaint, "a file of the export is missing");
        }
    }
}

/// What cannot be kept because of itself is the line's fault, everything else the store's.
fn of_line(line: u64, error: StoreError) -> Error {
    match error {
        StoreError::TooLarge { .. } => wrong(line, error.to_string()),
        other => other.into(),
    }
}
