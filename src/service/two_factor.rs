//! The second factor: who has to show one, which, and whether it is right.
//!
//! Codes of an app and mailed codes are for those who set them up. The password is one only for those
//! who have nothing better, where the settings or the action at hand insist on one.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::caller::{Caller, Client, Proof};
use super::one_time_tokens::{self, Purpose};
use super::{account_mails, settings};
use crate::app::App;
use crate::domain::{SecondFactor, User, UserId};
use crate::error::{Error, Result};
use crate::limits::logins::{Attempt, Suspect, Threshold};
use crate::passwords::PasswordDigest;
use crate::store::Batch;

/// Wrong codes count for so long.
const GUESSING_WINDOW: i64 = 5 * 60_000;

/// How strictly a second factor is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// Not again from somebody who has just shown one, nor from new accounts and tokens that stand
    /// for it.
    Usual,
    /// Each time.
    Fresh,
    /// Each time, with the password for those who have set up nothing else.
    Always,
}

/// A kind of second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Codes that an app shows.
    Totp,
    /// Codes that are mailed.
    Email,
    /// The hex SHA-256 of the password.
    Password,
}

impl Method {
    /// Rocket.Chat's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Email => "email",
            Self::Password => "password",
        }
    }
}

/// Refuses unless the caller shows a second factor, or need not.
pub fn check(app: &App, caller: &Caller, demand: Demand) -> Result<()> {
    check_shown(app, caller, demand, &caller.client.proof)
}

/// Refuses a change of the caller's own password or address without a second factor. `password`: the
/// digest of the current password, where it stands beside the change and not in the headers.
pub fn check_own_change(app: &App, caller: &Caller, password: Option<&str>) -> Result<()> {
    let given = &caller.client.proof;
    let has_better = !methods(app, &caller.user, &app.store.second_factor(&caller.user.id)?)?.is_empty();
    match password {
        Some(password) if !has_better && given.code.is_none() => {
            let proof = Proof { code: Some(password.to_owned()), ..given.clone() };
            check_shown(app, caller, Demand::Always, &proof)
        }
        _ => check_shown(app, caller, Demand::Always, given),
    }
}

fn check_shown(app: &App, caller: &Caller, demand: Demand, proof: &Proof) -> Result<()> {
    if !is_on(app)? || demand == Demand::Usual && is_exempt(app, caller)? {
        return Ok(());
    }
    let fallback = demand == Demand::Always
        || caller.user.password.is_some()
            && settings::is_on(app, "Accounts_TwoFactorAuthentication_Enforce_Password_Fallback")?;
    if ask(app, &caller.user, proof, fallback)? && demand == Demand::Usual {
        remember(app, &caller.token, &caller.client)?;
    }
    Ok(())
}

/// Refuses a login whose password was right, unless it shows the second factor that the user has set
/// up; whether there was one to show.
pub fn check_login(app: &App, user: &User, proof: &Proof) -> Result<bool> {
    if !is_on(app)? {
        return Ok(false);
    }
    ask(app, user, proof, false).map_err(|error| match error {
        Error::Refused { code, reason, details } => {
            Error::Login { error: code.into(), message: reason, details }
        }
        other => other,
    })
}

/// Remembers that the session of a token has shown a second factor.
pub(super) fn remember(app: &App, token: &[u8; 32], client: &Client) -> Result<()> {
    app.remembered.note(session(token, client), app.now(), lifetime(app)?);
    Ok(())
}

/// Whether second factors are asked for at all.
pub fn is_on(app: &App) -> Result<bool> {
    settings::is_on(app, "Accounts_TwoFactorAuthentication_Enabled")
}

/// Milliseconds for which a second factor that was shown counts.
fn lifetime(app: &App) -> Result<i64> {
    seconds(app, "Accounts_TwoFactorAuthentication_RememberFor")
}

fn seconds(app: &App, setting: &str) -> Result<i64> {
    let seconds = settings::limit(app, setting)?.unwrap_or(0).min(1_000_000_000);
    Ok(i64::try_from(seconds).unwrap_or(0) * 1000)
}

fn is_exempt(app: &App, caller: &Caller) -> Result<bool> {
    let (now, lifetime) = (app.now(), lifetime(app)?);
    if now < caller.user.created.plus(lifetime)
        || app.remembered.knows(&session(&caller.token, &caller.client), now, lifetime)
    {
        return Ok(true);
    }
    let token = app.store.token(&caller.token)?;
    Ok(token.and_then(|token| token.personal).is_some_and(|personal| personal.bypass_two_factor))
}

/// What stands for a token in the hands of a program at an address.
fn session(token: &[u8; 32], client: &Client) -> [u8; 32] {
    let place = format!("{} {}", client.address, client.proof.agent);
    Sha256::new().chain_update(token).chain_update(place).finalize().into()
}

/// What a user has set up and the settings allow, the best first.
pub fn methods(app: &App, user: &User, factor: &SecondFactor) -> Result<Vec<Method>> {
    let on =
        |method: &str| settings::is_on(app, &format!("Accounts_TwoFactorAuthentication_By_{method}_Enabled"));
    let mut methods = Vec::new();
    if factor.totp.is_some() && on("TOTP")? {
        methods.push(Method::Totp);
    }
    if factor.email && verified_address(user).is_some() && on("Email")? {
        methods.push(Method::Email);
    }
    Ok(methods)
}

