//! Changing what a room is called, what it is for, and who may write in it.

use serde_json::Value;

use super::avatars::{self, Touched};
use super::rooms::{current, note};
use super::{access, names, retention_policies, teams};
use crate::app::App;
use crate::domain::avatar::Picture;
use crate::domain::{Json, Message, RetentionEdit, Room, RoomId, RoomKind};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::store::Batch;

/// A change of a room. To what it is already is no change, and nothing is noted down.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Another name.
    Name(String),
    /// Another topic; empty: none.
    Topic(String),
    /// Another description; empty: none.
    Description(String),
    /// Another announcement; empty: none.
    Announcement(String),
    /// Other custom fields, in place of all old ones.
    CustomFields(Json),
    /// Only some may write, or all.
    ReadOnly(bool),
    /// Whether one may react in a read-only room.
    ReactWhenReadOnly(bool),
    /// Channel or group.
    Kind(RoomKind),
    /// Whether new users join.
    Default(bool),
    /// Another code; empty: none.
    JoinCode(String),
    /// Another picture; `None`: none of its own.
    Avatar(Option<Picture>),
    /// Whether it stands at the head of the directory.
    Featured(bool),
    /// Whether it is a favourite of those who join it by default.
    Favorite(bool),
    /// Whether clients encrypt what they send.
    Encrypted(bool),
    /// The kinds of system messages that are hidden here; a switch: those of the settings.
    SystemMessages(Value),
    /// How long messages are kept.
    Retention(RetentionEdit),
    /// What the sidebar shows below a team's main room; `None`: what it usually shows.
    Sidepanel(Option<Vec<String>>),
}

