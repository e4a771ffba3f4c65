//! Keys of end-to-end encryption. The server keeps what clients send and cannot read with it.

use serde_json::{Value, json};

use crate::app::App;
use crate::domain::{User, UserId};
use crate::error::{Error, Result};

/// Where an account keeps its keys.
const PLACE: &str = "e2e";

/// The public key of a user, and the private one, which a password protects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// For everybody.
    pub public: String,
    /// For the user's other clients.
    pub private: String,
}

/// The keys of a user, if a client has made some.
pub fn of(user: &User) -> Option<Keys> {
    let kept = user.extra.value();
    let text = |name: &str| kept[PLACE][name].as_str().map(ToOwned::to_owned);
    Some(Keys { public: text("public_key")?, private: text("private_key")? })
}

/// Keeps the keys of a user; others only if `force` says so, for messages are lost with them.
pub fn set(app: &App, id: &UserId, keys: &Keys, force: bool) -> Result<()> {
    let kept = json!({"public_key": keys.public, "private_key": keys.private});
    change(app, id, |user| {
        if of(user).is_some() && !force {
            return Err(Error::refused("error-keys-already-set", "Keys already set"));
        }
        user.extra = user.extra.with(PLACE, kept);
        Ok(false)
    })
}

/// Takes the key of a user away, who has lost the password to it, and ends all their sessions: the next
/// client makes a new one.
pub fn reset(app: &App, id: &UserId) -> Result<()> {
    change(app, id, |user| {
        user.extra = user.extra.with(PLACE, Value::Null);
        Ok(true)
    })
}

/// Changes an account, and ends its sessions if `change` says so.
fn change(app: &App, id: &UserId, change: impl FnOnce(&mut User) -> Result<bool>) -> Result<()> {
    app.store.write(|batch| {
        let user = batch.get::<User>(&(id.clone(),))?;
        let mut user = user.ok_or_else(|| Error::plain("User not found"))?;
        let ends_sessions = change(&mut user)?;
        user.updated = app.now();
        if ends_sessions {
            batch.delete_tokens(id, |_, _| true)?;
        }
        Ok(batch.put_user(&user)?)
    })
}