fn verified_address(user: &User) -> Option<&str> {
    user.emails.iter().find(|email| email.verified).map(|email| email.address.as_str())
}

/// Asks for the second factor of a user; whether there was one to show.
fn ask(app: &App, user: &User, proof: &Proof, fallback: bool) -> Result<bool> {
    let available = methods(app, user, &app.store.second_factor(&user.id)?)?;
    let wanted = available.iter().find(|method| Some(method.word()) == proof.method.as_deref());
    let password = fallback.then_some(&Method::Password);
    let Some(method) = wanted.or(available.first()).or(password).copied() else { return Ok(false) };
    let refusal = |code: &str, reason: &str, generated| {
        let details = details(app, user, method, generated, &available)?;
        Err(Error::Refused { code: code.to_owned(), reason: reason.to_owned(), details })
    };
    let code: String =
        proof.code.iter().flat_map(|code| code.chars()).filter(|c| !c.is_whitespace()).collect();
    if code.is_empty() {
        let generated = method == Method::Email
            && one_time_tokens::waiting_code(app, user)?.is_none()
            && send_code(app, user)?;
        return refusal("totp-required", "TOTP Required", generated);
    }
    match verify(app, user, method, &code)? {
        Verdict::Right => Ok(true),
        Verdict::Wrong => refusal("totp-invalid", "TOTP Invalid", false),
        Verdict::TooMany => refusal("totp-max-attempts", "TOTP Maximun Failed Attempts Reached", false),
    }
}

fn details(app: &App, user: &User, method: Method, generated: bool, available: &[Method]) -> Result<Value> {
    let mut details = json!({"method": method.word(), "codeGenerated": generated});
    if method == Method::Email {
        details["emailOrUsername"] = user.username.as_str().into();
        if let Some(token) = one_time_tokens::waiting_code(app, user)? {
            details["codeExpires"] = json!([token.expires.to_string()]);
        }
    }
    details["availableMethods"] = available.iter().map(|method| method.word()).collect();
    Ok(details)
}

enum Verdict {
    Right,
    Wrong,
    /// Nobody learns whether it was right.
    TooMany,
}

/// Whether a code is right. Right ones are used up; after some wrong ones there is a pause.
fn verify(app: &App, user: &User, method: Method, code: &str) -> Result<Verdict> {
    let guesses = guesses(app, &user.id)?;
    if app.logins.check(&guesses, app.now()).is_some() {
        return Ok(Verdict::TooMany);
    }
    let right = match method {
        Method::Totp => app.store.write(|batch| take(app, batch, &user.id, code))?,
        Method::Email => app.store.write(|batch| {
            Ok::<_, Error>(one_time_tokens::take(batch, user, Purpose::Factor, code, app.now())?.is_some())
        })?,
        Method::Password => app.passwords.verify(PasswordDigest::sent(code), user.password.clone())?,
    };
    Ok(match app.logins.settle(&guesses, right, app.now()) {
        Some(_) => Verdict::TooMany,
        None if right => Verdict::Right,
        None => Verdict::Wrong,
    })
}

/// Whether a code of the app, or a backup code, is right; used up if it is.
pub(super) fn is_right(app: &App, user: &User, code: &str) -> Result<bool> {
    Ok(matches!(verify(app, user, Method::Totp, code)?, Verdict::Right))
}

fn take(app: &App, batch: &mut Batch<'_>, user: &UserId, code: &str) -> Result<bool> {
    let key = (user.clone(),);
    let mut factor = batch.get::<SecondFactor>(&key)?.unwrap_or_default();
    let right = factor.take(code, &one_time_tokens::hash(user, code), app.now(), delta(app)?);
    if right {
        batch.put(&key, &factor)?;
    }
    Ok(right)
}

/// So many periods a code may be off.
pub(super) fn delta(app: &App) -> Result<u64> {
    Ok(settings::limit(app, "Accounts_TwoFactorAuthentication_MaxDelta")?.unwrap_or(0).min(10))
}

fn guesses(app: &App, user: &UserId) -> Result<Attempt> {
    let limit = settings::limit(app, "Accounts_TwoFactorAuthentication_Max_Invalid_Email_Code_Attempts")?;
    let limit = usize::try_from(limit.unwrap_or(5).min(100)).unwrap_or(5);
    let thresholds =
        vec![Threshold { suspect: Suspect::Factor(user.clone()), limit, window: GUESSING_WINDOW }];
    Ok(Attempt { account: Some(user.clone()), thresholds })
}

/// Mails a code to a user who has set that up; whether one went out.
pub fn send_code(app: &App, user: &User) -> Result<bool> {
    let Some(address) = verified_address(user) else { return Ok(false) };
    if !methods(app, user, &app.store.second_factor(&user.id)?)?.contains(&Method::Email) {
        return Ok(false);
    }
    let lifetime = seconds(app, "Accounts_TwoFactorAuthentication_By_Email_Code_Expiration")?;
    let Some(code) = one_time_tokens::make_code(app, user, address, lifetime)? else { return Ok(false) };
    account_mails::code(app, address, &code)?;
    Ok(true)
}
