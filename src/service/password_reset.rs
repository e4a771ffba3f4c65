//! New passwords and verified addresses for those who show that they read the mail of an account.

use super::one_time_tokens::{self, Purpose};
use super::{account_mails, password_history, password_policy, settings};
use crate::app::App;
use crate::domain::user::UserKind;
use crate::domain::{OneTimeToken, User};
use crate::error::{Error, Result};
use crate::passwords::PasswordDigest;

/// Refuses if people may not get new passwords by mail.
pub fn check_on(app: &App) -> Result<()> {
    if settings::is_on(app, "Accounts_PasswordReset")? {
        return Ok(());
    }
    Err(Error::plain("Password reset is not enabled"))
}

/// Mails a link to a new password to the holder of an address, if there is one.
pub fn ask(app: &App, address: &str) -> Result<()> {
    let user = app.store.user_by_email(address.trim())?;
    let Some(user) = user.filter(|user| user.active && user.kind == UserKind::User) else { return Ok(()) };
    let known = known_address(&user, address);
    known.map_or(Ok(()), |known| account_mails::reset(app, &user, known))
}

/// Whose link to a new password this is, if it is still good.
pub fn holder(app: &App, link: &str) -> Result<Option<User>> {
    one_time_tokens::holder(app, Purpose::Password, link)
}

/// Gives the holder of a link a new password and ends all their sessions. Whether the link was good;
/// it stays so if the password is refused.
pub fn set(app: &App, link: &str, password: &str) -> Result<bool> {
    let Some(user) = holder(app, link)? else { return Ok(false) };
    password_history::check(app, &user, password)?;
    password_policy::check(app, password)?;
    let hash = app.passwords.hash(PasswordDigest::of(password))?;
    app.store.write(|batch| {
        let user = batch.get::<User>(&(user.id.clone(),))?.filter(|user| user.active);
        let Some(mut user) = user else { return Ok(false) };
        let Some(token) = one_time_tokens::take(batch, &user, Purpose::Password, link, app.now())? else {
            return Ok(false);
        };
        password_history::note(app, batch, &user)?;
        verify(&mut user, &token);
        user.password = Some(hash);
        user.require_password_change = false;
        user.updated = app.now();
        batch.delete_tokens(&user.id, |_, _| true)?;
        one_time_tokens::forget_all(batch, &user.id)?;
        batch.put_user(&user)?;
        Ok(true)
    })
}

/// Mails a link to the holder of an address that shows that it is theirs; whether there is one.
pub fn ask_address(app: &App, address: &str) -> Result<bool> {
    let Some(user) = app.store.user_by_email(address.trim())? else { return Ok(false) };
    if let Some(known) = known_address(&user, address) {
        account_mails::confirm(app, &user, known)?;
    }
    Ok(true)
}

/// An address as the account has it: what a stranger typed may only look alike.
fn known_address<'a>(user: &'a User, typed: &str) -> Option<&'a str> {
    let typed = typed.trim().to_lowercase();
    let mut addresses = user.emails.iter().map(|email| email.address.as_str());
    addresses.find(|address| address.to_lowercase() == typed)
}

/// Notes that the address of a link is its holder's; whether the link was good.
pub fn confirm_address(app: &App, link: &str) -> Result<bool> {
    let Some(user) = one_time_tokens::holder(app, Purpose::Address, link)? else { return Ok(false) };
    app.store.write(|batch| {
        let Some(mut user) = batch.get::<User>(&(user.id.clone(),))? else { return Ok(false) };
        let Some(token) = one_time_tokens::take(batch, &user, Purpose::Address, link, app.now())? else {
            return Ok(false);
        };
        verify(&mut user, &token);
        user.updated = app.now();
        batch.put_user(&user)?;
        Ok(true)
    })
}

/// Who reads what is sent to an address owns it.
fn verify(user: &mut User, token: &OneTimeToken) {
    for email in user.emails.iter_mut().filter(|email| email.address == token.address) {
        email.verified = true;
    }
}
