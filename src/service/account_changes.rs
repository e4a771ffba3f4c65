//! Changes of accounts: by administrators, and by people of their own.

use serde_json::{Map, Value};

use super::account_names as names;
use super::accounts::{check_roles, check_texts};
use super::caller::Caller;
use super::departures::{has_other_admin, rooms_of, switch};
use super::{
    access, account_mails, custom_fields, departures, erasure, one_time_tokens, own_changes,
    password_history, password_policy, settings,
    two_factor::{self, Demand},
};
use crate::app::App;
use crate::domain::user::Email;
use crate::domain::{Json, RoomKind, Subscription, User, UserId, id};
use crate::error::{Error, Result};
use crate::limits::OwnChange;
use crate::passwords::PasswordDigest;
use crate::store::Batch;

/// What to change; what is not given stays.
#[derive(Debug, Default)]
pub struct Changes {
    /// The login name.
    pub username: Option<String>,
    /// The display name.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether the address is known to be its owner's.
    pub verified: Option<bool>,
    /// The password.
    pub password: Option<String>,
    /// A few lines about the person.
    pub bio: Option<String>,
    /// Another name.
    pub nickname: Option<String>,
    /// A line about the status.
    pub status_text: Option<String>,
    /// The status itself.
    pub status: Option<String>,
    /// Ids of all roles.
    pub roles: Option<Vec<String>>,
    /// Must choose a new password after the next login.
    pub require_password_change: Option<bool>,
    /// Custom fields, laid over those there are.
    pub custom_fields: Option<Map<String, Value>>,
    /// Whether the account may log in.
    pub active: Option<bool>,
    /// Whether nobody knows the new password, so that its owner has to choose one.
    pub invite: bool,
    /// Whether its owner is welcomed by mail.
    pub welcome: bool,
}

/// Changes any account, as far as the caller may.
pub fn update(app: &App, caller: &Caller, id: &UserId, mut changes: Changes, agreed: bool) -> Result<User> {
    let user = app.store.user(id)?.ok_or_else(|| Error::plain("User not found"))?;
    let other = user.id != caller.user.id;
    let edits = access::holds(app, &caller.user, "edit-other-user-info")?;
    if other && !edits {
        return Err(refused("Editing user is not allowed"));
    }
    authorise_roles(app, caller, &user, changes.roles.as_deref())?;
    check_switches(app, caller, &user, &changes)?;
    if changes.active.is_some() && !access::holds(app, &caller.user, "edit-other-user-active-status")? {
        return Err(Error::not_allowed());
    }
    let moves = changes.email.as_deref().is_some_and(|new| user.emails.iter().all(|old| old.address != new));
    if !other && changes.verified == Some(true) {
        let known = !moves && !user.emails.is_empty() && user.emails.iter().all(|email| email.verified);
        if !known || !edits {
            return Err(refused("Editing email verification is not allowed"));
        }
        // It says what is so: nothing to do for whatever address there may be by the time of the change.
        changes.verified = None;
    }
    if moves && !edits {
        // Whoever reads the mail of an account can have it: a stolen token must not be enough.
        two_factor::check(app, caller, Demand::Always)?;
    }
    if !access::holds(app, &caller.user, "edit-other-user-password")? {
        changes.password = None;
        changes.invite = false;
    }
    if changes.invite {
        changes.password = Some(id::random_text(32));
        changes.require_password_change = Some(true);
    }
    let after = apply(app, caller, &user, &changes, agreed)?;
    if changes.welcome || changes.invite {
        account_mails::welcome(app, &after, changes.invite)?;
    }
    if after.active != user.active {
        account_mails::activation(app, &after)?;
    }
    Ok(after)
}

/// Lets an account log in, or no more, and tells its owner.
pub fn set_active(app: &App, caller: &Caller, id: &UserId, active: bool, agreed: bool) -> Result<User> {
    let before = app.store.user(id)?.is_some_and(|user| user.active);
    let user = departures::set_active(app, caller, id, active, agreed)?;
    if user.active != before {
        account_mails::activation(app, &user)?;
    }
    Ok(user)
}

/// Changes the caller's own account. A new password or address asks for a second factor: the digest of
/// the current password, `proof`, for those who have set up nothing else.
pub fn update_own(app: &App, caller: &Caller, changes: &Changes, proof: Option<&str>) -> Result<User> {
    if !settings::is_on(app, "Accounts_AllowUserProfileChange")? {
        return Err(Error::not_allowed());
    }
    check_switches(app, caller, &caller.user, changes)?;
    let sensitive = changes.email.is_some() || changes.password.is_some();
    if sensitive {
        two_factor::check_own_change(app, caller, proof)?;
    }
    if let (Some(new), Some(_)) = (&changes.password, &caller.user.password)
        && app.passwords.verify(PasswordDigest::of(new), caller.user.password.clone())?
    {
        let text = "Entered password same as current password";
        return Err(Error::refused("error-password-same-as-current", text));
    }
    if let Some(new) = &changes.password {
        password_history::check(app, &caller.user, new)?;
    }
    let after = apply(app, caller, &caller.user, changes, false)?;
    if after.emails != caller.user.emails
        && settings::is_on(app, "Accounts_EmailVerification")?
        && let Some(email) = after.emails.first()
    {
        account_mails::confirm(app, &after, &email.address)?;
    }
    Ok(after)
}

