//! One pass over a room: stored records become views, a format writes them into a spool.
//!
//! The only loop that feeds formats. It runs on a blocking thread, in constant memory.

use std::cell::RefCell;
use std::fs::File;
use std::io::Write;
use std::ops::ControlFlow;

use export_sdk as sdk;
use export_sdk::{AnyFormat, ArtifactPath, FormatWriter, Order, Output, safe_file_name};
use serde_json::Value;

use super::progress::JobProgress;
use super::spool::Spool;
use super::view;
use crate::domain::{Message, MessageId, Room, Time, UploadId};
use crate::store::{self, Direction, Store};

/// What is to be rendered.
pub struct Task<'a> {
    /// Where the messages are.
    pub store: &'a Store,
    /// The room.
    pub room: &'a Room,
    /// First instant of the window.
    pub from: Option<Time>,
    /// End of the window, not included.
    pub until: Time,
    /// Only these messages; empty: all in the window.
    pub selection: &'a [MessageId],
    /// The format.
    pub format: &'a dyn AnyFormat,
    /// The format's options.
    pub options: &'a Value,
    /// The login name of the person who asked.
    pub requested_by: &'a str,
    /// When.
    pub requested_at: Time,
}

/// Writes the export into the spool. The spool is not sealed yet.
pub fn render(task: &Task<'_>, spool: &RefCell<Spool>, progress: &JobProgress) -> sdk::Result<sdk::Summary> {
    let activity = task.store.activity(&task.room.id).map_err(unreadable)?;
    let mut scope =
        sdk::Scope::new(view::room(task.room, activity.members), view::time(task.until), task.requested_by);
    scope.from = task.from.map(view::time);
    scope.requested_at = view::time(task.requested_at);
    let chosen = chosen(task)?;
    scope.at_least = if task.selection.is_empty() {
        let from = task.from.unwrap_or(Time::from_millis(i64::MIN));
        task.store.count_messages(&task.room.id, from, task.until, 10_000).map_err(unreadable)?
    } else {
        chosen.len() as u64
    };
    let mut output = SharedSpool(spool);
    let writer = task.format.start(task.options, &scope, &mut output)?;
    let mut pass = Pass { task, spool, progress, writer, summary: sdk::Summary::default() };
    if task.selection.is_empty() {
        pass.window()?;
    } else {
        pass.selection(&chosen)?;
    }
    let Pass { writer, summary, .. } = pass;
    writer.finish(&summary)?;
    Ok(summary)
}

/// The chosen messages that are in the room, oldest first, each once.
fn chosen<'a>(task: &Task<'a>) -> sdk::Result<Vec<(Time, &'a MessageId)>> {
    let mut chosen = Vec::new();
    for id in task.selection {
        let place = task.store.message_place(id).map_err(unreadable)?;
        if let Some(place) = place.filter(|place| place.room == task.room.id) {
            chosen.push((place.sent_at, id));
        }
    }
    chosen.sort();
    chosen.dedup();
    Ok(chosen)
}

/// The spool as formats see it; the host puts files into it meanwhile.
struct SharedSpool<'a>(&'a RefCell<Spool>);

impl Output for SharedSpool<'_> {
    fn create(&mut self, path: &ArtifactPath, media_type: &str) -> sdk::Result<Box<dyn Write + Send>> {
        self.0.borrow_mut().create(path, media_type)
    }

    fn scratch(&mut self) -> sdk::Result<File> {
        self.0.borrow_mut().scratch()
    }
}

struct Pass<'a, 'run> {
    task: &'a Task<'a>,
    spool: &'a RefCell<Spool>,
    progress: &'a JobProgress,
    writer: Box<dyn FormatWriter + 'run>,
    summary: sdk::Summary,
}

type Step = Result<ControlFlow<()>, Failure>;

/// A failure of the store or of the format, whichever comes first.
struct Failure(sdk::Error);

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

fn unreadable(error: store::Error) -> sdk::Error {
    sdk::Error::new(sdk::ErrorKind::Internal, "the room could not be read").because(error)
}

