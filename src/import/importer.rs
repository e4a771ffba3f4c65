//! Writes what is missing, batch by batch.

use std::collections::{HashMap, HashSet};
use std::io::BufRead;

use super::document::{BATCH, Document, Item, Section, next, wrong};
use super::header::Header;
use super::line::{Line, Member};
use super::source::Files;
use super::{Error, Imported, rooms, threads};
use crate::domain::{Message, MessageId, Role, RoleScope, Room, RoomId, RoomKind, Time, Upload};
use crate::store::blobs::Arriving;
use crate::store::schema::MessagePlace;
use crate::store::{Batch, Error as StoreError, Store};

/// Members whose existence is remembered, at most.
const MOST_KNOWN: usize = 100_000;
/// So many missing files are named.
const MOST_NAMED: u64 = 20;

/// One import of any number of documents.
pub(super) struct Importer<'a> {
    pub(super) store: &'a Store,
    now: Time,
    pub(super) progress: &'a mut dyn FnMut(u64),
    pub(super) imported: Imported,
    /// Members that are known to exist, by room and user.
    pub(super) known: HashSet<(RoomId, String)>,
    /// Lines of all documents so far.
    pub(super) lines: u64,
}

impl<'a> Importer<'a> {
    pub(super) fn new(store: &'a Store, now: Time, progress: &'a mut dyn FnMut(u64)) -> Self {
        let imported = Imported::default();
        Self { store, now, progress, imported, known: HashSet::new(), lines: 0 }
    }

    /// Makes the accounts of a document's members, before authors take the names they once had. What
    /// is wrong with it is told when it is imported.
    pub(super) fn meet(&mut self, lines: &mut dyn BufRead) -> Result<(), Error> {
        let (mut text, mut people) = (Vec::new(), Vec::new());
        let Ok(Some(Line::Header(header))) = next(lines, &mut text) else { return Ok(()) };
        if !is_restored(self.store.room(&header.room.id)?.as_ref(), &header.room) {
            return Ok(());
        }
        loop {
            let met = match next(lines, &mut text) {
                Ok(Some(Line::Member(member))) => {
                    people.push(member);
                    true
                }
                Ok(_) | Err(_) => false,
            };
            if people.len() >= BATCH || !met {
                let made = self.store.write::<_, StoreError>(|batch| {
                    let mut made = 0;
                    for member in people.drain(..) {
                        if !rooms::has_left(batch, &header.room.id, &member.user.id)? {
                            made += u64::from(rooms::need_user(batch, &member.user, self.now)? == Some(true));
                        }
                    }
                    Ok(made)
                })?;
                self.imported.users += made;
            }
            if !met {
                return Ok(());
            }
        }
    }

    /// Imports a document.
    pub(super) fn read(
        &mut self,
        name: Option<&str>,
        lines: &mut dyn BufRead,
        beside: &mut dyn Files,
    ) -> Result<(), Error> {
        let before = self.lines;
        let mut document = Document::new(self, beside);
        let read = document.read(lines);
        let number = document.number();
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

/// Whether the members of an export become members here: of a room that is made of it, or was, for an
/// import that was broken off goes on.
fn is_restored(known: Option<&Room>, room: &Room) -> bool {
    known.is_none_or(|known| known.kind == room.kind && known.created == room.created)
}

impl Importer<'_> {
    /// Makes the room of a header, if it is missing.
    pub(super) fn open(&mut self, number: u64, header: Header) -> Result<Section, Error> {
        let Header { mut room, names_members } = header;
        let store = self.store;
        let (restores, made) = store.write(|batch| match batch.get::<Room>(&(room.id.clone(),))? {
            Some(known) => Ok((is_restored(Some(&known), &room), false)),
            None if room.kind == RoomKind::Direct && room.name.is_none() => {
                batch.put_room(&room).map(|()| (true, true)).map_err(|error| of_line(number, error))
            }
            None => {
                rooms::make(batch, &mut room).map(|()| (true, true)).map_err(|error| of_line(number, error))
            }
        })?;
        if made {
            self.imported.note_room(room.name.as_deref().unwrap_or(room.id.as_str()));
        }
        Ok(Section::new(room.id, restores, !(restores && names_members)))
    }

    pub(super) fn write(&mut self, lines: &[(u64, Item)]) -> Result<(), Error> {
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
                self.need_author(batch, message, joins).map_err(|error| of_line(*number, error))?;
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
        let made = rooms::need_user(batch, user, self.now).map_err(|error| of_line(line, error))?;
        let Some(made) = made else { return Ok(()) };
        self.imported.users += u64::from(made);
        rooms::need_member(batch, room, user, roles, self.now).map_err(|error| of_line(line, error))
    }

    /// Keeps the files that have arrived.
    pub(super) fn keep(&mut self, files: Vec<(u64, Upload, Arriving)>) -> Result<(), Error> {
        if files.is_empty() {
            return Ok(());
        }
        let (store, mut kept) = (self.store, Vec::with_capacity(files.len()));
        let result = store.write::<_, StoreError>(|batch| {
            for (_, upload, arriving) in files {
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

    pub(super) fn miss(&mut self, line: u64, upload: &Upload, complaint: &str) {
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
