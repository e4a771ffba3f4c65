//! Keys of end-to-end encryption. The server keeps what clients send and cannot read with it.

use serde_json::Value;

use crate::app::App;
use crate::domain::{User, UserId};
use crate::error::{Error, Result};

/// Takes the key of a user away, who has lost the password to it, and ends all their sessions: the next
/// client makes a new one.
pub fn reset(app: &App, id: &UserId) -> Result<()> {
    app.store.write(|batch| {
        let user = batch.get::<User>(&(id.clone(),))?;
        let mut user = user.ok_or_else(|| Error::plain("User not found"))?;
        user.extra = user.extra.with("e2e", Value::Null);
        user.updated = app.now();
        batch.delete_tokens(id, |_, _| true)?;
        Ok(batch.put_user(&user)?)
    })
}
