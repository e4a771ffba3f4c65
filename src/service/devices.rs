//! Devices that want to be told of messages. They are remembered; nobody tells them anything yet.

use crate::app::App;
use crate::domain::id::random_id;
use crate::domain::{PushToken, UserId};
use crate::error::Result;

/// Devices of one user; the oldest makes room.
const MOST_DEVICES: usize = 50;

/// Remembers a device.
pub fn add(app: &App, user: &UserId, service: &str, value: &str, application: &str) -> Result<PushToken> {
    let now = app.now();
    app.store.write(|batch| {
        let mut known = app.store.push_tokens_of(user)?;
        let key = (user.clone(), value.to_owned());
        let old = batch.get::<PushToken>(&key)?;
        if old.is_none() && known.len() >= MOST_DEVICES {
            known.sort_by_key(|token| token.updated);
            batch.delete::<PushToken>(&(user.clone(), known.swap_remove(0).value));
        }
        let (id, created) = old.map_or_else(|| (random_id(), now), |old| (old.id, old.created));
        let token = PushToken {
            id,
            service: service.to_owned(),
            value: value.to_owned(),
            application: application.to_owned(),
            created,
            updated: now,
        };
        batch.put(&key, &token)?;
        Ok(token)
    })
}

/// Forgets a device; whether it was known.
pub fn remove(app: &App, user: &UserId, value: &str) -> Result<bool> {
    app.store.write(|batch| {
        let key = (user.clone(), value.to_owned());
        let known = batch.has::<PushToken>(&key)?;
        batch.delete::<PushToken>(&key);
        Ok(known)
    })
}
