//! `channels.*` and `groups.*`: the same handlers for public and private rooms. What differs is
//! decided by the kind of the room that was found.

use serde_json::{Value, json};

use super::{history, integrations};
use crate::api::endpoint::{Endpoint, get, post};
use crate::api::people::Person;
use crate::api::present;
use crate::api::rooms::Closed;
use crate::api::rooms::Family::{Channels, ExactChannels, Groups};
use crate::app::App;
use crate::domain::{RoomId, RoomKind};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::room_roles::RoomRole::{Leader, Moderator, Owner};

pub(super) mod lifecycle;
pub(super) mod listing;
pub(super) mod members;
pub(super) mod properties;
pub(super) mod reading;

use members::{add_role, remove_role};

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let known = (Channels(Closed::Unknown), ExactChannels(Closed::Unknown));
    let read = (Channels(Closed::Unauthorized), ExactChannels(Closed::Unauthorized));
    let mut rows = shared!("channels", known, read);
    rows.extend(shared!("groups", (Groups, Groups), (Groups, Groups)));
    rows.extend([
        post("channels.create").user(lifecycle::create_channel),
        get("channels.list").user(listing::channels),
        get("channels.list.joined").user(listing::joined_channels),
        get("channels.online").user(listing::channel_online),
        post("channels.join").room(ExactChannels(Closed::NotAllowed), members::join),
        get("channels.messages").room(read.0, history::channel_messages),
        get("channels.anonymousread")
            .returns("messages* objects, count* number, offset* number, total* number")
            .public(reading::anonymous),
        get("channels.getAllUserMentionsByChannel")
            .returns("mentions* objects, count* number, offset* number, total* number")
            .user(reading::mentions),
        get("channels.images")
            .returns("files* objects, count* number, offset* number, total* number")
            .user(reading::images),
        post("channels.setDefault").room(known.0, properties::set_default),
        post("channels.setJoinCode").room(known.0, properties::set_join_code),
        post("groups.create").user(lifecycle::create_group),
        get("groups.messages").room(Groups, history::messages),
        post("groups.setEncrypted").returns("group* object").room(Groups, properties::set_encrypted),
        get("groups.list").user(listing::joined_groups),
        get("groups.listAll").user(listing::all_groups),
        get("groups.online").user(listing::group_online),
    ]);
    rows
}

/// The rows that both families have. `$known` finds rooms, and `$read` those that are read: the first
/// of each by id or name, the second for rows that want exactly one of them.
macro_rules! shared {
    ($prefix:literal, $known:expr, $read:expr) => {{
        let ((family, exact), (read, exact_read)) = ($known, $read);
        vec![
            get(concat!($prefix, ".info")).room(family, lifecycle::info),
            post(concat!($prefix, ".archive")).room(exact, lifecycle::archive),
            post(concat!($prefix, ".unarchive")).room(exact, lifecycle::unarchive),
            post(concat!($prefix, ".delete")).room(exact, lifecycle::delete),
            post(concat!($prefix, ".open")).room(exact, lifecycle::open),
            post(concat!($prefix, ".close")).room(family, lifecycle::close),
            get(concat!($prefix, ".members")).room(family, members::members),
            get(concat!($prefix, ".counters")).room(family, members::counters),
            get(concat!($prefix, ".roles")).room(exact, members::roles),
            get(concat!($prefix, ".moderators")).room(exact, members::moderators),
            post(concat!($prefix, ".invite")).room(family, members::invite),
            post(concat!($prefix, ".leave")).room(exact, members::leave),
            post(concat!($prefix, ".kick")).room(exact, members::kick),
            post(concat!($prefix, ".addOwner"))
                .room(family, |app, caller, room, who: Person| add_role(app, caller, &room, &who, Owner)),
            post(concat!($prefix, ".removeOwner"))
                .room(family, |app, caller, room, who: Person| remove_role(app, caller, &room, &who, Owner)),
            post(concat!($prefix, ".addModerator"))
                .room(family, |app, caller, room, who: Person| add_role(app, caller, &room, &who, Moderator)),
            post(concat!($prefix, ".removeModerator")).room(family, |app, caller, room, who: Person| {
                remove_role(app, caller, &room, &who, Moderator)
            }),
            post(concat!($prefix, ".addLeader"))
                .room(family, |app, caller, room, who: Person| add_role(app, caller, &room, &who, Leader)),
            post(concat!($prefix, ".removeLeader"))
                .room(family, |app, caller, room, who: Person| remove_role(app, caller, &room, &who, Leader)),
            post(concat!($prefix, ".rename")).room(family, properties::rename),
            post(concat!($prefix, ".setTopic")).room(family, properties::set_topic),
            post(concat!($prefix, ".setDescription")).room(family, properties::set_description),
            post(concat!($prefix, ".setPurpose")).room(family, properties::set_purpose),
            post(concat!($prefix, ".setAnnouncement")).room(exact, properties::set_announcement),
            post(concat!($prefix, ".setCustomFields")).room(family, properties::set_custom_fields),
            post(concat!($prefix, ".setReadOnly")).room(exact, properties::set_read_only),
            post(concat!($prefix, ".setType")).room(family, properties::set_type),
            get(concat!($prefix, ".history")).room(exact_read, history::history),
            get(concat!($prefix, ".files")).room(read, history::files),
            get(concat!($prefix, ".getIntegrations"))
                .returns("integrations* objects, count* number, offset* number, total* number")
                .room(family, integrations::of_room),
            post(concat!($prefix, ".addAll"))
                .returns("channel object, group object")
                .room(exact, members::add_all),
        ]
    }};
}
use shared;

/// The key under which a room of this kind is answered.
fn key(kind: RoomKind) -> &'static str {
    match kind {
        RoomKind::Channel => "channel",
        RoomKind::Group => "group",
        RoomKind::Direct => "room",
    }
}

/// What people call a room of this kind.
pub(super) fn noun(kind: RoomKind) -> &'static str {
    match kind {
        RoomKind::Channel => "channel",
        RoomKind::Group => "private group",
        RoomKind::Direct => "direct message room",
    }
}

/// The room as it is now, answered as one of the family that was asked.
fn answer(app: &App, caller: &Caller, family: RoomKind, id: &RoomId) -> Result<Value> {
    let room = app.store.room(id)?.ok_or_else(|| Error::refused("error-invalid-room", "Invalid room"))?;
    Ok(json!({key(family): present::room(app, &caller.user.id, &room)?}))
}
