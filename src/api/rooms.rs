//! Finding the room that a request is about: every family of endpoints has its own words for it.

use serde_json::{Value, json};

use super::request::Input;
use super::schema::exactly_one;
use crate::app::App;
use crate::domain::{Room, RoomId, RoomKind};
use crate::error::{Error, Result};
use crate::service::access;
use crate::service::caller::Caller;

/// What an endpoint for channels answers to who may not see the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// As if it was not there.
    Unknown,
    /// That it takes a right to read it.
    Unauthorized,
    /// That it is not allowed.
    NotAllowed,
}

/// A family of endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `rooms.*`: any room that the caller may see.
    Rooms,
    /// `channels.*`: public channels.
    Channels(Closed),
    /// `channels.*` whose parameters are checked by a schema: exactly one of id and name.
    ExactChannels(Closed),
    /// `groups.*`: private groups that the caller may see.
    Groups,
    /// `im.*`, `dm.*`: direct messages of the caller; exactly one of id and user.
    Direct,
}

impl Family {
    /// What a schema says about the room. The other families have words of their own.
    pub fn schema(self) -> Value {
        match self {
            Self::ExactChannels(_) => json!({"oneOf": exactly_one(&["roomId", "roomName"])}),
            Self::Direct => json!({"oneOf": exactly_one(&["roomId", "username"])}),
            Self::Rooms | Self::Channels(_) | Self::Groups => Value::Null,
        }
    }

    /// Whether parameters that the endpoint does not know are refused.
    pub fn refuses_strangers(self) -> bool {
        match self {
            Self::ExactChannels(_) | Self::Direct => true,
            Self::Rooms | Self::Channels(_) | Self::Groups => false,
        }
    }

    /// The parameters that name the room.
    pub fn names(self) -> [&'static str; 2] {
        match self {
            Self::Direct => ["roomId", "username"],
            Self::Rooms | Self::Channels(_) | Self::ExactChannels(_) | Self::Groups => ["roomId", "roomName"],
        }
    }
}

/// The room that the request names, if the caller may know of it.
pub fn find(app: &App, caller: &Caller, family: Family, input: &Input) -> Result<Room> {
    if family == Family::Direct {
        return find_direct(app, caller, input);
    }
    let (id, name) = (input.text("roomId"), input.text("roomName"));
    if id.is_none() && name.is_none() {
        return Err(missing(family));
    }
    let room = match (id, name) {
        (Some(id), _) => app.store.room(&RoomId::new(id))?,
        (None, Some(name)) => app.store.room_by_name(name)?,
        (None, None) => None,
    };
    let room = room.ok_or_else(|| not_found(family))?;
    let of_family = match family {
        Family::Rooms | Family::Direct => true,
        Family::Channels(_) | Family::ExactChannels(_) => room.kind == RoomKind::Channel,
        Family::Groups => room.kind == RoomKind::Group,
    };
    if !of_family {
        return Err(not_found(family));
    }
    if access::can_see(app, &caller.user, &room)? {
        return Ok(room);
    }
    Err(match family {
        Family::Rooms => Error::typed("not-allowed", "Not Allowed"),
        Family::Channels(Closed::Unauthorized) | Family::ExactChannels(Closed::Unauthorized) => {
            Error::Unauthorized
        }
        Family::Channels(Closed::NotAllowed) | Family::ExactChannels(Closed::NotAllowed) => {
            Error::not_allowed()
        }
        Family::Channels(Closed::Unknown)
        | Family::ExactChannels(Closed::Unknown)
        | Family::Groups
        | Family::Direct => not_found(family),
    })
}

/// The room of that id, of any kind, whoever asks: what the caller may do there comes later.
pub fn by_id(app: &App, id: &RoomId) -> Result<Room> {
    app.store.room(id)?.ok_or_else(|| not_found(Family::Rooms))
}

fn find_direct(app: &App, caller: &Caller, input: &Input) -> Result<Room> {
    let Some(given) = input.text("roomId").or_else(|| input.text("username")) else {
        let text = if input.asks {
            "Query param \"roomId\" or \"username\" is required"
        } else {
            "Body param \"roomId\" is required"
        };
        return Err(Error::refused("error-room-param-not-provided", text));
    };
    crate::service::direct::find_or_open(app, caller, given.trim_start_matches('@'))
}

fn missing(family: Family) -> Error {
    match family {
        Family::Rooms => refused_parameter("error-roomid-param-not-provided"),
        Family::Groups => refused_parameter("error-room-param-not-provided"),
        Family::Channels(_) | Family::ExactChannels(_) | Family::Direct => not_found(family),
    }
}

fn refused_parameter(code: &str) -> Error {
    Error::refused(code, "The parameter \"roomId\" or \"roomName\" is required")
}

/// The refusal of a family that does not know the room.
pub fn not_found(family: Family) -> Error {
    let what = match family {
        Family::Rooms | Family::Channels(_) | Family::ExactChannels(_) => "channel",
        Family::Groups => "group",
        Family::Direct => "direct message",
    };
    let text = format!("The required \"roomId\" or \"roomName\" param provided does not match any {what}");
    Error::refused("error-room-not-found", text)
}
