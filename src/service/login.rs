//! Logging in by password or by the token of an earlier session.
//!
//! Whoever guesses learns nothing: an unknown name takes as long as a wrong password and is answered
//! alike, and after a number of failures nobody gets an answer for a while.

use serde_json::Value;

use super::account_names as names;
use super::{sessions, settings, two_factor};
use crate::app::App;
use crate::domain::user::UserKind;
use crate::domain::{User, UserId};
use crate::error::{Error, Result};
use crate::limits::logins::{Attempt, Suspect, Threshold};
use crate::passwords::PasswordDigest;
use crate::service::caller::Client;

/// More failures than this are not remembered, whatever a setting says.
const HIGHEST_LIMIT: u64 = 10_000;

/// Whom a client means.
#[derive(Debug, Clone)]
pub enum Identity {
    /// A login name, of any case.
    Username(String),
    /// An e-mail address, of any case.
    Email(String),
    /// An id.
    Id(UserId),
}

/// How a client shows who it is.
pub enum Credentials {
    /// Who, and the password.
    Password(Identity, PasswordDigest),
    /// The token of a session.
    Resume(String),
}

/// An open session.
pub struct Session {
    /// Whose.
    pub user: User,
    /// The token, in the clear.
    pub token: String,
}

/// Opens a session, or goes on with one.
pub fn log_in(app: &App, client: &Client, credentials: &Credentials) -> Result<Session> {
    let attempt = attempt(app, client, credentials)?;
    if let Some(suspect) = app.logins.check(&attempt, app.now()) {
        return Err(blocked(&suspect));
    }
    let (verdict, factor) = judge_both(app, client, credentials)?;
    // Being asked for a code is neither a failure nor a success; the blocks hold all the same.
    let suspect = if matches!(factor, Factor::Asked) {
        app.logins.check(&attempt, app.now())
    } else {
        app.logins.settle(&attempt, verdict.is_ok(), app.now())
    };
    if let Some(suspect) = suspect {
        return Err(blocked(&suspect));
    }
    let judged = verdict?;
    let session = app.store.write(|batch| {
        // What was judged must still hold, for a check of a password takes its time.
        let user = batch.get::<User>(&(judged.id,))?;
        let user = user.filter(|user| user.active && user.password == judged.password);
        let mut user = user.ok_or_else(incorrect)?;
        let token = match credentials {
            Credentials::Password(..) => sessions::open(app, batch, &mut user)?,
            Credentials::Resume(token) => {
                user.last_login = Some(app.now());
                user.updated = app.now();
                batch.put_user(&user)?;
                token.clone()
            }
        };
        Ok::<_, Error>(Session { user, token })
    })?;
    if matches!(factor, Factor::Shown) {
        two_factor::remember(app, &sessions::hash(&session.token), client)?;
    }
    Ok(session)
}

/// What became of the second factor.
enum Factor {
    /// There is none, or it was not looked at.
    None,
    /// It was right.
    Shown,
    /// The client has to send one, or another one later.
    Asked,
}

/// Whether credentials and second factor are right. The outer error is ours.
fn judge_both(app: &App, client: &Client, credentials: &Credentials) -> Result<(Result<User>, Factor)> {
    let user = match (judge(app, credentials)?, credentials) {
        (Ok(user), Credentials::Password(..)) => user,
        (verdict, _) => return Ok((verdict, Factor::None)),
    };
    match two_factor::check_login(app, &user, &client.proof) {
        Ok(true) => Ok((Ok(user), Factor::Shown)),
        Ok(false) => Ok((Ok(user), Factor::None)),
        Err(Error::Login { error, message, details }) => {
            let factor = if error == "totp-invalid" { Factor::None } else { Factor::Asked };
            Ok((Err(Error::Login { error, message, details }), factor))
        }
        Err(other) => Err(other),
    }
}

/// Whether the credentials are right, and the account may log in. The outer error is ours.
fn judge(app: &App, credentials: &Credentials) -> Result<Result<User>> {
    match credentials {
        Credentials::Password(identity, digest) => judge_password(app, identity, digest),
        Credentials::Resume(token) => judge_token(app, token),
    }
}

fn judge_password(app: &App, identity: &Identity, digest: &PasswordDigest) -> Result<Result<User>> {
    let user = holder(app, identity)?;
    let hash = user.as_ref().and_then(|user| user.password.clone());
    let right = app.passwords.verify(digest.clone(), hash)?;
    let Some(user) = user else { return Ok(Err(incorrect())) };
    if user.password.is_none() {
        return Ok(Err(refused(403, "User has no password set")));
    }
    if !right {
        return Ok(Err(incorrect()));
    }
    if !user.active {
        return Ok(Err(refused("error-user-is-not-activated", "User is not activated")));
    }
    if user.kind == UserKind::App {
        let text = "App user is not allowed to login";
        return Ok(Err(refused("error-app-user-is-not-allowed-to-login", text)));
    }
    let verified = user.has_role("admin") || user.emails.iter().any(|email| email.verified);
    if !verified && settings::is_on(app, "Accounts_EmailVerification")? {
        return Ok(Err(refused("error-invalid-email", "Invalid email __email__")));
    }
    Ok(Ok(user))
}