fn authorise_roles(app: &App, caller: &Caller, user: &User, roles: Option<&[String]>) -> Result<()> {
    let Some(roles) = roles else { return Ok(()) };
    check_roles(app, roles)?;
    if same_set(roles, &user.roles) {
        return Ok(());
    }
    if !access::holds(app, &caller.user, "assign-roles")? {
        return Err(refused("Assign roles is not allowed"));
    }
    let concerns_admin = roles.iter().any(|role| role == "admin") || user.has_role("admin");
    if concerns_admin && !access::holds(app, &caller.user, "assign-admin-role")? {
        return Err(refused("Assigning admin is not allowed"));
    }
    Ok(())
}

fn same_set(one: &[String], other: &[String]) -> bool {
    one.iter().all(|role| other.contains(role)) && other.iter().all(|role| one.contains(role))
}

/// What the settings forbid people to change they may still change for others, if they may at all.
fn check_switches(app: &App, caller: &Caller, user: &User, changes: &Changes) -> Result<()> {
    let other = user.id != caller.user.id;
    let edits = other && access::holds(app, &caller.user, "edit-other-user-info")?;
    let passwords = other && access::holds(app, &caller.user, "edit-other-user-password")?;
    let differs = |new: &Option<String>, old: Option<&str>| {
        new.as_deref().is_some_and(|new| new != old.unwrap_or_default())
    };
    let address = user.emails.first().map(|email| email.address.as_str());
    let profile =
        differs(&changes.bio, user.bio.as_deref()) || differs(&changes.nickname, user.nickname.as_deref());
    let rules = [
        (differs(&changes.username, Some(&user.username)), edits, "UsernameChange", "username"),
        (differs(&changes.name, user.name.as_deref()), edits, "RealNameChange", "user real name"),
        (
            differs(&changes.status_text, user.status_text.as_deref()),
            edits,
            "UserStatusMessageChange",
            "user status",
        ),
        (differs(&changes.email, address), edits, "EmailChange", "user email"),
        (changes.password.is_some(), passwords, "PasswordChange", "user password"),
        (profile, edits || passwords, "UserProfileChange", "user profile"),
    ];
    for (changed, exempt, setting, what) in rules {
        if changed && !exempt && !settings::is_on(app, &format!("Accounts_Allow{setting}"))? {
            return Err(refused(&format!("Edit {what} is not allowed")));
        }
    }
    Ok(())
}

fn refused(text: &str) -> Error {
    Error::refused("error-action-not-allowed", text)
}

/// Checks the new values, then changes all of them or none.
fn apply(app: &App, caller: &Caller, user: &User, changes: &Changes, agreed: bool) -> Result<User> {
    check_values(app, user, changes)?;
    count_changes(app, caller, user, changes)?;
    let password = match &changes.password {
        Some(password) => {
            if !changes.invite {
                password_policy::check(app, password)?;
            }
            Some(app.passwords.hash(PasswordDigest::of(password))?)
        }
        None => None,
    };
    let (user, to_sweep) = app.store.write(|batch| {
        let user = batch.get::<User>(&(user.id.clone(),))?;
        let mut user = user.ok_or_else(|| Error::plain("User not found"))?;
        let before = user.clone();
        set_names(batch, &mut user, changes)?;
        set_texts(&mut user, changes);
        if let Some(roles) = &changes.roles {
            let resigns = user.has_role("admin") && !roles.iter().any(|role| role == "admin");
            if resigns && !has_other_admin(app, &user.id)? {
                return Err(refused("Leaving the app without admins is not allowed"));
            }
            user.roles.clone_from(roles);
        }
        if password.is_some() {
            password_history::note(app, batch, &user)?;
            one_time_tokens::forget_all(batch, &user.id)?;
            user.password = password;
            let own = user.id == caller.user.id;
            if own && changes.require_password_change.is_none() {
                require_password_change(&mut user, false);
            }
            let kept = own.then_some(caller.token);
            batch.delete_tokens(&user.id, |hash, _| Some(*hash) != kept)?;
        }
        user.updated = app.now();
        batch.put_user(&user)?;
        let renamed = user.username != before.username || user.name != before.name;
        if renamed {
            rename(batch, &before, &user)?;
        }
        let renamed = user.username != before.username;
        if renamed {
            erasure::renamed(batch, &user, &before.username)?;
        }
        let removed = match changes.active {
            Some(active) => switch(app, batch, &mut user, active, agreed)?,
            None => false,
        };
        batch.put_user(&user)?;
        Ok((user, removed || renamed))
    })?;
    if to_sweep {
        app.sweep_bell.notify_one();
    }
    Ok(user)
}

