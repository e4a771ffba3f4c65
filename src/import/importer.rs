//! Writes what is missing, batch by batch.

use std::collections::{HashMap, HashSet};
use std::io::BufRead;
use std::mem;

use super::document::{Around, BATCH, Document, Item, Section, next, wrong};
use super::header::Header;
use super::line::{Line, Member};
use super::rooms::Account;
use super::source::Files;
use super::{Error, Imported, Rules, rooms, threads};
use crate::domain::{Message, MessageId, Room, RoomId, RoomKind, Time, Upload, UserId, UserRef};
use crate::store::blobs::Arriving;
use crate::store::schema::{MessagePlace, UnfinishedImport};
use crate::store::{Batch, Error as StoreError, Store};

/// Members whose existence is remembered, at most.
const MOST_KNOWN: usize = 100_000;
/// So many entries are written before the store is packed.
const MOST_UNPACKED: u64 = 1 << 16;
/// So many missing files are named.
const MOST_NAMED: u64 = 20;

/// One import of any number of documents.
pub(super) struct Importer<'a> {
    pub(super) store: &'a Store,
    rules: &'a Rules,
    now: Time,
    pub(super) progress: &'a mut dyn FnMut(u64),
    pub(super) imported: Imported,
    /// What it was when nothing waited in the store's memory.
    handed_over: Imported,
    /// Authors that were seen to, by room, id and login name.
    pub(super) known: HashSet<(RoomId, String, String)>,
    /// Rooms that were made of the messages of this document, which has no header.
    headless: HashSet<RoomId>,
    /// Lines of all documents so far.
    pub(super) lines: u64,
    /// Entries written since the store was packed, and those that were too few where they stood then.
    unpacked: u64,
    left: u64,
}

impl<'a> Importer<'a> {
    pub(super) fn new(
        store: &'a Store,
        rules: &'a Rules,
        now: Time,
        progress: &'a mut dyn FnMut(u64),
    ) -> Self {
        let (imported, handed_over) = Default::default();
        let (known, headless) = (HashSet::new(), HashSet::new());
        let (lines, unpacked, left) = (0, 0, 0);
        Self { store, rules, now, progress, imported, handed_over, known, headless, lines, unpacked, left }
    }

    /// What the store has kept, once everything that can be is brought to disk.
    pub(super) fn done(mut self) -> Imported {
        self.note_handed_over();
        self.handed_over
    }

    fn note_handed_over(&mut self) {
        if !self.store.has_failed() && self.store.is_handed_over() {
            self.handed_over.clone_from(&self.imported);
        }
    }

    /// Packs what was written, if that is much.
    fn pack(&mut self) -> Result<(), Error> {
        self.unpacked += self.store.take_unpacked();
        if self.unpacked >= MOST_UNPACKED.max(self.left / 4) {
            (self.unpacked, self.left) = (0, self.store.pack(|_| true)?);
        }
        Ok(())
    }

