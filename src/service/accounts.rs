//! New accounts: made by somebody who may, or by people for themselves.

use serde_json::{Map, Value};

use super::account_names as names;
use super::caller::Caller;
use super::{
    access, account_mails, bootstrap, custom_fields, hooks, invites, password_policy, permissions, rooms,
    settings, two_factor_enrolment,
};
use crate::app::App;
use crate::domain::user::Email;
use crate::domain::{Json, User, UserId, id};
use crate::error::{Error, Result};
use crate::passwords::PasswordDigest;

/// The longest "about me", in characters.
const LONGEST_BIO: usize = 260;
/// The longest nickname, in characters.
const LONGEST_NICKNAME: usize = 120;

/// What an account is to be like.
#[derive(Debug, Default)]
pub struct NewAccount {
    /// The login name.
    pub username: String,
    /// The display name.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: String,
    /// The password. `None`: a random one that nobody knows.
    pub password: Option<String>,
    /// Whether the address is known to be its owner's.
    pub verified: bool,
    /// Whether the account may log in; as the settings say if it is not given.
    pub active: Option<bool>,
    /// Ids of the roles; as the settings say if they are not given.
    pub roles: Option<Vec<String>>,
    /// A few lines about the person.
    pub bio: Option<String>,
    /// Another name.
    pub nickname: Option<String>,
    /// A line about the status.
    pub status_text: Option<String>,
    /// Must choose a new password after the next login.
    pub require_password_change: bool,
    /// Custom fields.
    pub custom_fields: Option<Map<String, Value>>,
    /// Whether the account joins the rooms that new users join.
    pub join_default_rooms: bool,
}

/// What is somebody else's already.
#[derive(Clone, Copy)]
enum Taken<'a> {
    Username(&'a str),
    Email(&'a str),
}

/// Makes an account for somebody else.
pub fn create(app: &App, caller: &Caller, wanted: &NewAccount) -> Result<User> {
    names::check_display_name(wanted.name.as_deref().unwrap_or_default())?;
    custom_fields::check(app, wanted.custom_fields.as_ref())?;
    authorise(app, caller, wanted)?;
    let given = [
        ("Name", wanted.name.as_deref()),
        ("Username", Some(&wanted.username)),
        ("Password", wanted.password.as_deref()),
    ];
    for (field, value) in given {
        if value.is_some_and(|value| value.trim().is_empty()) {
            return Err(Error::refused(
                "error-the-field-is-required",
                format!("The field {field} is required"),
            ));
        }
    }
    let mut user = draft(app, wanted)?;
    if !names::fits_pattern(app, &user.username)? {
        let text = format!("{} is not a valid username", user.username);
        return Err(Error::refused("error-input-is-not-a-valid-field", text));
    }
    names::check_not_blocked(app, &user.username)?;
    check_free(app, &user, unavailable)?;
    names::check_email(app, wanted.email.trim())?;
    check_texts(wanted.bio.as_deref(), wanted.nickname.as_deref())?;
    set_password(app, &mut user, wanted.password.as_deref())?;
    keep(app, user, wanted.join_default_rooms, false, unavailable)
}

/// Whether the caller may make such an account.
fn authorise(app: &App, caller: &Caller, wanted: &NewAccount) -> Result<()> {
    let refused = |text: &str| Err(Error::refused("error-action-not-allowed", text));
    // Not in the endpoint's row: each of these refusals has its own words.
    if !access::holds(app, &caller.user, "create-user")? {
        return refused("Adding user is not allowed");
    }
    let roles = wanted.roles.as_deref().unwrap_or_default();
    check_roles(app, roles)?;
    if roles.iter().any(|role| role == "admin") && !access::holds(app, &caller.user, "assign-admin-role")? {
        return refused("Assigning admin is not allowed");
    }
    if wanted.active.is_some() && !access::holds(app, &caller.user, "edit-other-user-active-status")? {
        return Err(Error::not_allowed());
    }
    Ok(())
}

/// Makes an account for whoever asks. The first one of a server without administrators becomes one.
pub fn register(app: &App, wanted: &NewAccount, secret: Option<&str>) -> Result<User> {
    let taken = |taken: Taken<'_>| match taken {
        Taken::Username(_) => Error::plain("Username is already in use"),
        Taken::Email(_) => Error::refused("403", "Email already exists."),
    };
    names::check_display_name(wanted.name.as_deref().unwrap_or_default())?;
    let mut user = draft(app, wanted)?;
    if !names::fits_pattern(app, &user.username)? {
        return Err(Error::plain("The username provided is not valid"));
    }
    if app.store.user_by_name(&user.username)?.is_some() {
        return Err(taken(Taken::Username(&user.username)));
    }
    names::check_not_blocked(app, &user.username)?;
    custom_fields::check(app, wanted.custom_fields.as_ref())?;
    check_form(app, secret)?;
    let password = wanted.password.as_deref().unwrap_or_default();
    password_policy::check(app, password)?;
    names::check_email(app, wanted.email.trim())?;
    check_free(app, &user, taken)?;
    user.password = Some(app.passwords.hash(PasswordDigest::of(password))?);
    user.active = !settings::is_on(app, "Accounts_ManuallyApproveNewUsers")?;
    // Looked at before the write, so that nobody waits while all accounts are gone through: once
    // there is an administrator there is always one.
    let first = !bootstrap::has_admin(app)?;
    let user = keep(app, user, true, first, taken)?;
    if settings::is_on(app, "Accounts_EmailVerification")?
        && let Some(email) = user.emails.first()
    {
        account_mails::confirm(app, &user, &email.address)?;
    }
    if !user.active {
        account_mails::approval_needed(app, &user)?;
    }
    Ok(user)
}

