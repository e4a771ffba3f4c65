//! One reading of one room, for all formats that want the same order.

use std::ops::ControlFlow;

use export_sdk as sdk;
use export_sdk::{ArtifactPath, FileLink, Texts, Verdict, safe_file_name};

use super::{Rendered, Run, Transformers, Writers, unreadable};
use crate::domain::{Message, MessageId, Room, RoomId, Rooms, Time, UploadId};
use crate::export::view;
use crate::store::{self, Direction, Store};

/// A failure of the store or of a plug-in, whichever comes first.
pub(super) struct Failure(sdk::Error);

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Self(unreadable(error))
    }
}

impl From<sdk::Error> for Failure {
    fn from(error: sdk::Error) -> Self {
        Self(error)
    }
}

type Step = Result<ControlFlow<()>, Failure>;

/// Tells the formats who is in a room.
pub(super) fn members(
    store: &Store,
    room: &RoomId,
    writers: &mut Writers<'_>,
    transformers: &mut Transformers<'_>,
) -> sdk::Result<()> {
    let walked = store.members(room, |subscription| {
        // An account may go while its membership is read.
        let Some(user) = store.user(&subscription.user)? else { return go_on() };
        let texts = Texts::new();
        let mut member = sdk::Member::new(user.id.as_str(), &user.username);
        member.name = user.name.as_deref();
        member.roles = subscription.roles.iter().map(String::as_str).collect();
        for transformer in &mut *transformers {
            if transformer.member(&mut member, &texts)? == Verdict::Drop {
                return go_on();
            }
        }
        for (_, writer) in &mut *writers {
            writer.member(&member)?;
        }
        go_on()
    });
    walked.map_err(|Failure(error)| error)
}

pub(super) struct Pass<'a, 'p, 'w, 't> {
    run: Run<'a>,
    room: &'p Room,
    order: sdk::Order,
    /// Those that want this order, and the others.
    writers: &'p mut Writers<'w>,
    transformers: &'p mut Transformers<'t>,
    /// The beginning of a thread that was looked up last, and when it was sent if its replies follow it.
    beginning: Option<(MessageId, Option<Time>)>,
    read: u64,
    summary: sdk::Summary,
}

impl<'a, 'p, 'w, 't> Pass<'a, 'p, 'w, 't> {
    pub(super) fn new(
        run: Run<'a>,
        room: &'p Room,
        order: sdk::Order,
        writers: &'p mut Writers<'w>,
        transformers: &'p mut Transformers<'t>,
    ) -> Self {
        let summary = sdk::Summary::default();
        Self { run, room, order, writers, transformers, beginning: None, read: 0, summary }
    }

    /// Reads what the order means of this room.
    pub(super) fn read(mut self) -> sdk::Result<Rendered> {
        let read = match &self.run.task.order.rooms {
            Rooms::Listed(_) | Rooms::Seen | Rooms::Server => self.window(),
            Rooms::Thread { thread, .. } => self.thread(thread),
            Rooms::Messages { messages, .. } => self.messages(messages),
        };
        read.map_err(|Failure(error)| error)?;
        Ok(Rendered { summary: self.summary, read: self.read })
    }

    fn window(&mut self) -> Result<(), Failure> {
        let run = self.run;
        let (from, until) = run.filter.window();
        let threaded = self.order == sdk::Order::Threads;
        run.task.store.history(&self.room.id, from, until, Direction::Ascending, |message| {
            if self.read >= run.most {
                return Ok(ControlFlow::Break(()));
            }
            self.note_read();
            if !run.filter.wants(&message, self.room) {
                return self.passed_over();
            }
            if threaded && self.follows_its_thread(&message)? {
                return go_on();
            }
            self.write(&message)?;
            if threaded && message.replies.is_some() && message.thread.is_none() {
                self.replies(&message.id)?;
            }
            go_on()
        })
    }

    fn note_read(&mut self) {
        self.read += 1;
        self.run.progress.read_message();
    }

    /// A long way over messages that nobody wants must end, too, when the export is cancelled.
    fn passed_over(&self) -> Step {
        self.run.progress.work.check().map_err(sdk::Error::from)?;
        go_on()
    }

