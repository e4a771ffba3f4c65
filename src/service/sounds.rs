//! Sounds that administrators add: first what they are called, then their files.

use std::io::Write;
use std::ops::ControlFlow;

use super::avatars::{self, Touched};
use super::{access, emoji, settings};
use crate::app::App;
use crate::domain::id::random_id;
use crate::domain::sound::SoundFile;
use crate::domain::{Sound, UploadId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::store::schema::BlobUse;
use crate::store::{Batch, Direction, Span};

const LONGEST_EXTENSION: usize = 10;
const LONGEST_MEDIA_TYPE: usize = 100;

/// Refuses those who may not change sounds.
fn require(app: &App, caller: &Caller) -> Result<()> {
    let may = access::holds(app, &caller.user, "manage-sounds")?;
    if may { Ok(()) } else { Err(Error::code("not_authorized")) }
}

/// Calls `each` with every sound in the order of names.
fn all(app: &App, mut each: impl FnMut(Sound)) -> Result<()> {
    app.store.walk::<Sound, Error>(Span::all(), Direction::Ascending, |_, sound| {
        each(sound);
        Ok(ControlFlow::Continue(()))
    })
}

/// A page of the sounds whose name contains a text, and how many these are.
pub fn page(app: &App, part: Option<&str>, offset: usize, count: usize) -> Result<(Vec<Sound>, usize)> {
    let part = part.unwrap_or_default().to_lowercase();
    let (mut found, mut total) = (Vec::new(), 0);
    all(app, |sound| {
        if sound.name.to_lowercase().contains(&part) {
            if total >= offset && found.len() < count {
                found.push(sound);
            }
            total += 1;
        }
    })?;
    Ok((found, total))
}

/// The sound of that id.
pub fn find(app: &App, id: &str) -> Result<Option<Sound>> {
    let mut found = None;
    all(app, |sound| {
        if sound.id == id {
            found = Some(sound);
        }
    })?;
    Ok(found)
}

fn known(app: &App, id: &str) -> Result<Sound> {
    let invalid = || Error::refused("Custom_Sound_Error_Invalid_Sound", "Invalid sound");
    find(app, id)?.ok_or_else(invalid)
}

/// Adds a sound, or with an id changes it; answers the id. A file of another kind than before is to
/// be sent anew.
pub fn put(app: &App, caller: &Caller, id: Option<&str>, name: &str, extension: &str) -> Result<String> {
    require(app, caller)?;
    let name = emoji::clean_name(name)?;
    let alphanumeric = extension.chars().all(|c| c.is_ascii_alphanumeric());
    if extension.is_empty() || extension.len() > LONGEST_EXTENSION || !alphanumeric {
        let text = format!("{extension} is not a valid extension");
        return Err(Error::refused("error-input-is-not-a-valid-field", text));
    }
    avatars::write(app, |batch, touched| {
        let old = id.map(|id| known(app, id)).transpose()?;
        if old.as_ref().is_none_or(|old| old.name != name) && batch.has::<Sound>(&(name.clone(),))? {
            let text = "The custom sound name is already in use";
            return Err(Error::refused("Custom_Sound_Error_Name_Already_In_Use", text));
        }
        if let Some(old) = &old {
            forget(batch, touched, old);
        }
        let (id, file) = old.map_or_else(
            || (random_id(), None),
            |old| (old.id, old.file.filter(|_| old.extension == extension)),
        );
        let extension = extension.to_owned();
        keep(batch, Sound { id: id.clone(), name, extension, file, updated: app.now() })?;
        Ok(id)
    })
}

/// Takes in the file of a sound.
pub fn upload(app: &App, caller: &Caller, id: &str, media_type: &str, bytes: &[u8]) -> Result<()> {
    require(app, caller)?;
    let kind = media_type.to_ascii_lowercase();
    let is_token = |kind: &str| kind.chars().all(|c| c.is_ascii_alphanumeric() || "-.+_".contains(c));
    if kind.len() > LONGEST_MEDIA_TYPE || !kind.strip_prefix("audio/").is_some_and(is_token) {
        let text = "This is no sound. Send a file whose type begins with audio/.";
        return Err(Error::refused("error-invalid-file-type", text));
    }
    let limit = settings::limit(app, "FileUpload_MaxFileSize")?;
    if limit.is_some_and(|limit| bytes.len() as u64 > limit) {
        return Err(Error::code("error-file-too-large"));
    }
    let mut arriving = app.store.blobs().receive()?;
    arriving.write_all(bytes)?;
    arriving.sync()?;
    avatars::write(app, |batch, touched| {
        let mut sound = known(app, id)?;
        forget(batch, touched, &sound);
        let blob = app.store.blobs().keep(arriving)?;
        touched.push(blob.sha256);
        sound.file = Some(SoundFile { media_type: kind, sha256: blob.sha256 });
        sound.updated = app.now();
        keep(batch, sound)
    })
}

/// Deletes a sound.
pub fn delete(app: &App, caller: &Caller, id: &str) -> Result<()> {
    require(app, caller)?;
    avatars::write(app, |batch, touched| {
        forget(batch, touched, &known(app, id)?);
        Ok(())
    })
}

fn keep(batch: &mut Batch<'_>, sound: Sound) -> Result<()> {
    if let Some(file) = &sound.file {
        batch.put(&(file.sha256, blob_user(&sound)), &BlobUse)?;
    }
    Ok(batch.put(&(sound.name.clone(),), &sound)?)
}

fn forget(batch: &mut Batch<'_>, touched: &mut Touched, sound: &Sound) {
    if let Some(file) = &sound.file {
        batch.delete::<BlobUse>(&(file.sha256, blob_user(sound)));
        touched.push(file.sha256);
    }
    batch.delete::<Sound>(&(sound.name.clone(),));
}

/// How a sound stands among those who need a blob: no upload has a colon in its id.
fn blob_user(sound: &Sound) -> UploadId {
    UploadId::new(format!("sound:{}", sound.id))
}
