//! Files that people send: taken in, shown in a message, given out again, cleared away.

use std::ops::ControlFlow;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use super::caller::Caller;
use super::sending::{Draft, send_within};
use super::{access, settings, writing};
use crate::app::App;
use crate::domain::time::DAY;
use crate::domain::{Message, Room, RoomId, RoomKind, Time, Upload, UploadId, User};
use crate::error::{Error, Result};
use crate::store::blobs::Arriving;
use crate::store::{Batch, Direction, Span};

/// A name is no longer.
const LONGEST_NAME: usize = 255;
/// Expired files are deleted so many at a time.
const PART: usize = 500;

/// A file that has just come in, with what its sender says about it.
#[derive(Debug)]
pub struct Arrived {
    /// The name as sent. Hostile.
    pub name: String,
    /// The media type as declared, empty if there was none.
    pub declared: String,
    /// The bytes.
    pub bytes: Arriving,
}

/// Whether somebody may send a file to a room, decided before a byte of it is read. Answers how
/// large it may be.
pub fn admit(app: &App, caller: &Caller, room: &RoomId) -> Result<Option<u64>> {
    let user = &caller.user;
    let room = app.store.room(room)?.ok_or(Error::Unauthorized)?;
    if !access::can_see(app, user, &room)? {
        return Err(Error::Unauthorized);
    }
    if !settings::is_on(app, "FileUpload_Enabled")? {
        return Err(Error::refused("error-file-upload-disabled", "File uploads are disabled."));
    }
    if room.kind == RoomKind::Direct && !settings::is_on(app, "FileUpload_Enabled_Direct")? {
        let text = "File sharing not allowed in direct messages.";
        return Err(Error::refused("error-direct-message-file-upload-not-allowed", text));
    }
    let own = app.store.subscription(&room.id, &user.id)?;
    writing::check(app, user, &room, own.as_ref())?;
    settings::limit(app, "FileUpload_MaxFileSize")
}

/// Sends a file as a message.
pub fn send(
    app: &App,
    user: &User,
    room: &RoomId,
    file: Arrived,
    description: &str,
    draft: Draft,
) -> Result<Message> {
    keep(app, user, room, file, false, |batch, mut upload| {
        upload.confirmed = true;
        description.clone_into(&mut upload.description);
        send_upload(app, batch, user, &upload, draft)
    })
}

/// Keeps a file that will be confirmed later. `encrypted`: nobody but clients can tell what it is.
pub fn keep_for_later(
    app: &App,
    user: &User,
    room: &RoomId,
    file: Arrived,
    encrypted: bool,
) -> Result<Upload> {
    keep(app, user, room, file, encrypted, |batch, upload| {
        batch.put_upload(&upload)?;
        Ok(upload)
    })
}

/// Sends a file that was kept for later. Only who brought it can, and only once.
pub fn confirm(
    app: &App,
    user: &User,
    room: &RoomId,
    file: &UploadId,
    name: Option<&str>,
    description: &str,
    draft: Draft,
) -> Result<Message> {
    app.store.write(|batch| {
        let found = batch.get::<Room>(&(room.clone(),))?.ok_or(Error::Unauthorized)?;
        if !access::can_see(app, user, &found)? {
            return Err(Error::Unauthorized);
        }
        let upload = batch.get::<Upload>(&(file.clone(),))?;
        let own = |upload: &Upload| upload.room == *room && upload.user == user.id && !upload.confirmed;
        let mut upload = upload.filter(own).ok_or_else(|| Error::code("invalid-file"))?;
        upload.confirmed = true;
        if let Some(name) = name {
            upload.name = clean_name(name);
        }
        description.clone_into(&mut upload.description);
        send_upload(app, batch, user, &upload, draft)
    })
}

