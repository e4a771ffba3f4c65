//! Pictures of people, of rooms and of the server. Their bytes are in [`super::blobs`].

use super::schema::BlobUse;
use super::{Batch, Result, Store};
use crate::domain::Avatar;
use crate::domain::avatar::Shown;

impl Store {
    /// The picture that was chosen for somebody or something.
    pub fn avatar(&self, shown: &Shown) -> Result<Option<Avatar>> {
        self.get(&shown.key())
    }
}

impl Batch<'_> {
    /// Puts a picture whose bytes are among the blobs, in place of the one before. Answers the blob
    /// of that one: it is to be given to [`Store::remove_blob_if_unused`] once this batch is on disk.
    pub fn put_avatar(&mut self, shown: &Shown, avatar: &Avatar) -> Result<Option<[u8; 32]>> {
        let before = self.delete_avatar(shown)?;
        self.put(&(avatar.sha256, avatar.id.clone()), &BlobUse)?;
        self.put(&shown.key(), avatar)?;
        Ok(before)
    }

    /// Deletes a picture. Answers its blob, as [`put_avatar`](Self::put_avatar) does.
    pub fn delete_avatar(&mut self, shown: &Shown) -> Result<Option<[u8; 32]>> {
        let Some(avatar) = self.get::<Avatar>(&shown.key())? else { return Ok(None) };
        self.delete::<BlobUse>(&(avatar.sha256, avatar.id));
        self.delete::<Avatar>(&shown.key());
        Ok(Some(avatar.sha256))
    }
}
