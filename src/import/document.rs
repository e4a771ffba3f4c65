//! Reads a document line by line and sees to it that it is whole.

use std::io::{BufRead, Read};
use std::mem;

use super::Error;
use super::file::{self, FileLine};
use super::header::Header;
use super::importer::Importer;
use super::line::{self, Counts, Line, Member};
use super::source::Files;
use crate::domain::{Message, MessageId, RoomId, RoomKind, Upload, UserId};
use crate::store::Error as StoreError;
use crate::store::blobs::Arriving;

/// Lines written together.
pub(super) const BATCH: usize = 500;
/// Bytes of lines written together, about.
const BATCH_BYTES: usize = 8 << 20;
/// Files taken in together; each is an open file.
const FILES: usize = 32;
/// A line that is longer is no message.
const LONGEST_LINE: u64 = 1 << 20;

/// The export that is being read, between its header and its end.
pub(super) struct Section {
    room: RoomId,
    /// The people of a direct message.
    direct: Option<Vec<UserId>>,
    names_members: bool,
    messages: u64,
    files: u64,
    last: Option<MessageId>,
}

/// What is read of a document and not written yet.
#[derive(Default)]
struct Waiting {
    lines: Vec<(u64, Item)>,
    /// How long the lines were together.
    bytes: usize,
    files: Vec<(u64, Upload, Arriving)>,
}

/// A line that is written.
pub(super) enum Item {
    Member(RoomId, Box<Member>),
    Message(Box<Message>, Around),
    /// The room has everything that its export has.
    Finished(RoomId),
}

/// What an export has around a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    /// Nothing, not even a header.
    Nothing,
    /// A header; who wrote is who was there.
    Header,
    /// A header and all members.
    Members,
}

impl Section {
    pub(super) fn new(header: Header) -> Self {
        let Header { room, names_members } = header;
        let people = || room.direct.iter().map(|person| person.id.clone()).collect();
        let direct = (room.kind == RoomKind::Direct).then(people);
        Self { room: room.id, direct, names_members, messages: 0, files: 0, last: None }
    }
}

/// Why there is no next line.
pub(super) enum Stop {
    End,
    Wrong(String),
}

/// The next line, `None` if it is blank.
pub(super) fn next(lines: &mut dyn BufRead, text: &mut Vec<u8>) -> Result<Option<Line>, Stop> {
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

/// One document while it is read.
pub(super) struct Document<'d, 'a> {
    importer: &'d mut Importer<'a>,
    beside: &'d mut dyn Files,
    section: Option<Section>,
    waiting: Waiting,
    /// The line that is being read.
    number: u64,
}

impl<'d, 'a> Document<'d, 'a> {
    pub(super) fn new(importer: &'d mut Importer<'a>, beside: &'d mut dyn Files) -> Self {
        Self { importer, beside, section: None, waiting: Waiting::default(), number: 0 }
    }

    /// The line that was read last.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn read(&mut self, lines: &mut dyn BufRead) -> Result<(), Error> {
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
            self.waiting.bytes += text.len();
            let Waiting { lines: waiting, bytes, files } = &self.waiting;
            if waiting.len() >= BATCH || *bytes >= BATCH_BYTES || files.len() >= FILES {
                self.flush()?;
                (self.importer.progress)(self.importer.lines + self.number);
            }
        }
        self.flush()?;
        self.importer.finish_headless()?;
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
        if section.direct.as_ref().is_some_and(|people| !people.contains(&member.user.id)) {
            let name = &member.user.username;
            return Err(format!("{name:?} is not in `users` of the header, who are all of a direct message"));
        }
        if section.names_members {
            self.waiting.lines.push((self.number, Item::Member(section.room.clone(), member)));
        }
        Ok(())
    }

    fn message(&mut self, message: Box<Message>) -> Result<(), String> {
        let mut around = Around::Nothing;
        if let Some(section) = &mut self.section {
            if message.room != section.room {
                return Err(format!("`rid` is not the room of the header, {:?}", section.room.as_str()));
            }
            section.messages += 1;
            section.last = Some(message.id.clone());
            around = if section.names_members { Around::Members } else { Around::Header };
        }
        self.waiting.lines.push((self.number, Item::Message(message, around)));
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
        let waiting =
            self.waiting.files.iter().map(|(_, upload, _)| upload).find(|known| known.id == upload.id);
        let known = store.upload(&upload.id)?.or_else(|| waiting.cloned());
        let complaint = match known {
            Some(known) if known.room == upload.room && known.sha256 == upload.sha256 => {
                self.importer.imported.known_files += 1;
                return Ok(Ok(()));
            }
            Some(_) => "another file has its id".to_owned(),
            None => match self.beside.open(&path) {
                Ok(Some(mut source)) => {
                    let received = file::receive(store.blobs(), &mut source, &upload);
                    match received.map_err(StoreError::from)? {
                        Ok(arriving) => {
                            self.waiting.files.push((self.number, upload, arriving));
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
        let files =
            counts.files.zip(counts.missing_files).map(|(files, missing)| files.saturating_add(missing));
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
        self.waiting.lines.push((self.number, Item::Finished(section.room)));
        Ok(())
    }

    /// Writes what is waiting. If a line cannot be kept, those before it are.
    fn flush(&mut self) -> Result<(), Error> {
        let Waiting { mut lines, mut files, .. } = mem::take(&mut self.waiting);
        let importer = &mut *self.importer;
        let result = importer.write(&lines);
        if let Err(Error::Line { line, .. }) = &result {
            // Nothing of the batch happened, so whom it made known is not there.
            importer.known.clear();
            lines.retain(|(number, _)| number < line);
            files.retain(|(number, ..)| number < line);
            importer.write(&lines)?;
        }
        importer.keep(files)?;
        result
    }
}

fn headless() -> String {
    "there is no header before it: the beginning of the export is missing".to_owned()
}

/// A line that is wrong.
pub(super) fn wrong(line: u64, complaint: String) -> Error {
    Error::Line { document: None, line, complaint }
}