/// Whether people may make accounts for themselves.
fn check_form(app: &App, secret: Option<&str>) -> Result<()> {
    match settings::text(app, "Accounts_RegistrationForm")?.as_str() {
        "Disabled" => {
            Err(Error::refused("error-user-registration-disabled", "User registration is disabled"))
        }
        "Secret URL" => {
            let expected = settings::text(app, "Accounts_RegistrationForm_SecretURL")?;
            let given = secret.filter(|secret| !secret.is_empty());
            if let Some(given) = given
                && (given == expected || invites::is_valid(app, given)?)
            {
                return Ok(());
            }
            let text = "User registration is only allowed via Secret URL";
            Err(Error::refused("error-user-registration-secret", text))
        }
        _ => Ok(()),
    }
}

/// The account as it will be, without a password.
fn draft(app: &App, wanted: &NewAccount) -> Result<User> {
    let text = |text: &Option<String>| {
        text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let mut user = User::new(UserId::random(), wanted.username.trim(), app.now());
    user.name = text(&wanted.name);
    user.emails = vec![Email { address: wanted.email.trim().to_owned(), verified: wanted.verified }];
    user.roles = match &wanted.roles {
        Some(roles) => roles.clone(),
        None => settings::words(app, "Accounts_Registration_Users_Default_Roles")?,
    };
    user.active = wanted.active.unwrap_or(true);
    user.bio = text(&wanted.bio);
    user.nickname = text(&wanted.nickname);
    user.status_text = text(&wanted.status_text);
    user.require_password_change = wanted.require_password_change;
    user.custom_fields = Json::of(&wanted.custom_fields.clone().unwrap_or_default());
    Ok(user)
}

/// Refuses ids of roles that do not exist.
pub(super) fn check_roles(app: &App, roles: &[String]) -> Result<()> {
    for role in roles {
        if !permissions::is_role(app, role)? {
            return Err(Error::refused(
                "error-action-not-allowed",
                "The field Roles consist invalid role id",
            ));
        }
    }
    Ok(())
}

/// Refuses texts that are too long.
pub(super) fn check_texts(bio: Option<&str>, nickname: Option<&str>) -> Result<()> {
    let longer = |text: Option<&str>, most| text.is_some_and(|text| text.chars().count() > most);
    if longer(bio, LONGEST_BIO) {
        let text = format!("Bio size exceeds {LONGEST_BIO} characters");
        return Err(Error::refused("error-bio-size-exceeded", text));
    }
    if longer(nickname, LONGEST_NICKNAME) {
        let text = format!("Nickname size exceeds {LONGEST_NICKNAME} characters");
        return Err(Error::refused("error-nickname-size-exceeded", text));
    }
    Ok(())
}

/// Gives a password that fits the policy, or one that nobody knows.
fn set_password(app: &App, user: &mut User, password: Option<&str>) -> Result<()> {
    let digest = match password {
        Some(password) => {
            password_policy::check(app, password)?;
            PasswordDigest::of(password)
        }
        None => PasswordDigest::of(&id::random_text(32)),
    };
    user.password = Some(app.passwords.hash(digest)?);
    Ok(())
}

fn unavailable(taken: Taken<'_>) -> Error {
    let (Taken::Username(value) | Taken::Email(value)) = taken;
    Error::refused("error-field-unavailable", format!("{value} is already in use :("))
}

/// Refuses what is taken before a password is hashed for nothing; [`keep`] has the last word.
fn check_free(app: &App, user: &User, refusal: impl Fn(Taken<'_>) -> Error) -> Result<()> {
    if app.store.user_by_name(&user.username)?.is_some() {
        return Err(refusal(Taken::Username(&user.username)));
    }
    for email in &user.emails {
        if app.store.user_by_email(&email.address)?.is_some() {
            return Err(refusal(Taken::Email(&email.address)));
        }
    }
    Ok(())
}

/// Keeps a new account, if its name and address are still nobody's. `first`: if there is no
/// administrator by then, it becomes one.
fn keep(
    app: &App,
    mut user: User,
    join: bool,
    first: bool,
    refusal: impl Fn(Taken<'_>) -> Error,
) -> Result<User> {
    app.store.write(|batch| {
        if names::is_taken(batch, &user.username, None)? {
            return Err(refusal(Taken::Username(&user.username)));
        }
        for email in &user.emails {
            if names::is_email_taken(batch, &email.address, None)? {
                return Err(refusal(Taken::Email(&email.address)));
            }
        }
        if first && !bootstrap::has_admin(app)? {
            user.active = true;
            user.roles.insert(0, "admin".to_owned());
        }
        batch.put_user(&user)?;
        two_factor_enrolment::opt_in(app, batch, &user.id)?;
        hooks::user_created(app, batch, &user)?;
        if join {
            rooms::join_default_rooms(app, batch, &user)?;
        }
        Ok(user)
    })
}
