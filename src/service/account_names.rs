//! Which login names, display names and e-mail addresses accounts may have.

use super::{names, settings, teams};
use crate::app::App;
pub(super) use crate::domain::name::LONGEST_NAME;
use crate::domain::name::{EVERYBODY, is_address};
use crate::domain::{User, UserId};
use crate::error::{Error, Result};
use crate::store::Batch;
use crate::store::schema::{UserByEmail, UserByName};

const LONGEST_EMAIL: usize = 254;

/// Refuses display names that could open a tag or a path, plain or percent-encoded.
pub fn check_display_name(name: &str) -> Result<()> {
    let lower = name.to_lowercase();
    let bad = ["<", ">", "\\", "/", "%3c", "%3e", "%5c", "%2f"].iter().any(|part| lower.contains(part));
    if bad {
        return Err(Error::plain("Name contains invalid characters"));
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(Error::plain(format!("The name is too long: use at most {LONGEST_NAME} characters")));
    }
    Ok(())
}

/// Whether all of a login name fits the pattern of the settings.
pub fn fits_pattern(app: &App, username: &str) -> Result<bool> {
    let pattern = settings::text(app, "UTF8_User_Names_Validation")?;
    Ok(username.chars().count() <= LONGEST_NAME && names::fits(&pattern, username))
}

/// Whether administrators keep this login name for nobody.
pub fn is_blocked(app: &App, username: &str) -> Result<bool> {
    let listed = settings::words(app, "Accounts_BlockedUsernameList")?;
    Ok(EVERYBODY.contains(&username.to_lowercase().as_str()) || contains(&listed, username))
}

/// Whether the server keeps this login name for itself.
pub fn is_reserved(app: &App, username: &str) -> Result<bool> {
    Ok(contains(&settings::words(app, "Accounts_SystemBlockedUsernameList")?, username))
}

/// Refuses login names that are blocked or reserved.
pub fn check_not_blocked(app: &App, username: &str) -> Result<()> {
    if is_blocked(app, username)? || is_reserved(app, username)? {
        return Err(blocked(username));
    }
    Ok(())
}

/// The refusal of a blocked login name.
pub fn blocked(username: &str) -> Error {
    Error::refused("error-blocked-username", format!("{username} is blocked and can't be used!"))
}

/// Refuses what is no e-mail address, in the widest sense, or is of a domain that may not be used.
pub fn check_email(app: &App, address: &str) -> Result<()> {
    let malformed = || Error::refused("error-invalid-email", format!("Invalid email {address}"));
    let Some((_, domain)) = address.split_once('@') else { return Err(malformed()) };
    if !is_address(address) || address.len() > LONGEST_EMAIL {
        return Err(malformed());
    }
    let allowed = settings::words(app, "Accounts_AllowedDomainsList")?;
    if !allowed.is_empty() && !contains(&allowed, domain) {
        return Err(Error::refused("error-invalid-domain", "Invalid domain"));
    }
    if contains(&settings::words(app, "Accounts_BlockedDomainsList")?, domain) {
        return Err(Error::refused("error-email-domain-blacklisted", "The email domain is blacklisted"));
    }
    Ok(())
}

/// Whether a user may have this login name: it is their own, or it may be had and nobody has it.
pub fn is_available(app: &App, user: &User, username: &str) -> Result<bool> {
    if !settings::is_on(app, "Accounts_AllowUsernameChange")? {
        return Err(Error::not_allowed());
    }
    if username == user.username {
        return Ok(true);
    }
    if !fits_pattern(app, username)? {
        let text = format!("{username} is not a valid username");
        return Err(Error::refused("error-input-is-not-a-valid-field", text));
    }
    check_not_blocked(app, username)?;
    let holder = app.store.user_by_name(username)?;
    Ok(holder.is_none_or(|holder| holder.id == user.id) && !is_of_team(app, username)?)
}

/// Whether a login name is not blocked and nobody has it.
pub fn is_free(app: &App, username: &str) -> Result<bool> {
    let kept = is_blocked(app, username)? || is_reserved(app, username)?;
    Ok(!kept && app.store.user_by_name(username)?.is_none() && !is_of_team(app, username)?)
}

/// Whether a team is called so: its main room is.
fn is_of_team(app: &App, name: &str) -> Result<bool> {
    Ok(app.store.room_by_name(name)?.is_some_and(|room| room.extra.value()["teamMain"] == true))
}

fn contains(words: &[String], wanted: &str) -> bool {
    words.iter().any(|word| word.to_lowercase() == wanted.to_lowercase())
}

/// Whether a login name is somebody else's or a team's, whatever its case.
pub fn is_taken(batch: &Batch<'_>, username: &str, own: Option<&UserId>) -> Result<bool> {
    match batch.get::<UserByName>(&(username.to_lowercase(),))? {
        Some(UserByName(holder)) => Ok(Some(&holder) != own),
        None => teams::is_name_taken(batch.store(), username),
    }
}

/// Whether an address is somebody else's, whatever its case.
pub fn is_email_taken(batch: &Batch<'_>, address: &str, own: Option<&UserId>) -> Result<bool> {
    let holder = batch.get::<UserByEmail>(&(address.to_lowercase(),))?;
    Ok(holder.is_some_and(|UserByEmail(holder)| Some(&holder) != own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names_open_neither_tags_nor_paths() {
        for bad in ["<b>", "a>b", r"a\b", "a/b", "%3Cb", "%2f"] {
            assert!(check_display_name(bad).is_err(), "{bad}");
        }
        assert!(check_display_name("Zoë \"Z\" O'Hara & Söhne 100%").is_ok());
    }
}
