//! `rooms.createDiscussion`, `rooms.getDiscussions`.

use std::ops::ControlFlow;

use serde_json::{Map, Value, json};

use super::channels::lifecycle::Nothing;
use super::rooms::refuse_archived_channel;
use crate::api::endpoint::{Endpoint, get, post};
use crate::api::matching::filled;
use crate::api::page::Paged;
use crate::api::present;
use crate::api::rooms::Family::Rooms;
use crate::api::rows::TopRows;
use crate::app::App;
use crate::domain::{MessageId, Room, RoomId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::discussions::{self, Made, NewDiscussion};
use crate::store::Direction;
use crate::store::room_lists::RoomList;

/// Nobody reads how many more there are.
const MOST_COUNTED: u64 = 100_000;

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        post("rooms.createDiscussion")
            .takes("prid*, t_name*, users strings, pmid, reply, topic, encrypted boolean")
            .returns("discussion* object")
            .user(create),
        get("rooms.getDiscussions").returns("discussions* page").room(Rooms, list),
    ]
}

fn create(app: &App, caller: &Caller, params: Map<String, Value>) -> Result<Value> {
    let required = |key: &str| {
        let text = filled(&params, key).map(ToOwned::to_owned);
        text.ok_or_else(|| Error::plain(format!("Body parameter \"{key}\" is required.")))
    };
    let parent = RoomId::new(required("prid")?);
    let title = required("t_name")?;
    let users = match params.get("users") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(users)) => users.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        Some(_) => return Err(Error::plain("Body parameter \"users\" must be an array.")),
    };
    let encrypted = match params.get("encrypted") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(encrypted)) => *encrypted,
        Some(_) => {
            return Err(Error::plain("Body parameter \"encrypted\" must be a boolean when included."));
        }
    };
    let text = |key: &str| filled(&params, key).map(ToOwned::to_owned);
    let new = NewDiscussion {
        title,
        about: text("pmid").map(MessageId::new),
        users,
        reply: text("reply"),
        topic: text("topic"),
        encrypted,
    };
    let id = match discussions::create(app, caller, &parent, new)? {
        Made::Known(id) => return Ok(json!({"discussion": {"_id": id.as_str(), "rid": id.as_str()}})),
        Made::New(id) => id,
    };
    let room = app.store.room(&id)?.ok_or_else(|| Error::code("error-invalid-room"))?;
    let mut discussion = present::room(app, &caller.user.id, &room)?;
    discussion["rid"] = id.as_str().into();
    Ok(json!({"discussion": discussion}))
}

/// A page of a room's discussions. By name it costs what the page holds; in another order all of the
/// room's discussions are looked at.
fn list(app: &App, caller: &Caller, room: Room, params: Paged<Nothing>) -> Result<Value> {
    refuse_archived_channel(&room)?;
    let (page, sort) = (params.page(app)?, params.sort()?);
    let list = RoomList::Discussions(room.id);
    let by_name = match sort.as_slice() {
        [] => Some(Direction::Ascending),
        [(field, ascending)] if field == "fname" => {
            Some(if *ascending { Direction::Ascending } else { Direction::Descending })
        }
        _ => None,
    };
    let mut rows = Vec::new();
    let mut top = TopRows::new(page, sort);
    let mut passed = 0;
    app.store.rooms_in::<Error>(&list, "", by_name.unwrap_or(Direction::Ascending), |id| {
        if by_name.is_some() && passed < page.offset {
            passed += 1;
            return Ok(ControlFlow::Continue(()));
        }
        if by_name.is_some() && rows.len() == page.count {
            return Ok(ControlFlow::Break(()));
        }
        if let Some(room) = app.store.room(&id)? {
            let row = present::room(app, &caller.user.id, &room)?;
            if by_name.is_some() { rows.push(row) } else { top.offer(row) }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    if by_name.is_none() {
        return Ok(top.finish("discussions"));
    }
    let total = app.store.count_rooms_in(&list, MOST_COUNTED)?;
    Ok(page.wrap("discussions", rows, usize::try_from(total).unwrap_or(usize::MAX)))
}