/// Counts what people change of themselves. To send what is there already is no change.
fn count_changes(app: &App, caller: &Caller, user: &User, changes: &Changes) -> Result<()> {
    let address = user.emails.first().map(|email| email.address.as_str());
    let rows = [
        (&changes.name, user.name.as_deref(), OwnChange::Name),
        (&changes.email, address, OwnChange::Email),
        (&changes.status_text, user.status_text.as_deref(), OwnChange::StatusText),
    ];
    for (new, old, change) in rows {
        if new.as_deref().is_some_and(|new| new.trim() != old.unwrap_or_default()) {
            own_changes::count(app, caller, change)?;
        }
    }
    Ok(())
}

fn check_values(app: &App, user: &User, changes: &Changes) -> Result<()> {
    if let Some(name) = &changes.name {
        names::check_display_name(name)?;
        if name.trim().is_empty() {
            return Err(not_saved());
        }
    }
    if let Some(username) = changes.username.as_deref().map(str::trim).filter(|name| *name != user.username) {
        if username.is_empty() {
            return Err(not_saved());
        }
        if !names::fits_pattern(app, username)? {
            let text = format!("{username} is not a valid username");
            return Err(Error::refused("error-input-is-not-a-valid-field", text));
        }
        if names::is_blocked(app, username)? {
            return Err(names::blocked(username));
        }
        if names::is_reserved(app, username)? {
            return Err(not_saved());
        }
    }
    if let Some(address) = &changes.email {
        names::check_email(app, address.trim())?;
    }
    if changes.custom_fields.is_some() {
        custom_fields::check(app, changes.custom_fields.as_ref())?;
    }
    if let Some(status) = &changes.status {
        super::presence::check(app, status)?;
    }
    check_texts(changes.bio.as_deref(), changes.nickname.as_deref())
}

fn not_saved() -> Error {
    Error::refused("error-could-not-save-identity", "Could not save user identity")
}

/// Names and addresses, which may be taken.
fn set_names(batch: &Batch<'_>, user: &mut User, changes: &Changes) -> Result<()> {
    if let Some(username) = changes.username.as_deref().map(str::trim) {
        if names::is_taken(batch, username, Some(&user.id))? {
            return Err(not_saved());
        }
        username.clone_into(&mut user.username);
    }
    if let Some(name) = changes.name.as_deref().map(str::trim) {
        user.name = Some(name.to_owned());
    }
    if let Some(address) = changes.email.as_deref().map(str::trim) {
        if names::is_email_taken(batch, address, Some(&user.id))? {
            return Err(Error::refused("error-field-unavailable", format!("{address} is already in use :(")));
        }
        if user.emails.first().is_none_or(|email| email.address != address) {
            user.emails = vec![Email { address: address.to_owned(), verified: false }];
        }
    }
    if let (Some(verified), Some(email)) = (changes.verified, user.emails.first_mut()) {
        email.verified = verified;
    }
    Ok(())
}

/// What needs no checks any more. An empty text takes the old one away.
fn set_texts(user: &mut User, changes: &Changes) {
    let set = |old: &mut Option<String>, new: &Option<String>| {
        if let Some(new) = new {
            *old = Some(new.trim().to_owned()).filter(|text| !text.is_empty());
        }
    };
    set(&mut user.bio, &changes.bio);
    set(&mut user.nickname, &changes.nickname);
    set(&mut user.status_text, &changes.status_text);
    if let Some(status) = &changes.status {
        user.status.clone_from(status);
        user.status_default = Some(status.clone());
    }
    if let Some(required) = changes.require_password_change {
        require_password_change(user, required);
    }
    for (key, value) in changes.custom_fields.iter().flatten() {
        user.custom_fields = user.custom_fields.with(key, value.clone());
    }
    if user.custom_fields.is_none() {
        user.custom_fields = Json::from_text("{}");
    }
}

fn require_password_change(user: &mut User, required: bool) {
    user.require_password_change = required;
    if !required {
        user.extra = user.extra.with("requirePasswordChangeReason", Value::Null);
    }
}

/// Keeps the names in step that the rooms of a user remember. Messages follow bit by bit.
fn rename(batch: &mut Batch<'_>, before: &User, user: &User) -> Result<()> {
    for mut room in rooms_of(batch.store(), user)? {
        let key = (room.id.clone(), user.id.clone());
        if let Some(mut subscription) = batch.get::<Subscription>(&key)? {
            subscription.username.clone_from(&user.username);
            batch.put_subscription(&subscription)?;
        }
        let old = room.clone();
        for name in room.muted.iter_mut().chain(&mut room.unmuted).filter(|name| **name == before.username) {
            name.clone_from(&user.username);
        }
        if room.kind == RoomKind::Direct {
            for member in room.direct.iter_mut().filter(|member| member.id == user.id) {
                *member = user.reference();
            }
        }
        if let Some(creator) = room.creator.as_mut().filter(|creator| creator.id == user.id) {
            *creator = user.reference();
        }
        if room != old {
            batch.put_room(&room)?;
        }
    }
    Ok(())
}
