//! Choosing the pictures that show people, rooms and the server.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::caller::Caller;
use super::uploads::{self, Arrived};
use super::{access, fetching, own_changes, settings, users};
use crate::app::App;
use crate::domain::avatar::{Picture, Shown};
use crate::domain::{Avatar, Room, UploadId, User, UserId};
use crate::error::{Error, Result};
use crate::limits::OwnChange;
use crate::store::Batch;
use crate::store::blobs::Arriving;

/// Of a web address that is refused so much is repeated.
const LONGEST_ECHO: usize = 200;

/// Where a new picture comes from.
pub enum Source<'a> {
    /// A file that came with the request.
    File(Arrived),
    /// A web address, or a data URI.
    Address(&'a str),
}

/// Whom a request names.
#[derive(Debug, Clone, Copy, Default)]
pub struct Named<'a> {
    /// By id.
    pub id: Option<&'a str>,
    /// By login name.
    pub username: Option<&'a str>,
}

/// Gives a user another picture: the one who is named, else the caller.
pub fn set(app: &App, caller: &Caller, named: Named<'_>, source: Source<'_>) -> Result<()> {
    let refusal = match source {
        Source::File(_) => Error::not_allowed(),
        Source::Address(_) => Error::Unauthorized,
    };
    let user = whose(app, caller, named, refusal)?;
    let (picture, origin) = match source {
        Source::File(file) => (from_file(file)?, "upload"),
        Source::Address(address) => {
            let picture = from_address(app, address)?.ok_or_else(|| invalid_address(address))?;
            (picture, if is_data(address) { "upload" } else { "url" })
        }
    };
    // The long way to the disk is gone while nobody waits for the writer.
    let staged = stage(app, &picture)?;
    write(app, |batch, touched| {
        let mut user = batch.get::<User>(&(user.clone(),))?.ok_or_else(unknown)?;
        let avatar = put(app, batch, touched, &Shown::User(user.id.clone()), staged)?;
        user.set_avatar(Some(avatar.id.as_str()), Some(origin));
        user.updated = app.now();
        Ok(batch.put_user(&user)?)
    })
}

/// Whose picture is set, if the caller may. Who may not change others' learns nothing about them.
fn whose(app: &App, caller: &Caller, named: Named<'_>, refusal: Error) -> Result<UserId> {
    let others = access::holds(app, &caller.user, "edit-other-user-avatar")?;
    if !others && !settings::is_on(app, "Accounts_AllowUserAvatarChange")? {
        return Err(Error::refused("error-not-allowed", "Change avatar is not allowed"));
    }
    let given = |text: &&str| !text.is_empty();
    let user = match (named.id.filter(given), named.username.filter(given)) {
        (None, None) => return Ok(caller.user.id.clone()),
        (Some(id), _) => app.store.user(&UserId::new(id))?,
        (None, Some(name)) => app.store.user_by_name(name)?,
    };
    match user {
        Some(user) if others || user.id == caller.user.id => Ok(user.id),
        None if others => Err(unknown()),
        Some(_) | None => Err(refusal),
    }
}

fn unknown() -> Error {
    let text = r#"The optional "userId" or "username" param provided does not match any users"#;
    Error::refused("error-invalid-user", text)
}

pub(super) fn from_file(file: Arrived) -> Result<Picture> {
    let mut bytes = Vec::new();
    file.bytes.reader()?.read_to_end(&mut bytes)?;
    Picture::of(bytes).ok_or_else(no_picture)
}

fn no_picture() -> Error {
    let text =
        "This is no picture that can be shown. Send a PNG, JPEG, GIF, WebP or SVG image of at most 5 MB.";
    Error::refused("error-invalid-file-type", text)
}

fn from_address(app: &App, address: &str) -> Result<Option<Picture>> {
    if !is_data(address) {
        return Ok(fetching::fetch(app, address)?.and_then(Picture::of));
    }
    Ok(from_data(address))
}