    /// Whether the message is a reply that is written right after the message that began its thread.
    fn follows_its_thread(&mut self, message: &Message) -> Result<bool, Failure> {
        let Some(thread) = &message.thread else { return Ok(false) };
        let known = self.beginning.as_ref().filter(|(id, _)| id == thread).map(|(_, sent_at)| *sent_at);
        let sent_at = match known {
            Some(sent_at) => sent_at,
            None => {
                let beginning = self.run.task.store.message(thread)?;
                let leads = beginning.filter(|beginning| {
                    beginning.room == self.room.id
                        && beginning.thread.is_none()
                        && beginning.replies.is_some()
                        && self.run.filter.wants(beginning, self.room)
                });
                let sent_at = leads.map(|beginning| beginning.sent_at);
                self.beginning = Some((thread.clone(), sent_at));
                sent_at
            }
        };
        Ok(message.room == self.room.id && sent_at.is_some_and(|sent_at| sent_at <= message.sent_at))
    }

    fn replies(&mut self, thread: &MessageId) -> Result<(), Failure> {
        let run = self.run;
        run.task.store.replies(thread, |reply| {
            let due = reply.room == self.room.id && run.filter.wants(&reply, self.room);
            if due && self.follows_its_thread(&reply)? {
                self.write(&reply)?;
            }
            go_on()
        })
    }

    fn thread(&mut self, thread: &MessageId) -> Result<(), Failure> {
        let run = self.run;
        if let Some(beginning) = run.task.store.message(thread)?
            && beginning.room == self.room.id
            && run.filter.wants(&beginning, self.room)
        {
            self.write(&beginning)?;
        }
        run.task.store.replies(thread, |reply| {
            self.note_read();
            if reply.room == self.room.id && run.filter.wants(&reply, self.room) {
                self.write(&reply)?;
            }
            go_on()
        })
    }

    /// The chosen messages that are in the room, oldest first, each once.
    fn messages(&mut self, ids: &[MessageId]) -> Result<(), Failure> {
        let store = self.run.task.store;
        let mut chosen: Vec<(Time, &MessageId)> = Vec::new();
        for id in ids {
            if let Some(place) = store.message_place(id)?.filter(|place| place.room == self.room.id) {
                chosen.push((place.sent_at, id));
            }
        }
        chosen.sort();
        chosen.dedup();
        for (_, id) in chosen {
            self.note_read();
            if let Some(message) = store.message(id)?
                && self.run.filter.wants(&message, self.room)
            {
                self.write(&message)?;
            }
        }
        Ok(())
    }

    fn write(&mut self, message: &Message) -> Result<(), Failure> {
        self.run.progress.work.check().map_err(sdk::Error::from)?;
        let texts = Texts::new();
        let mut seen = view::message(message);
        for transformer in &mut *self.transformers {
            if transformer.message(&mut seen, &texts)? == Verdict::Drop {
                return Ok(());
            }
        }
        for file in view::named_files(&seen) {
            let path = self.take_in(&file)?;
            match path {
                Ok(_) => self.summary.files += 1,
                Err(_) => self.summary.missing_files += 1,
            }
            seen.files.push(sdk::File {
                id: file.id.into(),
                name: file.name.into(),
                media_type: file.media_type.into(),
                size: file.size,
                path,
            });
        }
        let order = self.order;
        for (_, writer) in self.writers.iter_mut().filter(|(wanted, _)| *wanted == order) {
            writer.write(&seen)?;
        }
        self.summary.messages += 1;
        self.summary.first = Some(self.summary.first.map_or(seen.sent_at, |first| first.min(seen.sent_at)));
        self.summary.last = self.summary.last.max(Some(seen.sent_at));
        Ok(())
    }

    /// Makes an uploaded file part of the export; the inner error says why that cannot be.
    fn take_in(&mut self, file: &view::NamedFile) -> Result<Result<FileLink, &'static str>, Failure> {
        let store = self.run.task.store;
        let Some(upload) = store.upload(&UploadId::new(file.id.as_str()))? else {
            return Ok(Err("the file is not on this server"));
        };
        // An upload of another room is nothing this room may show.
        if upload.room != self.room.id {
            return Ok(Err("the file belongs to another room"));
        }
        // Under the name that the message gives it: a transform may have changed that.
        let name = if file.name.is_empty() { &upload.name } else { &file.name };
        let path = ArtifactPath::new(format!("assets/{}", safe_file_name(&format!("{}-{name}", upload.id))))?;
        let blob = store.blobs().path(&upload.sha256);
        if !store.blobs().is_whole(&upload.sha256)? {
            tracing::error!(upload = %upload.id, "the bytes of an upload are damaged; run `roomscribe check`");
            return Ok(Err("the file is damaged on this server"));
        }
        let mut target = self.run.target.borrow_mut();
        let linked = target.link(&path, &upload.media_type, &blob, upload.sha256, upload.size);
        linked.map_err(sdk::Error::from)?;
        Ok(Ok(FileLink::new(&path, self.run.shared)))
    }
}

fn go_on() -> Step {
    Ok(ControlFlow::Continue(()))
}