    /// Makes the accounts of a document's members, before authors take the names they once had. What
    /// is wrong with it is told when it is imported.
    pub(super) fn meet(&mut self, lines: &mut dyn BufRead) -> Result<(), Error> {
        let (mut text, mut people) = (Vec::new(), Vec::new());
        let Ok(Some(Line::Header(header))) = next(lines, &mut text) else { return Ok(()) };
        let id = (header.room.id.clone(),);
        let is_closed = match self.store.get::<Room>(&id)? {
            Some(room) => {
                !self.store.has::<UnfinishedImport>(&id)? && !rooms::is_untouched(self.store, &room)?
            }
            None => false,
        };
        if is_closed && !self.rules.join {
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
                            let account = rooms::need_user(batch, &member.user, self.rules, self.now)?;
                            made += u64::from(account == Account::Made);
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

impl Importer<'_> {
    /// Makes the room of a header, if it is missing. One that only the first start has made becomes
    /// what the header says, and is then like one that was missing.
    pub(super) fn open(&mut self, number: u64, header: Header) -> Result<Section, Error> {
        let store = self.store;
        let made = store.write::<_, Error>(|batch| {
            let known = batch.get::<Room>(&(header.room.id.clone(),))?;
            let mut room = header.room.clone();
            if let Some(known) = known {
                if room.kind == known.kind && rooms::is_untouched(store, &known)? {
                    batch.put(&(room.id.clone(),), &UnfinishedImport)?;
                    rooms::replace(batch, &known, room).map_err(|error| of_line(number, error))?;
                }
                return Ok(None);
            }
            self.check(batch, number, &room, None)?;
            batch.put(&(room.id.clone(),), &UnfinishedImport)?;
            if room.kind == RoomKind::Direct && room.name.is_none() {
                batch.put_room(&room).map_err(|error| of_line(number, error))?;
            } else {
                rooms::make(batch, &mut room).map_err(|error| of_line(number, error))?;
            }
            Ok(Some(room))
        })?;
        if let Some(room) = made {
            self.imported.note_room(room.name.as_deref().unwrap_or(room.id.as_str()));
        }
        Ok(Section::new(header))
    }

    /// Whether such a room may be made.
    fn check(&self, batch: &Batch<'_>, line: u64, room: &Room, author: Option<&UserId>) -> Result<(), Error> {
        let complaint = rooms::complaint(batch, room, author, self.rules)?;
        complaint.map_or(Ok(()), |complaint| Err(wrong(line, complaint)))
    }

    /// Nobody joins the rooms of a document without headers any more.
    pub(super) fn finish_headless(&mut self) -> Result<(), Error> {
        if self.headless.is_empty() {
            return Ok(());
        }
        let rooms = mem::take(&mut self.headless);
        self.store.write::<_, StoreError>(|batch| {
            for room in rooms {
                batch.delete::<UnfinishedImport>(&(room,));
            }
            Ok(())
        })?;
        Ok(())
    }

    pub(super) fn write(&mut self, lines: &[(u64, Item)]) -> Result<(), Error> {
        let before = self.imported.clone();
        let store = self.store;
        let mut fresh: HashSet<MessageId> = HashSet::with_capacity(lines.len());
        let mut touched: HashMap<MessageId, Vec<Message>> = HashMap::new();
        let result = store.write(|batch| {
            for (number, item) in lines {
                let (message, around) = match item {
                    Item::Member(room, member) => {
                        self.restore(batch, *number, room, member)?;
                        continue;
                    }
                    Item::Finished(room) => {
                        batch.delete::<UnfinishedImport>(&(room.clone(),));
                        continue;
                    }
                    Item::Message(message, around) => (message, *around),
                };
                if let Some(place) = batch.get::<MessagePlace>(&(message.id.clone(),))? {
                    if place.room != message.room {
                        let complaint = "`_id` is that of a message in another room".to_owned();
                        return Err(wrong(*number, complaint));
                    }
                    self.imported.known += u64::from(!fresh.contains(&message.id));
                    continue;
                }
                self.need_room(batch, *number, message)?;
                self.need_author(batch, *number, message, around)?;
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
        if self.headless.len() > MOST_KNOWN {
            // So many cannot be remembered; their doors close early.
            self.finish_headless()?;
        }
        self.note_handed_over();
        self.pack().and(result)
    }

    fn need_room(&mut self, batch: &mut Batch<'_>, line: u64, message: &Message) -> Result<(), Error> {
        if batch.has::<Room>(&(message.room.clone(),))? {
            return Ok(());
        }
        let mut room = Room::new(message.room.clone(), RoomKind::Channel, None, None, message.sent_at);
        self.check(batch, line, &room, Some(&message.author.id))?;
        batch.put(&(room.id.clone(),), &UnfinishedImport)?;
        rooms::make(batch, &mut room).map_err(|error| of_line(line, error))?;
        self.imported.note_room(room.name.as_deref().unwrap_or_default());
        Ok(())
    }

    /// Makes the author's account, and a member where the room is made of this export.
    fn need_author(
        &mut self,
        batch: &mut Batch<'_>,
        line: u64,
        message: &Message,
        around: Around,
    ) -> Result<(), Error> {
        let (room, author) = (&message.room, &message.author);
        let own = rooms::is_unfinished(batch, room)?;
        if own && around == Around::Nothing {
            self.headless.insert(room.clone());
        }
        if !self.known.insert((room.clone(), author.id.to_string(), author.username.clone())) {
            return Ok(());
        }
        if !self.need_account(batch, line, author, own)? {
            self.imported.nameless += 1;
            return Ok(());
        }
        let joins = if own { around != Around::Members } else { self.rules.join };
        if !joins || rooms::has_left(batch, room, &author.id)? {
            return Ok(());
        }
        self.need_member(batch, line, room, author, &[])
    }

    /// Whether there is an account now. A room of others must not hear somebody under the name of one
    /// of them.
    fn need_account(
        &mut self,
        batch: &mut Batch<'_>,
        line: u64,
        user: &UserRef,
        own: bool,
    ) -> Result<bool, Error> {
        match rooms::need_user(batch, user, self.rules, self.now).map_err(|error| of_line(line, error))? {
            Account::Known => Ok(true),
            Account::Made => {
                self.imported.users += 1;
                Ok(true)
            }
            Account::NameTaken if !own => {
                let UserRef { id, username, .. } = user;
                let complaint = format!(
                    "{username:?} is the login name of an account with another id than {id:?}, and the room was \
                     here before; import into a server without the room, or rename the account"
                );
                Err(wrong(line, complaint))
            }
            Account::NameTaken | Account::NameRefused => Ok(false),
        }
    }

    fn need_member(
        &mut self,
        batch: &mut Batch<'_>,
        line: u64,
        room: &RoomId,
        user: &UserRef,
        roles: &[String],
    ) -> Result<(), Error> {
        let joined = rooms::need_member(batch, room, user, roles, self.now);
        self.imported.memberships += u64::from(joined.map_err(|error| of_line(line, error))?);
        Ok(())
    }

    /// Makes somebody a member with the roles that the export names, unless they have left since, or
    /// the room was there before.
    fn restore(
        &mut self,
        batch: &mut Batch<'_>,
        line: u64,
        room: &RoomId,
        member: &Member,
    ) -> Result<(), Error> {
        let Member { user, roles } = member;
        let own = rooms::is_unfinished(batch, room)?;
        if !own && !self.rules.join || rooms::has_left(batch, room, &user.id)? {
            return Ok(());
        }
        if self.need_account(batch, line, user, own)? {
            return self.need_member(batch, line, room, user, roles);
        }
        if self.rules.allow(&user.username) {
            return Ok(());
        }
        let complaint = format!(
            "`user`: nobody may have the login name {:?}; the setting UTF8_User_Names_Validation says who may",
            user.username
        );
        Err(wrong(line, complaint))
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
