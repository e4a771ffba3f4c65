//! Emoji that administrators add: a picture, a name, and other names for it.

use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;

use super::removed::{self, Changes};
use super::uploads::{Arrived, remove_unused};
use super::{access, settings};
use crate::app::App;
use crate::domain::emoji::is_standard;
use crate::domain::id::random_id;
use crate::domain::{Emoji, EmojiName, Time, UploadId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::store::blobs::Arriving;
use crate::store::schema::BlobUse;
use crate::store::{Batch, Direction, Span};

/// What removed emoji are kept as.
const KIND: &str = "emoji";
const LONGEST_NAME: usize = 100;
const MOST_ALIASES: usize = 50;

/// Whether somebody may add emoji, decided before a byte of one is read. Answers how large it may be.
pub fn admit(app: &App, caller: &Caller) -> Result<Option<u64>> {
    require(app, caller)?;
    settings::limit(app, "FileUpload_MaxFileSize")
}

/// Refuses those who may not change emoji.
pub fn require(app: &App, caller: &Caller) -> Result<()> {
    if access::holds(app, &caller.user, "manage-emoji")? {
        Ok(())
    } else {
        Err(Error::code("not_authorized"))
    }
}

/// Whether there is an emoji of that name, without colons: everybody knows it, or somebody added it.
pub fn is_known(app: &App, name: &str) -> Result<bool> {
    Ok(is_standard(name) || app.store.has::<EmojiName>(&(name.to_owned(),))?)
}

/// The emoji whose own name that is.
pub fn by_name(app: &App, name: &str) -> Result<Option<Emoji>> {
    Ok(match app.store.get::<EmojiName>(&(name.to_owned(),))? {
        Some(EmojiName::Own(emoji)) => Some(emoji),
        Some(EmojiName::Alias(_)) | None => None,
    })
}

/// Calls `each` with every emoji in the order of names.
fn all(app: &App, mut each: impl FnMut(Emoji)) -> Result<()> {
    app.store.walk::<EmojiName, Error>(Span::all(), Direction::Ascending, |_, name| {
        match name {
            EmojiName::Own(emoji) => each(emoji),
            EmojiName::Alias(_) => {}
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// A page of the emoji whose name contains a text, and how many these are.
pub fn page(app: &App, part: Option<&str>, offset: usize, count: usize) -> Result<(Vec<Emoji>, usize)> {
    let part = part.unwrap_or_default().to_lowercase();
    let (mut found, mut total) = (Vec::new(), 0);
    all(app, |emoji| {
        if emoji.name.to_lowercase().contains(&part) {
            if total >= offset && found.len() < count {
                found.push(emoji);
            }
            total += 1;
        }
    })?;
    Ok((found, total))
}

/// All emoji, or those that changed since a time and what is gone since then.
pub fn since(app: &App, since: Option<Time>) -> Result<Changes<Emoji>> {
    let mut changed = Vec::new();
    all(app, |emoji| changed.extend(since.is_none_or(|since| emoji.updated > since).then_some(emoji)))?;
    let gone = since.map(|since| removed::since(app, KIND, since)).transpose()?;
    Ok(Changes { changed, gone: gone.unwrap_or_default() })
}

/// What an emoji is to be.
#[derive(Debug)]
pub struct Wish {
    /// Its name; colons are left out.
    pub name: Option<String>,
    /// Its other names, with blanks or commas between them.
    pub aliases: Option<String>,
    /// Its picture.
    pub picture: Option<Arrived>,
}

/// Adds an emoji.
pub fn create(app: &App, wish: Wish) -> Result<()> {
    let name = wish.name.as_deref().unwrap_or_default();
    let Some(picture) = wish.picture else {
        return Err(Error::refused("error-the-field-is-required", "The custom emoji file is required"));
    };
    let name = clean_name(name)?;
    let aliases = clean_aliases(wish.aliases.as_deref().unwrap_or_default(), &name)?;
    with_picture(app, picture.bytes, |batch, (sha256, size, extension)| {
        let id = random_id();
        put(batch, Emoji { id, name, aliases, extension, size, sha256, updated: app.now() })
    })
}

/// Changes an emoji.
pub fn update(app: &App, id: &str, wish: Wish) -> Result<()> {
    let Wish { name, aliases, picture } = wish;
    let change = |batch: &mut Batch<'_>, taken: Option<Taken>| {
        let old = find(app, id)?.ok_or_else(|| Error::code("Emoji not found."))?;
        forget(batch, &old);
        let mut emoji = old.clone();
        if let Some(name) = &name {
            emoji.name = clean_name(name)?;
        }
        let given = aliases.clone().unwrap_or_else(|| emoji.aliases.join(","));
        emoji.aliases = clean_aliases(&given, &emoji.name)?;
        if let Some(taken) = taken {
            (emoji.sha256, emoji.size, emoji.extension) = taken;
        }
        emoji.updated = app.now();
        put(batch, emoji)?;
        Ok(old.sha256)
    };
    let unused = match picture {
        Some(picture) => with_picture(app, picture.bytes, |batch, taken| change(batch, Some(taken)))?,
        None => app.store.write(|batch| change(batch, None))?,
    };
    remove_unused(app, &[unused])
}

/// Deletes an emoji.
pub fn delete(app: &App, id: &str) -> Result<()> {
    let unused = app.store.write(|batch| {
        let invalid = || Error::refused("Custom_Emoji_Error_Invalid_Emoji", "Invalid emoji");
        let emoji = find(app, id)?.ok_or_else(invalid)?;
        forget(batch, &emoji);
        removed::note(batch, KIND, id, emoji.name, app.now())?;
        Ok::<_, Error>(emoji.sha256)
    })?;
    remove_unused(app, &[unused])
}

fn find(app: &App, id: &str) -> Result<Option<Emoji>> {
    let mut found = None;
    all(app, |emoji| {
        if emoji.id == id {
            found = Some(emoji);
        }
    })?;
    Ok(found)
}

/// Hash, size and extension of a picture that was taken in.
type Taken = ([u8; 32], u64, String);

/// Brings the bytes to disk, then runs `note` in a batch. If that fails the bytes are removed again.
fn with_picture<T>(
    app: &App,
    mut bytes: Arriving,
    note: impl FnOnce(&mut Batch<'_>, Taken) -> Result<T>,
) -> Result<T> {
    bytes.sync()?;
    let mut kept = None;
    let result = app.store.write(|batch| {
        let blob = app.store.blobs().keep(bytes)?;
        kept = Some(blob.sha256);
        let extension = picture_kind(&app.store.blobs().path(&blob.sha256))?.ok_or_else(|| {
            let text = "Emoji file provided cannot be uploaded since it's not an image";
            Error::refused("emoji-is-not-image", text)
        })?;
        note(batch, (blob.sha256, blob.size, extension.to_owned()))
    });
    if let (Err(_), Some(sha256)) = (&result, kept) {
        app.store.remove_blob_if_unused(&sha256)?;
    }
    result
}

/// What a picture's first bytes say it is. Drawings (SVG) are none: they can hold programs.
fn picture_kind(path: &Path) -> Result<Option<&'static str>> {
    let mut head = Vec::new();
    File::open(path)?.take(16).read_to_end(&mut head)?;
    Ok(kind_of(&head))
}

fn kind_of(head: &[u8]) -> Option<&'static str> {
    match head {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("png"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("gif"),
        [0xff, 0xd8, 0xff, ..] => Some("jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("webp"),
        _ => None,
    }
}

/// Puts an emoji under all its names, none of which may be another's.
fn put(batch: &mut Batch<'_>, emoji: Emoji) -> Result<()> {
    for name in emoji.aliases.iter().chain([&emoji.name]) {
        if batch.has::<EmojiName>(&(name.clone(),))? {
            let text = "The custom emoji or one of its aliases is already in use";
            return Err(Error::refused("Custom_Emoji_Error_Name_Or_Alias_Already_In_Use", text));
        }
    }
    for alias in &emoji.aliases {
        batch.put(&(alias.clone(),), &EmojiName::Alias(emoji.name.clone()))?;
    }
    batch.put(&(emoji.sha256, blob_user(&emoji)), &BlobUse)?;
    Ok(batch.put(&(emoji.name.clone(),), &EmojiName::Own(emoji))?)
}

fn forget(batch: &mut Batch<'_>, emoji: &Emoji) {
    for name in emoji.aliases.iter().chain([&emoji.name]) {
        batch.delete::<EmojiName>(&(name.clone(),));
    }
    batch.delete::<BlobUse>(&(emoji.sha256, blob_user(emoji)));
}

/// How an emoji stands among those who need a blob: no upload has a colon in its id.
fn blob_user(emoji: &Emoji) -> UploadId {
    UploadId::new(format!("emoji:{}", emoji.id))
}

/// A name that can stand between colons and in addresses.
pub(super) fn clean_name(name: &str) -> Result<String> {
    let name = name.trim().replace(':', "");
    if name.is_empty() {
        return Err(Error::refused("error-the-field-is-required", "The field Name is required"));
    }
    let odd = |c: char| c.is_whitespace() || c.is_control() || ",><&\"'/\\()".contains(c);
    if name.contains(odd) || name.chars().count() > LONGEST_NAME || name.starts_with('.') {
        let text = format!("{name} is not a valid name");
        return Err(Error::refused("error-input-is-not-a-valid-field", text));
    }
    Ok(name)
}

fn clean_aliases(aliases: &str, name: &str) -> Result<Vec<String>> {
    let aliases = aliases.replace(':', "");
    let odd = |c: char| c.is_control() || "><&|\"'/\\()".contains(c);
    let mut clean: Vec<String> = Vec::new();
    for alias in aliases.split([',', ' ']).map(str::trim).filter(|alias| !alias.is_empty()) {
        if alias != name && !clean.iter().any(|known| known == alias) {
            clean.push(alias.to_owned());
        }
    }
    let long = clean.iter().any(|alias| alias.chars().count() > LONGEST_NAME);
    if aliases.contains(odd) || long || clean.len() > MOST_ALIASES {
        let text = format!("{aliases} is not a valid alias set");
        return Err(Error::refused("error-input-is-not-a-valid-field", text));
    }
    Ok(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_between_colons_and_in_addresses() {
        assert_eq!(clean_name(" :party: ").unwrap(), "party");
        for bad in ["", "::", "a b", "a/b", "<b>", "a\"", ".x", &"x".repeat(101)] {
            assert!(clean_name(bad).is_err(), "{bad}");
        }
        assert_eq!(clean_aliases("a, b,:c: a x", "x").unwrap(), ["a", "b", "c"]);
        assert!(clean_aliases("a|b", "x").is_err());
    }

    #[test]
    fn the_first_bytes_tell_pictures() {
        assert_eq!(kind_of(b"\x89PNG\r\n\x1a\n\0\0"), Some("png"));
        assert_eq!(kind_of(b"GIF89a...."), Some("gif"));
        assert_eq!(kind_of(b"\xff\xd8\xff\xe0"), Some("jpeg"));
        assert_eq!(kind_of(b"RIFF\0\0\0\0WEBPVP8 "), Some("webp"));
        for other in [&b"<svg xmlns"[..], b"", b"RIFF\0\0\0\0WAVE", b"%PDF"] {
            assert_eq!(kind_of(other), None);
        }
    }
}