/// Whom a client means, if there is such a user.
fn holder(app: &App, identity: &Identity) -> Result<Option<User>> {
    Ok(match identity {
        Identity::Username(name) => app.store.user_by_name(name)?,
        Identity::Email(address) => app.store.user_by_email(address)?,
        Identity::Id(id) => app.store.user(id)?,
    })
}

fn judge_token(app: &App, token: &str) -> Result<Result<User>> {
    let user = session_user(app, token)?;
    let gone = || refused(403, "You've been logged out by the server. Please log in again.");
    Ok(user.filter(|user| user.active).ok_or_else(gone))
}

/// Whose session this is the token of, if it is alive.
fn session_user(app: &App, token: &str) -> Result<Option<User>> {
    match app.store.token(&sessions::hash(token))? {
        Some(found) if sessions::is_alive(app, &found)? => Ok(app.store.user(&found.user)?),
        _ => Ok(None),
    }
}

fn refused(error: impl Into<Value>, message: &str) -> Error {
    Error::Login { error: error.into(), message: message.to_owned(), details: Value::Null }
}

fn incorrect() -> Error {
    refused(403, "Incorrect password")
}

/// A login object that makes no sense.
pub fn malformed(message: &str) -> Error {
    refused(400, message)
}

fn blocked(suspect: &Suspect) -> Error {
    match suspect {
        Suspect::Username(_) | Suspect::Account(_) => {
            refused("error-login-blocked-for-user", "Login has been temporarily blocked For User")
        }
        Suspect::Address(_) | Suspect::Factor(_) => {
            refused("error-login-blocked-for-ip", "Login has been temporarily blocked For IP")
        }
    }
}

/// Which account is tried, and whose failures count for it, the address first.
fn attempt(app: &App, client: &Client, credentials: &Credentials) -> Result<Attempt> {
    let mut thresholds = Vec::new();
    if !settings::is_on(app, "Block_Multiple_Failed_Logins_Enabled")? {
        return Ok(Attempt { account: None, thresholds });
    }
    let user = match credentials {
        Credentials::Password(identity, _) => holder(app, identity)?,
        Credentials::Resume(token) => session_user(app, token)?,
    };
    let account = user.map(|user| user.id);
    let address = client.address.to_string();
    let trusted = settings::words(app, "Block_Multiple_Failed_Logins_Ip_Whitelist")?.contains(&address);
    if !trusted && settings::is_on(app, "Block_Multiple_Failed_Logins_By_Ip")? {
        let limit = "Block_Multiple_Failed_Logins_Attempts_Until_Block_By_Ip";
        let window = "Block_Multiple_Failed_Logins_Time_To_Unblock_By_Ip_In_Minutes";
        thresholds.extend(threshold(app, Suspect::Address(client.address), limit, window)?);
    }
    if let Credentials::Password(identity, _) = credentials
        && settings::is_on(app, "Block_Multiple_Failed_Logins_By_User")?
    {
        let limit = "Block_Multiple_Failed_Logins_Attempts_Until_Block_by_User";
        let window = "Block_Multiple_Failed_Logins_Time_To_Unblock_By_User_In_Minutes";
        thresholds.extend(threshold(app, named(identity, account.as_ref()), limit, window)?);
    }
    Ok(Attempt { account, thresholds })
}

/// Names are counted as they are typed, without regard to case, for all their spellings open the same
/// account. Addresses and ids are counted as the account that they lead to; where there is none they
/// count all the same, or else a block would tell who there is.
fn named(identity: &Identity, account: Option<&UserId>) -> Suspect {
    // No account has a longer name, and what a stranger sends is not kept at any length.
    let shortened = |text: &str| text.chars().take(names::LONGEST_NAME).collect::<String>();
    match (identity, account) {
        (Identity::Username(name), _) => Suspect::Username(shortened(name).to_lowercase()),
        (Identity::Email(_) | Identity::Id(_), Some(id)) => Suspect::Account(id.as_str().to_owned()),
        (Identity::Email(address), None) => Suspect::Account(shortened(address).to_lowercase()),
        (Identity::Id(id), None) => Suspect::Account(shortened(id.as_str())),
    }
}

fn threshold(app: &App, suspect: Suspect, limit: &str, minutes: &str) -> Result<Option<Threshold>> {
    let Some(limit) = settings::limit(app, limit)? else { return Ok(None) };
    let limit = usize::try_from(limit.min(HIGHEST_LIMIT)).unwrap_or(usize::MAX);
    #[expect(clippy::cast_possible_truncation, reason = "clamped to a hundred years")]
    let window = (settings::number(app, minutes)? * 60_000.0).clamp(0.0, 3e12) as i64;
    Ok(Some(Threshold { suspect, limit, window }))
}
