//! Teams, what a room belongs to, and invites.

use serde_json::{Value, json};

use super::{reference, time};
use crate::domain::{Invite, Room};
use crate::service::teams::Team;

/// 0 for public teams, 1 for private ones.
pub fn team_type(team: &Team) -> u8 {
    u8::from(team.is_private())
}

/// A team.
pub fn team(team: &Team) -> Value {
    let mut value = json!({
        "_id": team.id.as_str(),
        "name": team.name(),
        "type": team_type(team),
        "roomId": team.room.id.as_str(),
        "createdAt": time(team.room.created),
        "_updatedAt": time(team.room.updated),
    });
    if let Some(creator) = &team.room.creator {
        value["createdBy"] = json!({"_id": creator.id.as_str(), "username": creator.username});
    }
    value
}

/// The room that another one belongs to.
pub fn parent(room: &Room) -> Value {
    let mut value = json!({"_id": room.id.as_str(), "t": room.kind.letter()});
    let further = [
        ("name", json!(room.name)),
        ("fname", json!(room.display_name)),
        ("prid", json!(room.parent.as_ref().map(crate::domain::RoomId::as_str))),
        ("u", room.creator.as_ref().map_or(Value::Null, reference)),
    ];
    for (key, given) in further.into_iter().filter(|(_, given)| !given.is_null()) {
        value[key] = given;
    }
    value
}

/// A link that lets people into a room, with the address that it leads to.
pub fn invite(invite: &Invite, url: &str) -> Value {
    json!({
        "_id": invite.id,
        "rid": invite.room.as_str(),
        "userId": invite.user.as_str(),
        "days": invite.days,
        "maxUses": invite.most_uses,
        "uses": invite.uses,
        "expires": invite.expires.map(time),
        "createdAt": time(invite.created),
        "_updatedAt": time(invite.updated),
        "url": url,
    })
}
