//! Passwords that people had before and may not have again, if the settings ask for it.

use super::settings;
use crate::app::App;
use crate::domain::{PasswordHistory, User};
use crate::error::{Error, Result};
use crate::passwords::PasswordDigest;
use crate::store::Batch;

/// No more are kept, whatever a setting says: each takes as long to check as a login.
const MOST: u64 = 24;

/// How many former passwords count; 0: none.
fn amount(app: &App) -> Result<usize> {
    if !settings::is_on(app, "Accounts_Password_History_Enabled")? {
        return Ok(0);
    }
    let amount = settings::limit(app, "Accounts_Password_History_Amount")?.unwrap_or(0).min(MOST);
    Ok(usize::try_from(amount).unwrap_or(0))
}

/// Refuses a password that the user had before.
pub fn check(app: &App, user: &User, password: &str) -> Result<()> {
    let amount = amount(app)?;
    let history = app.store.get::<PasswordHistory>(&(user.id.clone(),))?.unwrap_or_default();
    for former in history.0.into_iter().take(amount) {
        if app.passwords.verify(PasswordDigest::of(password), Some(former))? {
            let text = "Entered password has been previously used";
            return Err(Error::refused("error-password-in-history", text));
        }
    }
    Ok(())
}

/// Notes the password that a user has until now, within the batch that changes it.
pub fn note(app: &App, batch: &mut Batch<'_>, user: &User) -> Result<()> {
    let (key, amount) = ((user.id.clone(),), amount(app)?);
    if amount == 0 {
        batch.delete::<PasswordHistory>(&key);
        return Ok(());
    }
    let mut history = batch.get::<PasswordHistory>(&key)?.unwrap_or_default();
    if let Some(hash) = &user.password {
        history.0.insert(0, hash.clone());
    }
    history.0.truncate(amount);
    Ok(batch.put(&key, &history)?)
}