impl Pass<'_, '_> {
    fn window(&mut self) -> sdk::Result<()> {
        let task = self.task;
        let from = task.from.unwrap_or(Time::from_millis(i64::MIN));
        let threaded = task.format.order() == Order::Threads;
        let walked = task.store.history(&task.room.id, from, task.until, Direction::Ascending, |message| {
            if !threaded {
                self.write(&message)?;
                return go_on();
            }
            if self.follows_its_thread(&message)? {
                return Ok(ControlFlow::Continue(()));
            }
            self.write(&message)?;
            if message.replies.is_some() && message.thread.is_none() {
                self.replies(&message.id)
            } else {
                go_on()
            }
        });
        walked.map_err(|Failure(error)| error)
    }

    /// Whether the message is a reply that is written right after the message that began its thread.
    fn follows_its_thread(&self, message: &Message) -> Result<bool, Failure> {
        let Some(thread) = &message.thread else { return Ok(false) };
        let Some(place) = self.task.store.message_place(thread)? else { return Ok(false) };
        let within =
            self.task.from.is_none_or(|from| place.sent_at >= from) && place.sent_at < self.task.until;
        if !within || place.room != message.room || place.sent_at > message.sent_at {
            return Ok(false);
        }
        let parent = self.task.store.message(thread)?;
        Ok(parent.is_some_and(|parent| parent.thread.is_none() && parent.replies.is_some()))
    }

    fn replies(&mut self, thread: &MessageId) -> Step {
        let task = self.task;
        task.store.replies(thread, |reply| {
            let due = reply.room == task.room.id && reply.sent_at < task.until;
            if due && self.follows_its_thread(&reply)? {
                self.write(&reply)?;
            }
            go_on()
        })?;
        go_on()
    }

    fn selection(&mut self, chosen: &[(Time, &MessageId)]) -> sdk::Result<()> {
        for (_, id) in chosen {
            if let Some(message) = self.task.store.message(id).map_err(unreadable)? {
                self.write(&message).map_err(|Failure(error)| error)?;
            }
        }
        Ok(())
    }

    fn write(&mut self, message: &Message) -> Result<(), Failure> {
        self.progress.work.check().map_err(sdk::Error::from)?;
        let named = view::named_files(message);
        let mut seen = view::message(message);
        for file in &named {
            let path = self.take_in(file)?;
            match path {
                Ok(_) => self.summary.files += 1,
                Err(_) => self.summary.missing_files += 1,
            }
            seen.files.push(sdk::File {
                id: file.id.as_str().into(),
                name: file.name.as_str().into(),
                media_type: file.media_type.as_str().into(),
                size: file.size,
                path,
            });
        }
        self.writer.write(&seen)?;
        self.progress.wrote_message();
        self.summary.messages += 1;
        self.summary.first = Some(self.summary.first.map_or(seen.sent_at, |first| first.min(seen.sent_at)));
        self.summary.last = self.summary.last.max(Some(seen.sent_at));
        Ok(())
    }

    /// Makes an uploaded file part of the export; the inner error says why that cannot be.
    fn take_in(&mut self, file: &view::NamedFile) -> Result<Result<ArtifactPath, &'static str>, Failure> {
        let store = self.task.store;
        let Some(upload) = store.upload(&UploadId::new(file.id.as_str()))? else {
            return Ok(Err("the file is not on this server"));
        };
        // An upload of another room is nothing this room may show.
        if upload.room != self.task.room.id {
            return Ok(Err("the file belongs to another room"));
        }
        let path = format!("assets/{}", safe_file_name(&format!("{}-{}", upload.id, upload.name)));
        let path = ArtifactPath::new(path)?;
        let blob = store.blobs().path(&upload.sha256);
        if !store.blobs().is_whole(&upload.sha256)? {
            tracing::error!(upload = %upload.id, "the bytes of an upload are damaged; run `roomscribe check`");
            return Ok(Err("the file is damaged on this server"));
        }
        let linked =
            self.spool.borrow_mut().link(&path, &upload.media_type, &blob, upload.sha256, upload.size);
        linked.map_err(sdk::Error::from)?;
        Ok(Ok(path))
    }
}

fn go_on() -> Step {
    Ok(ControlFlow::Continue(()))
}
