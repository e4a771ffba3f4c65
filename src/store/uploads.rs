//! What is known about uploaded files. Their bytes are in [`super::blobs`].

use super::schema::{BlobUse, FileOfRoom};
use super::{Batch, Result, Span, Store};
use crate::domain::{RoomId, Upload, UploadId};

impl Store {
    /// The upload of that id.
    pub fn upload(&self, id: &UploadId) -> Result<Option<Upload>> {
        self.get(&(id.clone(),))
    }

    /// Whether an upload was hidden: its message was deleted, but it is kept.
    pub fn is_hidden(&self, upload: &Upload) -> Result<bool> {
        let key = (upload.room.clone(), upload.uploaded, upload.id.clone());
        Ok(!self.has::<FileOfRoom>(&key)?)
    }

    /// Removes the bytes of a blob that no upload needs any more.
    pub fn remove_blob_if_unused(&self, sha256: &[u8; 32]) -> Result<()> {
        // Under the writer's lock, so that no upload takes the blob up meanwhile.
        self.write(|batch| {
            if batch.store().count::<BlobUse>(Span::of(&(*sha256,)), 1)? == 0 {
                batch.store().blobs().remove(sha256)?;
            }
            Ok(())
        })
    }
}

impl Batch<'_> {
    /// Puts an upload whose bytes are among the blobs.
    pub fn put_upload(&mut self, upload: &Upload) -> Result<()> {
        self.put(&(upload.sha256, upload.id.clone()), &BlobUse)?;
        self.put(&(upload.room.clone(), upload.uploaded, upload.id.clone()), &FileOfRoom)?;
        let old = self.get::<Upload>(&(upload.id.clone(),))?;
        self.index_file(old.as_ref(), Some(upload))?;
        self.put(&(upload.id.clone(),), upload)
    }

    /// Deletes an upload. Answers the blob that is to be given to [`Store::remove_blob_if_unused`]
    /// once this batch is on disk.
    pub fn delete_upload(&mut self, id: &UploadId) -> Result<Option<[u8; 32]>> {
        let Some(upload) = self.get::<Upload>(&(id.clone(),))? else { return Ok(None) };
        self.index_file(Some(&upload), None)?;
        self.delete::<BlobUse>(&(upload.sha256, id.clone()));
        self.delete::<FileOfRoom>(&(upload.room, upload.uploaded, id.clone()));
        self.delete::<Upload>(&(id.clone(),));
        Ok(Some(upload.sha256))
    }

    /// The same only if it belongs to this room: a message may name any file.
    pub fn delete_own_upload(&mut self, id: &UploadId, room: &RoomId) -> Result<Option<[u8; 32]>> {
        match self.get::<Upload>(&(id.clone(),))? {
            Some(upload) if upload.room == *room => self.delete_upload(id),
            Some(_) | None => Ok(None),
        }
    }

    /// Takes an upload out of its room's list, but keeps it and its bytes.
    pub fn hide_upload(&mut self, upload: &Upload) -> Result<()> {
        self.delete::<FileOfRoom>(&(upload.room.clone(), upload.uploaded, upload.id.clone()));
        self.index_file(Some(upload), None)
    }
}
