//! Who is in a room and with which role, and how that changes.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer;
use super::lifecycle::{Nothing, refuse_archived};
use crate::api::page::{Page, Paged};
use crate::api::people::{People, Person};
use crate::api::{present, wire};
use crate::app::App;
use crate::domain::{Room, RoomKind, UserId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::member_lists::{self, Part, Wanted};
use crate::service::room_roles::{self, RoomRole};
use crate::service::{access, members as service, subscriptions};
use crate::store::Direction;

#[derive(Deserialize, JsonSchema)]
pub(in crate::api::v1) struct Search {
    pub(in crate::api::v1) filter: Option<String>,
    pub(in crate::api::v1) status: Option<Vec<String>>,
}

/// The members by login name.
pub(in crate::api::v1) fn members(
    app: &App,
    caller: &Caller,
    room: Room,
    asked: Paged<Search>,
) -> Result<Value> {
    refuse_broadcast(app, caller, &room)?;
    let (page, part) = part(app, &asked)?;
    let (found, total) = member_lists::by_name(app, &room.id, &asked.params.wanted(), part)?;
    Ok(page.wrap("members", found.iter().map(present::member).collect(), total))
}

/// The members who have a role before the others, each with their roles.
pub(in crate::api::v1) fn by_role(app: &App, room: &Room, asked: &Paged<Search>) -> Result<Value> {
    let (page, part) = part(app, asked)?;
    let (found, total) = member_lists::by_role(app, &room.id, &asked.params.wanted(), part)?;
    let rows = found.iter().map(|(user, roles)| {
        let mut row = present::member(user);
        row["roles"] = json!(roles);
        row
    });
    Ok(page.wrap("members", rows.collect(), total))
}

fn part(app: &App, asked: &Paged<Search>) -> Result<(Page, Part)> {
    let page = asked.page(app)?;
    let descending = asked.sort()?.iter().any(|(field, ascending)| field == "username" && !ascending);
    let direction = if descending { Direction::Descending } else { Direction::Ascending };
    Ok((page, Part { direction, offset: page.offset, count: page.count }))
}

impl Search {
    fn wanted(&self) -> Wanted {
        Wanted { filter: self.filter.clone(), statuses: self.status.clone().unwrap_or_default() }
    }
}

/// Refuses to tell the members of a broadcast room to who may not know them.
pub(in crate::api::v1) fn refuse_broadcast(app: &App, caller: &Caller, room: &Room) -> Result<()> {
    if room.broadcast == Some(true)
        && !access::holds_in(app, &caller.user, "view-broadcast-member-list", &room.id)?
    {
        return Err(Error::Unauthorized);
    }
    Ok(())
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api::v1) struct Whose {
    pub(in crate::api::v1) user_id: Option<String>,
}

/// What [`counters`] answers: numbers and times, or null where there is nothing to tell.
pub(in crate::api::v1) const COUNTED: &str = "joined* boolean, members* any, unreads* any, \
    unreadsFrom* any, msgs* any, latest* any, userMentions* any";

/// What there is to count, for oneself or, as an administrator, for somebody else.
pub(in crate::api::v1) fn counters(app: &App, caller: &Caller, room: Room, whose: Whose) -> Result<Value> {
    let user = match whose.user_id.filter(|id| !id.is_empty()) {
        None => caller.user.clone(),
        Some(_) if !access::holds(app, &caller.user, "view-room-administration")? => {
            return Err(Error::Unauthorized);
        }
        Some(id) => {
            let user = app.store.user(&UserId::new(id))?;
            user.ok_or_else(|| Error::refused("error-invalid-user", "Invalid user"))?
        }
    };
    Ok(present::counters(&subscriptions::counters(app, caller, &room, &user)?))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Join {
    join_code: Option<String>,
}

pub(super) fn join(app: &App, caller: &Caller, room: Room, params: Join) -> Result<Value> {
    refuse_archived(&room)?;
    service::join(app, caller, &room.id, params.join_code.as_deref())?;
    answer(app, caller, room.kind, &room.id)
}

pub(super) fn invite(app: &App, caller: &Caller, room: Room, people: People) -> Result<Value> {
    let users = people.find(app)?;
    if users.is_empty() {
        // The two families differ, and in channels code and text have changed places.
        return Err(match room.kind {
            RoomKind::Channel => {
                Error::typed("invalid-user-invite-list", "Cannot invite if no users are provided")
            }
            RoomKind::Group | RoomKind::Direct => {
                Error::refused("error-empty-invite-list", "Cannot invite if no valid users are provided")
            }
        });
    }
    service::invite(app, caller, &room.id, &users)?;
    answer(app, caller, room.kind, &room.id)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Everybody {
    active_users_only: Option<bool>,
}

/// Makes everybody a member who has an account here.
pub(super) fn add_all(app: &App, caller: &Caller, room: Room, params: Everybody) -> Result<Value> {
    service::add_all(app, caller, &room.id, params.active_users_only == Some(true))?;
    answer(app, caller, room.kind, &room.id)
}

pub(super) fn leave(app: &App, caller: &Caller, room: Room, _: Nothing) -> Result<Value> {
    service::leave(app, caller, &room.id)?;
    answer_channel(app, caller, &room)
}

pub(super) fn kick(app: &App, caller: &Caller, room: Room, who: Person) -> Result<Value> {
    refuse_archived(&room)?;
    service::remove(app, caller, &room.id, &who.find(app)?)?;
    answer_channel(app, caller, &room)
}

/// Who has left a group sees it no more, so that only channels are answered.
fn answer_channel(app: &App, caller: &Caller, room: &Room) -> Result<Value> {
    match room.kind {
        RoomKind::Channel => answer(app, caller, room.kind, &room.id),
        RoomKind::Group | RoomKind::Direct => Ok(Value::Null),
    }
}

pub(super) fn add_role(
    app: &App,
    caller: &Caller,
    room: &Room,
    who: &Person,
    role: RoomRole,
) -> Result<Value> {
    room_roles::add(app, caller, &room.id, &who.find(app)?, role)?;
    Ok(Value::Null)
}

pub(super) fn remove_role(
    app: &App,
    caller: &Caller,
    room: &Room,
    who: &Person,
    role: RoomRole,
) -> Result<Value> {
    room_roles::remove(app, caller, &room.id, &who.find(app)?, role)?;
    Ok(Value::Null)
}

/// One row for each member who has a role, by login name.
pub(super) fn roles(app: &App, _: &Caller, room: Room, _: Nothing) -> Result<Value> {
    let all = [RoomRole::Owner, RoomRole::Moderator, RoomRole::Leader];
    let rows = room_roles::holders(app, &room.id, &all)?.into_iter().map(|(member, user)| {
        json!({
            "_id": member.id,
            "rid": room.id.as_str(),
            "u": {"_id": user.id.as_str(), "username": user.username},
            "roles": member.roles,
        })
    });
    Ok(json!({"roles": rows.collect::<Vec<_>>()}))
}

pub(super) fn moderators(app: &App, _: &Caller, room: Room, _: Nothing) -> Result<Value> {
    let found = room_roles::holders(app, &room.id, &[RoomRole::Moderator])?;
    let rows: Vec<Value> = found.iter().map(|(_, user)| wire::reference(&user.reference())).collect();
    Ok(json!({"moderators": rows}))
}