fn is_data(address: &str) -> bool {
    address.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

/// The picture in `data:image/png;base64,…`.
fn from_data(uri: &str) -> Option<Picture> {
    let (head, data) = uri.get(5..)?.split_once(',')?;
    let media_type = head.strip_suffix(";base64")?;
    if !media_type.starts_with("image/") {
        return None;
    }
    Picture::of(STANDARD.decode(data.trim()).ok()?)
}

fn invalid_address(address: &str) -> Error {
    let echo: String = address.chars().take(LONGEST_ECHO).collect();
    Error::refused("error-avatar-invalid-url", format!("Invalid avatar URL: {echo}"))
}

/// Takes a user's own picture away.
pub fn reset(app: &App, caller: &Caller, named: Named<'_>) -> Result<()> {
    let user = users::find(app, named.id, named.username)?;
    let own = user.id == caller.user.id && settings::is_on(app, "Accounts_AllowUserAvatarChange")?;
    if !own && !access::holds(app, &caller.user, "edit-other-user-avatar")? {
        return Err(Error::refused("error-not-allowed", "Reset avatar is not allowed"));
    }
    own_changes::count(app, caller, OwnChange::AvatarReset)?;
    write(app, |batch, touched| {
        let mut user = batch.get::<User>(&(user.id.clone(),))?.ok_or_else(users::unknown)?;
        touched.extend(batch.delete_avatar(&Shown::User(user.id.clone()))?);
        user.set_avatar(None, None);
        user.updated = app.now();
        Ok(batch.put_user(&user)?)
    })
}

/// The picture of a room as somebody sends it: a data URI; an empty text is none.
pub fn of_room(sent: &str) -> Result<Option<Picture>> {
    if sent.is_empty() {
        return Ok(None);
    }
    from_data(sent).map(Some).ok_or_else(no_picture)
}

/// Gives a room another picture, or takes it away; whether anything changed. The caller of this puts
/// the room.
pub(super) fn set_room_avatar(
    app: &App,
    batch: &mut Batch<'_>,
    touched: &mut Touched,
    room: &mut Room,
    picture: Option<&Picture>,
) -> Result<bool> {
    let shown = Shown::Room(room.id.clone());
    let Some(picture) = picture else {
        let before = batch.delete_avatar(&shown)?;
        touched.extend(before);
        room.set_avatar(None);
        return Ok(before.is_some());
    };
    let avatar = put(app, batch, touched, &shown, stage(app, picture)?)?;
    room.set_avatar(Some(avatar.id.as_str()));
    Ok(true)
}

/// Takes the picture of somebody who is deleted away.
pub(super) fn forget(batch: &mut Batch<'_>, touched: &mut Touched, user: &UserId) -> Result<()> {
    touched.extend(batch.delete_avatar(&Shown::User(user.clone()))?);
    Ok(())
}

/// A picture whose bytes are on disk under no name yet.
pub(super) struct Staged {
    media_type: &'static str,
    bytes: Arriving,
}

pub(super) fn stage(app: &App, picture: &Picture) -> Result<Staged> {
    let mut bytes = app.store.blobs().receive()?;
    bytes.write_all(picture.bytes())?;
    bytes.sync()?;
    Ok(Staged { media_type: picture.media_type(), bytes })
}

/// Puts a picture in place of the one before.
pub(super) fn put(
    app: &App,
    batch: &mut Batch<'_>,
    touched: &mut Touched,
    shown: &Shown,
    staged: Staged,
) -> Result<Avatar> {
    let blob = app.store.blobs().keep(staged.bytes)?;
    touched.push(blob.sha256);
    let avatar = Avatar {
        id: UploadId::random(),
        media_type: staged.media_type.to_owned(),
        sha256: blob.sha256,
        chosen: app.now(),
    };
    touched.extend(batch.put_avatar(shown, &avatar)?);
    Ok(avatar)
}

/// Blobs that may have become unused.
pub(super) type Touched = Vec<[u8; 32]>;

/// A write that changes pictures. Whether it succeeds or not, bytes that nothing needs afterwards are
/// removed.
pub(super) fn write<T>(
    app: &App,
    change: impl FnOnce(&mut Batch<'_>, &mut Touched) -> Result<T>,
) -> Result<T> {
    let mut touched = Touched::new();
    let result = app.store.write(|batch| change(batch, &mut touched));
    uploads::remove_unused(app, &touched)?;
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_uri_is_a_picture_if_its_bytes_are_one() {
        let png = STANDARD.encode(b"\x89PNG\r\n\x1a\nrest");
        assert_eq!(from_data(&format!("data:image/gif;base64,{png}")).unwrap().media_type(), "image/png");
        let svg = STANDARD.encode("<svg/>");
        let drawing = from_data(&format!("data:image/svg+xml;base64,{svg}")).unwrap();
        assert_eq!(drawing.media_type(), "image/svg+xml");
        for bad in [
            format!("data:text/html;base64,{png}"),
            format!("data:image/png,{png}"),
            "data:image/png;base64,???".to_owned(),
            "data:".to_owned(),
        ] {
            assert!(from_data(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_refusal_does_not_repeat_megabytes() {
        let text = invalid_address(&"ü".repeat(1_000_000)).to_string();
        assert!(text.starts_with("Invalid avatar URL: üü") && text.chars().count() < 300);
    }
}
