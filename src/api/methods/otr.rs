//! `updateOTRAck`: a client tells another that it has got a message of an off-the-record conversation.
//! Nothing of that is kept.

use serde_json::{Map, Value};

use super::Methods;
use super::call::Call;
use super::ejson;
use crate::api::matching;
use crate::domain::{RoomId, RoomKind, UserId};
use crate::error::{Error, Result};
use crate::service::access;
use crate::service::cards::mismatch;

pub(super) const METHODS: Methods = &[("updateOTRAck", acknowledge)];

fn acknowledge(call: &Call<'_>) -> Result<Option<Value>> {
    let caller = call.caller()?;
    let given = call.object(0)?;
    let message = match given.get("message") {
        Some(Value::Object(message)) => message,
        Some(other) => return Err(mismatch("object", other, "message")),
        None => return Err(Error::plain("Match error: Missing key 'message'")),
    };
    exactly(message, &["_id", "rid", "msg", "t", "ts", "u"])?;
    for key in ["_id", "rid", "msg", "t"] {
        matching::text(message, key)?;
    }
    ejson::time(&message["ts"]).ok_or_else(|| mismatch("date", &message["ts"], "ts"))?;
    let author = message["u"].as_object().ok_or_else(|| mismatch("object", &message["u"], "u"))?;
    exactly(author, &["_id", "username", "name"])?;
    for key in ["_id", "username", "name"] {
        matching::text(author, key)?;
    }
    if message["t"] != "otr" {
        return Err(Error::refused("error-invalid-message", "Invalid message type"));
    }
    let room = call.app.store.room(&RoomId::new(matching::text(message, "rid")?))?;
    let room = room.filter(|room| room.kind == RoomKind::Direct);
    let room = room.ok_or_else(|| Error::refused("error-invalid-room", "Invalid room"))?;
    let author = UserId::new(matching::text(author, "_id")?);
    let is_in = room.direct.iter().any(|member| member.id == author);
    if !is_in || !access::is_member(call.app, &caller.user, &room)? {
        return Err(Error::refused("error-invalid-user", "Invalid user, not in room"));
    }
    Ok(None)
}

/// Refuses an object that has another key, or lacks one.
fn exactly(given: &Map<String, Value>, keys: &[&str]) -> Result<()> {
    if let Some(unknown) = given.keys().find(|key| !keys.contains(&key.as_str())) {
        return Err(Error::plain(format!("Match error: Unknown key in field {unknown}")));
    }
    match keys.iter().find(|key| !given.contains_key(**key)) {
        Some(missing) => Err(Error::plain(format!("Match error: Missing key '{missing}'"))),
        None => Ok(()),
    }
}