/// Brings the bytes to disk, then runs `note` in a batch. If that fails the bytes are removed again.
fn keep<T>(
    app: &App,
    user: &User,
    room: &RoomId,
    file: Arrived,
    encrypted: bool,
    note: impl FnOnce(&mut Batch<'_>, Upload) -> Result<T>,
) -> Result<T> {
    let Arrived { name, declared, mut bytes } = file;
    let name = clean_name(&name);
    let media_type = if encrypted { UNKNOWN.to_owned() } else { media_type(&declared, &name) };
    if encrypted && !settings::is_on(app, "E2E_Enable_Encrypt_Files")? {
        return Err(Error::refused("error-invalid-file-type", "Encrypted file not allowed"));
    }
    check_type(app, &media_type, encrypted)?;
    // The long way to the disk is gone while nobody waits for the writer.
    bytes.sync()?;
    let mut kept = None;
    let result = app.store.write(|batch| {
        let blob = app.store.blobs().keep(bytes)?;
        kept = Some(blob.sha256);
        let upload = Upload {
            id: UploadId::random(),
            room: room.clone(),
            user: user.id.clone(),
            name,
            media_type,
            size: blob.size,
            sha256: blob.sha256,
            uploaded: app.now(),
            confirmed: false,
            description: String::new(),
        };
        note(batch, upload)
    });
    if let (Err(_), Some(sha256)) = (&result, kept) {
        app.store.remove_blob_if_unused(&sha256)?;
    }
    result
}

fn send_upload(
    app: &App,
    batch: &mut Batch<'_>,
    user: &User,
    upload: &Upload,
    mut draft: Draft,
) -> Result<Message> {
    draft.attachments = Some(vec![card(upload)]);
    draft.files = Some(files(upload));
    draft.extra.entry("groupable").or_insert(Value::Bool(false));
    let message = send_within(app, batch, user, Some(&upload.room), draft)?;
    if message.room != upload.room {
        // The thread replied to is elsewhere; the file would not be where its message is.
        return Err(Error::refused("error-invalid-message", "Invalid message"));
    }
    batch.put_upload(upload)?;
    Ok(message)
}

/// Where a file is to be had.
pub fn url(upload: &Upload) -> String {
    const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'#');
    const NAME: &AsciiSet =
        &ENCODED.add(b'?').add(b'/').add(b'\\').add(b'%').add(b'^').add(b'{').add(b'|').add(b'}');
    // A browser would take a name of dots for a way up, encoded or not.
    let name = if matches!(upload.name.as_str(), "." | "..") { "file" } else { &upload.name };
    format!("/file-upload/{}/{}", upload.id, utf8_percent_encode(name, NAME))
}

/// The attachment that shows a file.
fn card(upload: &Upload) -> Value {
    let url = url(upload);
    let mut card = json!({
        "title": upload.name, "type": "file", "title_link": url, "title_link_download": true,
    });
    if !upload.description.is_empty() {
        card["description"] = upload.description.as_str().into();
    }
    let family = upload.media_type.split('/').next().unwrap_or_default();
    if matches!(family, "image" | "audio" | "video") {
        card[format!("{family}_url")] = url.into();
        card[format!("{family}_type")] = upload.media_type.as_str().into();
        card[format!("{family}_size")] = upload.size.into();
    } else {
        let extension = upload.extension().to_uppercase();
        let tells = !extension.is_empty() && extension.chars().all(char::is_alphanumeric);
        card["format"] = if tells { extension.into() } else { "file".into() };
        card["size"] = upload.size.into();
    }
    card
}

/// `file` and `files` of a message.
fn files(upload: &Upload) -> (Value, Value) {
    let file = json!({"_id": upload.id.as_str(), "name": upload.name, "type": upload.media_type});
    let mut full = file.clone();
    full["size"] = upload.size.into();
    full["format"] =
        if upload.media_type.starts_with("image/") { upload.extension().into() } else { "".into() };
    (file, json!([full]))
}

/// A name without control characters. It never becomes a path here.
fn clean_name(name: &str) -> String {
    let clean: String = name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    if clean.is_empty() { "file".to_owned() } else { clean }
}

/// The type of what nobody knows more about.
const UNKNOWN: &str = "application/octet-stream";

/// The declared type counts if it is known and contradicts the name; else the name's extension does.
fn media_type(declared: &str, name: &str) -> String {
    let extension = name.rsplit_once('.').map_or(String::new(), |(_, extension)| extension.to_lowercase());
    let usual = mime_guess::get_mime_extensions_str(declared).unwrap_or_default();
    if declared != UNKNOWN && !usual.is_empty() && !usual.contains(&extension.as_str()) {
        return declared.to_owned();
    }
    mime_guess::from_ext(&extension).first_raw().unwrap_or(UNKNOWN).to_owned()
}

/// Refuses types that administrators do not want. An encrypted file need not be of one that they do.
fn check_type(app: &App, media_type: &str, encrypted: bool) -> Result<()> {
    let matches = |pattern: &String| match pattern.strip_suffix('*') {
        Some(family) => media_type.starts_with(family),
        None => media_type == pattern,
    };
    let white = settings::words(app, "FileUpload_MediaTypeWhiteList")?;
    let black = settings::words(app, "FileUpload_MediaTypeBlackList")?;
    if (encrypted || white.is_empty() || white.iter().any(matches)) && !black.iter().any(matches) {
        return Ok(());
    }
    Err(Error::refused("error-invalid-file-type", "File type is not accepted."))
}

/// What somebody gets who asks for a file.
#[derive(Debug)]
pub enum Download {
    /// The file.
    Granted(Box<Upload>),
    /// Nothing.
    Refused,
    /// There is no such file.
    Unknown,
}

