//! What is known about uploaded files. Their bytes are in [`super::blobs`].

use super::schema::{BlobUse, FileOfRoom};
use super::{Batch, Result, Span, Store};
use crate::domain::{Upload, UploadId};

impl Store {
    /// The upload of that id.
    pub fn upload(&self, id: &UploadId) -> Result<Option<Upload>> {
        self.get(&(id.clone(),))
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
}
