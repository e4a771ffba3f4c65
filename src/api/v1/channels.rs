//! `channels.*` and `groups.*`: the same handlers for public and private rooms. What differs is
//! decided by the kind of the room that was found.

use serde_json::{Value, json};

use super::{history, integrations};
use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
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

/// A success holds the room, under the word for its kind.
const ROOM: &str = "channel object, group object";

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let known = (Channels(Closed::Unknown), ExactChannels(Closed::Unknown));
    let read = (Channels(Closed::Unauthorized), ExactChannels(Closed::Unauthorized));
    let mut rows = shared!("channels", known, read);
    rows.extend(shared!("groups", (Groups, Groups), (Groups, Groups)));
    rows.extend([
        post("channels.create").returns("channel* object").user(lifecycle::create_channel),
        get("channels.list").returns("channels* page").user(listing::channels),
        get("channels.list.joined").returns("channels* page").user(listing::joined_channels),
        get("channels.online").returns("online* objects").user(listing::channel_online),
        post("channels.join")
            .returns("channel* object")
            .room(ExactChannels(Closed::NotAllowed), members::join),
        get("channels.messages").returns("messages* page").room(read.0, history::channel_messages),
        get("channels.anonymousread").returns("messages* page").public(reading::anonymous),
        get("channels.getAllUserMentionsByChannel").returns("mentions* page").user(reading::mentions),
        get("channels.images").returns("files* page").user(reading::images),
        post("channels.setDefault").returns(ROOM).room(known.0, properties::set_default),
        post("channels.setJoinCode").returns(ROOM).room(known.0, properties::set_join_code),
        post("groups.create").returns("group* object").user(lifecycle::create_group),
        get("groups.messages").returns("messages* page").room(Groups, history::messages),
        post("groups.setEncrypted").returns("group* object").room(Groups, properties::set_encrypted),
        get("groups.list").returns("groups* page").user(listing::joined_groups),
        get("groups.listAll").returns("groups* page").user(listing::all_groups),
        get("groups.online").returns("online* objects").user(listing::group_online),
    ]);
    rows
}

/// The rows that both families have. `$known` finds rooms, and `$read` those that are read: the first
/// of each by id or name, the second for rows that want exactly one of them.
macro_rules! shared {
    ($prefix:literal, $known:expr, $read:expr) => {{
        let ((family, exact), (read, exact_read)) = ($known, $read);
        vec![
            get(concat!($prefix, ".info")).returns(ROOM).room(family, lifecycle::info),
            post(concat!($prefix, ".archive")).returns(NOTHING).room(exact, lifecycle::archive),
            post(concat!($prefix, ".unarchive")).returns(NOTHING).room(exact, lifecycle::unarchive),
            post(concat!($prefix, ".delete")).returns(NOTHING).room(exact, lifecycle::delete),
            post(concat!($prefix, ".open")).returns(NOTHING).room(exact, lifecycle::open),
            post(concat!($prefix, ".close")).returns(NOTHING).room(family, lifecycle::close),
            get(concat!($prefix, ".members")).returns("members* page").room(family, members::members),
            get(concat!($prefix, ".counters")).returns(members::COUNTED).room(family, members::counters),
            get(concat!($prefix, ".roles")).returns("roles* objects").room(exact, members::roles),
            get(concat!($prefix, ".moderators"))
                .returns("moderators* objects")
                .room(exact, members::moderators),
            post(concat!($prefix, ".invite")).returns(ROOM).room(family, members::invite),
            post(concat!($prefix, ".leave")).returns("channel object").room(exact, members::leave),
            post(concat!($prefix, ".kick")).returns("channel object").room(exact, members::kick),
            post(concat!($prefix, ".addOwner"))
                .returns(NOTHING)
                .room(family, |app, caller, room, who: Person| add_role(app, caller, &room, &who, Owner)),
            post(concat!($prefix, ".removeOwner"))
                .returns(NOTHING)
                .room(family, |app, caller, room, who: Person| remove_role(app, caller, &room, &who, Owner)),
            post(concat!($prefix, ".addModerator"))
                .returns(NOTHING)
                .room(family, |app, caller, room, who: Person| add_role(app, caller, &room, &who, Moderator)),
            post(concat!($prefix, ".removeModerator"))
                .returns(NOTHING)
                .room(family, |app, caller, room, who: Person| {
                    remove_role(app, caller, &room, &who, Moderator)
                }),
            post(concat!($prefix, ".addLeader"))
                .returns(NOTHING)
                .room(family, |app, caller, room, who: Person| add_role(app, caller, &room, &who, Leader)),
            post(concat!($prefix, ".removeLeader"))
                .returns(NOTHING)
                .room(family, |app, caller, room, who: Person| remove_role(app, caller, &room, &who, Leader)),
            post(concat!($prefix, ".rename")).returns(ROOM).room(family, properties::rename),
            post(concat!($prefix, ".setTopic")).returns("topic*").room(family, properties::set_topic),
            post(concat!($prefix, ".setDescription"))
                .returns("description*")
                .room(family, properties::set_description),
            post(concat!($prefix, ".setPurpose")).returns("purpose*").room(family, properties::set_purpose),
            post(concat!($prefix, ".setAnnouncement"))
                .returns("announcement*")
                .room(exact, properties::set_announcement),
            post(concat!($prefix, ".setCustomFields"))
                .returns(ROOM)
                .room(family, properties::set_custom_fields),
            post(concat!($prefix, ".setReadOnly")).returns(ROOM).room(exact, properties::set_read_only),
            post(concat!($prefix, ".setType")).returns(ROOM).room(family, properties::set_type),
            get(concat!($prefix, ".history")).returns(history::HISTORY).room(exact_read, history::history),
            get(concat!($prefix, ".files")).returns("files* page").room(read, history::files),
            get(concat!($prefix, ".getIntegrations"))
                .returns("integrations* page")
                .room(family, integrations::of_room),
            post(concat!($prefix, ".addAll")).returns(ROOM).room(exact, members::add_all),
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