/// What an edit leaves in the history: kind and parameter of a system message.
type Trace = Option<(&'static str, String)>;

/// Makes these changes, all or none, in this order.
pub fn apply(app: &App, caller: &Caller, room: &RoomId, edits: Vec<Edit>) -> Result<()> {
    let now = app.now();
    avatars::write(app, |batch, touched| {
        let mut room = current(batch, room)?;
        // The topic of a direct message belongs to those who are in it.
        let topic_of_own =
            room.kind == RoomKind::Direct && edits.iter().all(|edit| matches!(edit, Edit::Topic(_)));
        if !topic_of_own && !access::holds_in(app, &caller.user, "edit-room", &room.id)? {
            return Err(not_allowed("Editing room is not allowed"));
        }
        let before = room.clone();
        for edit in edits {
            let trace = apply_one(app, batch, touched, caller, &mut room, edit)?;
            if let Some((kind, text)) = trace {
                note(batch, &Message::system(kind, room.id.clone(), caller.user.reference(), now, text))?;
            }
        }
        if room != before {
            room.updated = now;
            batch.put_room(&room)?;
        }
        Ok(())
    })
}

fn not_allowed(reason: &str) -> Error {
    Error::refused("error-action-not-allowed", reason)
}

fn apply_one(
    app: &App,
    batch: &mut Batch<'_>,
    touched: &mut Touched,
    caller: &Caller,
    room: &mut Room,
    edit: Edit,
) -> Result<Trace> {
    if room.kind == RoomKind::Direct && !matches!(edit, Edit::Topic(_)) {
        return Err(not_allowed("Editing room is not allowed"));
    }
    Ok(match edit {
        Edit::Name(name) => rename(app, batch, room, name)?,
        Edit::Topic(text) => set_text(&mut room.topic, text, "room_changed_topic"),
        Edit::Description(text) => set_text(&mut room.description, text, "room_changed_description"),
        Edit::Announcement(text) => set_text(&mut room.announcement, text, "room_changed_announcement"),
        Edit::CustomFields(fields) => {
            room.custom_fields = fields;
            None
        }
        Edit::ReadOnly(read_only) => {
            may_in(app, caller, room, "set-readonly", "Changing read only is not allowed")?;
            refuse_broadcast(room)?;
            let kind = if read_only { "room-set-read-only" } else { "room-removed-read-only" };
            set_flag(&mut room.read_only, read_only, kind)
        }
        Edit::ReactWhenReadOnly(allowed) => {
            may_in(app, caller, room, "set-react-when-readonly", "Changing reactions is not allowed")?;
            refuse_broadcast(room)?;
            let kind = if allowed { "room-allowed-reacting" } else { "room-disallowed-reacting" };
            let mut now = room.react_when_read_only.unwrap_or(false);
            let trace = set_flag(&mut now, allowed, kind);
            room.react_when_read_only = Some(now);
            trace
        }
        Edit::Kind(kind) => set_kind(app, caller, room, kind)?,
        Edit::Default(default) => {
            require_administration(app, caller)?;
            room.default = default;
            None
        }
        Edit::JoinCode(code) => {
            room.join_code = Some(code).filter(|code| !code.is_empty());
            None
        }
        Edit::Avatar(picture) => {
            may_in(app, caller, room, "edit-room-avatar", "Editing a room avatar is not allowed")?;
            let changed = avatars::set_room_avatar(app, batch, touched, room, picture.as_ref())?;
            changed.then(|| ("room_changed_avatar", String::new()))
        }
        Edit::Featured(featured) => {
            require_administration(app, caller)?;
            room.extra = room.extra.with("featured", flag_or_none(featured));
            None
        }
        Edit::Favorite(favorite) => {
            room.extra = room.extra.with("favorite", flag_or_none(favorite));
            None
        }
        Edit::Encrypted(encrypted) => {
            let refusal = "You do not have permission to toggle E2E encryption";
            may_in(app, caller, room, "toggle-room-e2e-encryption", refusal)?;
            let kind = if encrypted { "room_e2e_enabled" } else { "room_e2e_disabled" };
            let mut now = room.encrypted.unwrap_or(false);
            let trace = set_flag(&mut now, encrypted, kind);
            room.encrypted = Some(now);
            trace
        }
        Edit::SystemMessages(kinds) => {
            room.extra = room.extra.with("sysMes", kinds);
            None
        }
        Edit::Retention(edit) => {
            retention_policies::edit(app, caller, room, edit)?;
            None
        }
        Edit::Sidepanel(items) => {
            teams::set_sidepanel(app, caller, room, items)?;
            None
        }
    })
}

fn require_administration(app: &App, caller: &Caller) -> Result<()> {
    if access::holds(app, &caller.user, "view-room-administration")? {
        return Ok(());
    }
    Err(not_allowed("Viewing room administration is not allowed"))
}

/// A property that is there or not.
fn flag_or_none(flag: bool) -> Value {
    if flag { Value::Bool(true) } else { Value::Null }
}

fn rename(app: &App, batch: &Batch<'_>, room: &mut Room, name: String) -> Result<Trace> {
    // The name of a discussion is its id to the world; what people see may be any text.
    if room.display_name.as_ref() == Some(&name) {
        return Ok(None);
    }
    let mut shown = name;
    if room.parent.is_none() {
        let (name, chosen) = names::chosen(app, batch, &shown, Some(&room.id))?;
        room.name = Some(name);
        shown = chosen;
    }
    room.display_name = Some(shown.clone());
    Ok(Some(("r", shown)))
}

fn set_text(place: &mut Option<String>, text: String, kind: &'static str) -> Trace {
    let new = Some(text).filter(|text| !text.is_empty());
    if *place == new {
        return None;
    }
    place.clone_from(&new);
    Some((kind, new.unwrap_or_default()))
}

fn set_flag(place: &mut bool, flag: bool, kind: &'static str) -> Trace {
    let changed = *place != flag;
    *place = flag;
    changed.then(|| (kind, String::new()))
}

fn may_in(app: &App, caller: &Caller, room: &Room, permission: &str, refusal: &str) -> Result<()> {
    if access::holds_in(app, &caller.user, permission, &room.id)? {
        Ok(())
    } else {
        Err(not_allowed(refusal))
    }
}

fn refuse_broadcast(room: &Room) -> Result<()> {
    if room.broadcast == Some(true) {
        return Err(not_allowed("Editing readOnly/reactWhenReadOnly are not allowed for broadcast rooms"));
    }
    Ok(())
}

fn set_kind(app: &App, caller: &Caller, room: &mut Room, kind: RoomKind) -> Result<Trace> {
    if room.kind == kind {
        return Ok(None);
    }
    let (permission, refusal, word) = match kind {
        RoomKind::Channel => {
            ("create-c", "Changing a private group to a public channel is not allowed", "public")
        }
        RoomKind::Group => ("create-p", "Changing a channel to a private room is not allowed", "private"),
        RoomKind::Direct => return Err(not_allowed("Editing room is not allowed")),
    };
    if !access::holds(app, &caller.user, permission)? {
        return Err(not_allowed(refusal));
    }
    room.kind = kind;
    Ok(Some(("room_changed_privacy", word.to_owned())))
}