/// Decides whether somebody gets a file.
pub fn download(app: &App, caller: Option<&Caller>, id: &UploadId) -> Result<Download> {
    let protected = settings::is_on(app, "FileUpload_ProtectFiles")?;
    if protected && caller.is_none() {
        return Ok(Download::Refused);
    }
    let Some(upload) = app.store.upload(id)? else { return Ok(Download::Unknown) };
    if app.store.is_hidden(&upload)? {
        return Ok(Download::Unknown);
    }
    let Some(room) = app.store.room(&upload.room)? else { return Ok(Download::Unknown) };
    let granted = match caller {
        Some(caller) if protected => {
            if settings::is_on(app, "FileUpload_Restrict_to_room_members")? {
                access::is_member(app, &caller.user, &room)?
            } else if settings::is_on(app, "FileUpload_Restrict_to_users_who_can_access_room")? {
                access::can_see(app, &caller.user, &room)?
            } else {
                true
            }
        }
        _ => true,
    };
    Ok(if granted { Download::Granted(Box::new(upload)) } else { Download::Refused })
}

/// Deletes the files of a message. Answers the blobs to give to [`remove_unused`] afterwards.
pub fn delete_of(batch: &mut Batch<'_>, message: &Message) -> Result<Vec<[u8; 32]>> {
    let mut unused = Vec::new();
    for id in message.file_ids() {
        unused.extend(batch.delete_own_upload(&id, &message.room)?);
    }
    Ok(unused)
}

/// Hides the files of a message that is kept, but shown to nobody any more.
pub fn hide_of(batch: &mut Batch<'_>, message: &Message) -> Result<()> {
    for id in message.file_ids() {
        let upload = batch.get::<Upload>(&(id,))?;
        if let Some(upload) = upload.filter(|upload| upload.room == message.room) {
            batch.hide_upload(&upload)?;
        }
    }
    Ok(())
}

/// The message that brought a file: it was sent when the file had arrived or soon after, by a clock
/// that may be `slow` milliseconds behind. So many messages are looked at, and no more.
pub fn message_of(batch: &Batch<'_>, upload: &Upload, slow: i64) -> Result<Option<Message>> {
    const FARTHEST: usize = 20_000;
    let (mut found, mut looked_at) = (None, 0);
    let (from, until) = (upload.uploaded.plus(-slow), Time::from_millis(i64::MAX));
    batch.store().history::<Error>(&upload.room, from, until, Direction::Ascending, |message| {
        looked_at += 1;
        if message.file_ids().contains(&upload.id) {
            found = Some(message);
        }
        let goes_on = found.is_none() && looked_at < FARTHEST;
        Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(found)
}

/// Removes bytes that nothing needs any more, once it is on disk that nothing does.
pub fn remove_unused(app: &App, blobs: &[[u8; 32]]) -> Result<()> {
    if blobs.is_empty() {
        return Ok(());
    }
    app.store.durable_blocking()?;
    Ok(blobs.iter().try_for_each(|sha256| app.store.remove_blob_if_unused(sha256))?)
}

/// Deletes the files that were kept for later and not confirmed within a day. Answers how many.
pub fn expire(app: &App) -> Result<usize> {
    let mut expired = 0;
    loop {
        let mut due = Vec::new();
        let is_due = |upload: &Upload| !upload.confirmed && upload.uploaded.plus(DAY) <= app.now();
        app.store.walk::<Upload, Error>(Span::all(), Direction::Ascending, |_, upload| {
            if is_due(&upload) {
                due.push(upload.id);
            }
            Ok(if due.len() < PART { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        if due.is_empty() {
            return Ok(expired);
        }
        let unused = app.store.write::<_, Error>(|batch| {
            let mut unused = Vec::new();
            for id in &due {
                // It may have been confirmed meanwhile.
                if batch.get::<Upload>(&(id.clone(),))?.is_some_and(|upload| is_due(&upload)) {
                    unused.extend(batch.delete_upload(id)?);
                }
            }
            Ok(unused)
        })?;
        expired += unused.len();
        remove_unused(app, &unused)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_declared_or_told_by_the_name() {
        assert_eq!(media_type("image/png", "a.png"), "image/png");
        assert_eq!(media_type("application/octet-stream", "a.wav"), "audio/wav");
        assert_eq!(media_type("", "a.lst"), "text/plain");
        assert_eq!(media_type("image/png", "a.txt"), "image/png");
        assert_eq!(media_type("x/unheard-of", "a.txt"), "text/plain");
        assert_eq!(media_type("x/unheard-of", "no-extension"), "application/octet-stream");
    }

    #[test]
    fn names_lose_only_what_cannot_be_seen() {
        assert_eq!(clean_name("../\u{0}a\r\n\"b\u{7}.png"), "../a\"b.png");
        assert_eq!(clean_name("\n"), "file");
        assert_eq!(clean_name(&"é".repeat(1000)).chars().count(), LONGEST_NAME);
    }
}
