//! Members whose messages somebody does not want to see in a room. Their clients hide them.

use serde_json::{Value, json};

use crate::app::App;
use crate::domain::{RoomId, Subscription, User, UserId};
use crate::error::{Error, Result};

/// Ignores a member of a room, or does so no longer.
pub fn set_ignored(app: &App, user: &User, room: &RoomId, other: &UserId, ignored: bool) -> Result<()> {
    app.store.write(|batch| {
        let invalid = || Error::refused("error-invalid-subscription", "Invalid subscription");
        let own = batch.get::<Subscription>(&(room.clone(), user.id.clone()))?;
        let mut own = own.ok_or_else(invalid)?;
        if !batch.has::<Subscription>(&(room.clone(), other.clone()))? {
            return Err(invalid());
        }
        let mut list = match own.extra.value()["ignored"].take() {
            Value::Array(list) => list,
            _ => Vec::new(),
        };
        if list.iter().any(|known| known == other.as_str()) == ignored {
            return Ok(());
        }
        if ignored {
            list.push(other.as_str().into());
        } else {
            list.retain(|known| known != other.as_str());
        }
        own.extra = own.extra.with("ignored", json!(list));
        own.updated = app.now();
        Ok(batch.put_subscription(&own)?)
    })
}
