//! What is read of one room on its way through the transforms into the formats of one order.

use std::io;
use std::ops::ControlFlow;

use export_sdk as sdk;
use export_sdk::{ArtifactPath, FileLink, Texts, Verdict, safe_file_name};
use sha2::{Digest, Sha256};

use super::reading::Sink;
use super::{Failure, Run, Transformers, Writers, unreadable};
use crate::domain::{Message, Room, Subscription, Upload, UploadId, User, UserId};
use crate::export::view;

/// Somebody who is in a room.
pub(super) fn member<'a>(user: &'a User, subscription: &'a Subscription) -> sdk::Member<'a> {
    let mut member = sdk::Member::new(user.id.as_str(), &user.username);
    member.name = user.name.as_deref();
    member.roles = subscription.roles.iter().map(String::as_str).collect();
    member
}

/// Tells the formats who is in a room.
pub(super) fn members(
    run: &Run<'_>,
    room: &Room,
    writers: &mut Writers<'_>,
    transformers: &mut Transformers<'_>,
) -> sdk::Result<()> {
    let store = run.task.store;
    let walked = store.members::<Failure>(&room.id, |subscription| {
        run.progress.work.check().map_err(sdk::Error::from)?;
        if run.task.is_late() {
            return Ok(ControlFlow::Break(()));
        }
        // An account may go while its membership is read.
        let Some(user) = store.user(&subscription.user)? else { return Ok(ControlFlow::Continue(())) };
        let texts = Texts::new();
        let mut seen = member(&user, &subscription);
        for transformer in &mut *transformers {
            if transformer.member(&mut seen, &texts)? == Verdict::Drop {
                return Ok(ControlFlow::Continue(()));
            }
        }
        for (_, writer) in &mut *writers {
            writer.member(&seen)?;
        }
        Ok(ControlFlow::Continue(()))
    });
    walked.map_err(|Failure(error)| error)
}

/// Writes the messages of one room for the formats that want one order.
pub(super) struct Writing<'a, 'p, 'w, 't> {
    run: &'p Run<'a>,
    room: &'p Room,
    order: sdk::Order,
    /// Those that want this order, and the others.
    writers: &'p mut Writers<'w>,
    transformers: &'p mut Transformers<'t>,
    summary: sdk::Summary,
}

impl<'a, 'p, 'w, 't> Writing<'a, 'p, 'w, 't> {
    pub(super) fn new(
        run: &'p Run<'a>,
        room: &'p Room,
        order: sdk::Order,
        writers: &'p mut Writers<'w>,
        transformers: &'p mut Transformers<'t>,
    ) -> Self {
        Self { run, room, order, writers, transformers, summary: sdk::Summary::default() }
    }

    /// What was written.
    pub(super) fn into_summary(self) -> sdk::Summary {
        self.summary
    }

    /// Makes an uploaded file part of the export; the inner error says why that cannot be. No file
    /// costs more than itself: files are deleted and damaged while their room is exported.
    fn take_in(&self, file: &view::NamedFile) -> sdk::Result<Result<(FileLink, Upload), &'static str>> {
        let store = self.run.task.store;
        let upload = store.upload(&UploadId::new(file.id.as_str())).map_err(unreadable)?;
        // An upload of another room is nothing this room may show, nor that it is there.
        let Some(upload) = upload.filter(|upload| upload.room == self.room.id) else {
            return Ok(Err("the file is not on this server"));
        };
        // Under the name that the message gives it: a transform may have changed that.
        let name = if file.name.is_empty() { &upload.name } else { &file.name };
        // Where only the case of letters tells two names apart, some file systems do not.
        let mark = hex::encode(&Sha256::digest(format!("{}/{name}", upload.id))[..4]);
        let marked = format!("{}-{mark}-{name}", upload.id);
        for name in [format!("{}-{name}", upload.id), marked] {
            let path = ArtifactPath::new(format!("assets/{}", safe_file_name(&name)))?;
            match self.link(&path, &upload) {
                Ok(true) => return Ok(Ok((FileLink::new(&path, self.run.shared), upload))),
                Ok(false) => {
                    tracing::error!(upload = %upload.id, "the bytes of an upload are damaged; run `roomscribe check`");
                    return Ok(Err("the file is damaged on this server"));
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::AlreadyExists => {}
                    io::ErrorKind::NotFound => {
                        return Ok(Err("the file was deleted while it was exported"));
                    }
                    io::ErrorKind::InvalidData => return Ok(Err("the file is damaged on this server")),
                    _ => return Err(error.into()),
                },
            }
        }
        Ok(Err("another file of the export has this name"))
    }

    /// What was noted down of a file. Where transforms change messages it says no more than they do.
    fn stored(&self, file: &view::NamedFile, mut upload: Upload, author: &str) -> sdk::Stored<'static> {
        if !self.transformers.is_empty() {
            upload.user = UserId::new(author);
            upload.description.clear();
            if !file.name.is_empty() {
                upload.name.clone_from(&file.name);
            }
        }
        view::stored(upload)
    }

    /// `false`: the bytes are not what they were.
    fn link(&self, path: &ArtifactPath, upload: &Upload) -> io::Result<bool> {
        let blobs = self.run.task.store.blobs();
        let mut target = self.run.target.borrow_mut();
        if target.holds(path, &upload.sha256) {
            return Ok(true);
        }
        if !target.is_whole(blobs, upload)? {
            return Ok(false);
        }
        let blob = blobs.path(&upload.sha256);
        target.link(path, &upload.media_type, &blob, upload.sha256, upload.size)?;
        Ok(true)
    }
}

impl Sink for Writing<'_, '_, '_, '_> {
    fn take(&mut self, message: &Message) -> sdk::Result<bool> {
        self.run.progress.work.check()?;
        let texts = Texts::new();
        let mut seen = view::message(message);
        for transformer in &mut *self.transformers {
            if transformer.message(&mut seen, &texts)? == Verdict::Drop {
                return Ok(false);
            }
        }
        for file in view::named_files(&seen) {
            let (path, stored) = match self.take_in(&file)? {
                Ok((path, upload)) => (Ok(path), Some(self.stored(&file, upload, seen.author.id))),
                Err(reason) => (Err(reason), None),
            };
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
                stored,
            });
        }
        let order = self.order;
        for (_, writer) in self.writers.iter_mut().filter(|(wanted, _)| *wanted == order) {
            writer.write(&seen)?;
        }
        self.summary.messages += 1;
        self.summary.first = Some(self.summary.first.map_or(seen.sent_at, |first| first.min(seen.sent_at)));
        self.summary.last = self.summary.last.max(Some(seen.sent_at));
        Ok(true)
    }
}
