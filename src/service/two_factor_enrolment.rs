//! Setting up second factors, and taking them away.

use super::caller::Caller;
use super::{account_mails, one_time_tokens, settings, two_factor};
use crate::app::App;
use crate::domain::factor::{Secret, Totp};
use crate::domain::{SecondFactor, User, UserId, id, totp};
use crate::error::{Error, Result};
use crate::store::Batch;
use rand::RngCore;

/// Backup codes of a user.
const BACKUP_CODES: usize = 12;
/// Characters of a backup code.
const BACKUP_LENGTH: usize = 8;

/// A secret to be typed into an app. It is shown once.
pub struct NewSecret {
    /// The secret in base32.
    pub secret: String,
    /// The same as an address that apps read from a QR code.
    pub url: String,
}

/// `2fa:enable`: makes a secret, which counts once the caller has [confirmed](confirm) it.
pub fn begin(app: &App, caller: &Caller) -> Result<NewSecret> {
    check_addresses(&caller.user)?;
    let mut bytes = vec![0; totp::SECRET_LENGTH];
    rand::rng().fill_bytes(&mut bytes);
    let secret = totp::base32(&bytes);
    change(app, &caller.user.id, |factor, _| {
        if factor.totp.is_some() {
            return Err(Error::code("error-2fa-already-enabled"));
        }
        factor.pending = Some(Secret(bytes));
        Ok(())
    })?;
    let name =
        percent_encoding::utf8_percent_encode(&caller.user.username, percent_encoding::NON_ALPHANUMERIC);
    Ok(NewSecret { url: format!("otpauth://totp/Rocket.Chat:{name}?secret={secret}"), secret })
}

/// `2fa:validateTempToken`: the caller's app shows the codes of the secret. Answers the backup codes
/// and ends the caller's other sessions.
pub fn confirm(app: &App, caller: &Caller, code: &str) -> Result<Vec<String>> {
    let delta = two_factor::delta(app)?;
    let (codes, hashes) = backup_codes(&caller.user.id);
    change(app, &caller.user.id, |factor, batch| {
        let secret = factor.pending.take().ok_or_else(invalid)?;
        // Not used up by this: whoever has just set up the app may log in elsewhere with it.
        totp::find_step(&secret.0, code, app.now(), delta, 0).ok_or_else(invalid)?;
        factor.totp = Some(Totp { secret, earliest: 0 });
        factor.backup_codes = hashes;
        end_other_sessions(batch, caller)
    })?;
    Ok(codes)
}

/// `2fa:disable`: whether the code was right and the app is needed no more.
pub fn disable(app: &App, caller: &Caller, code: &str) -> Result<bool> {
    if !two_factor::is_right(app, &caller.user, code)? {
        return Ok(false);
    }
    change(app, &caller.user.id, |factor, _| {
        remove_app(factor);
        Ok(())
    })?;
    Ok(true)
}

/// `2fa:regenerateCodes`: new backup codes in place of the old ones. `None`: the code was wrong.
pub fn regenerate_codes(app: &App, caller: &Caller, code: &str) -> Result<Option<Vec<String>>> {
    if app.store.second_factor(&caller.user.id)?.totp.is_none() {
        return Err(invalid());
    }
    if !two_factor::is_right(app, &caller.user, code)? {
        return Ok(None);
    }
    let (codes, hashes) = backup_codes(&caller.user.id);
    change(app, &caller.user.id, |factor, _| {
        factor.backup_codes = hashes;
        Ok(())
    })?;
    Ok(Some(codes))
}

/// `2fa:checkCodesRemaining`: how many backup codes are left.
pub fn codes_remaining(app: &App, caller: &Caller) -> Result<usize> {
    let factor = app.store.second_factor(&caller.user.id)?;
    factor.totp.map(|_| factor.backup_codes.len()).ok_or_else(invalid)
}

/// Has codes mailed to the caller from now on, and ends their other sessions.
pub fn enable_email(app: &App, caller: &Caller) -> Result<()> {
    check_addresses(&caller.user)?;
    change(app, &caller.user.id, |factor, batch| {
        factor.email = true;
        end_other_sessions(batch, caller)
    })
}

/// Has no more codes mailed to the caller.
pub fn disable_email(app: &App, caller: &Caller) -> Result<()> {
    change(app, &caller.user.id, |factor, _| {
        factor.email = false;
        Ok(())
    })
}

/// Takes the app of a user away, who has lost it, and ends all their sessions.
pub fn reset(app: &App, caller: &Caller, user: &User) -> Result<()> {
    if !two_factor::is_on(app)? {
        let text = "Two factor authentication is not enabled";
        return Err(Error::refused("error-two-factor-not-enabled", text));
    }
    change(app, &user.id, |factor, batch| {
        remove_app(factor);
        Ok(batch.delete_tokens(&user.id, |_, _| true)?)
    })?;
    if user.id == caller.user.id { Ok(()) } else { account_mails::factor_removed(app, user) }
}

/// What a new account begins with, within the batch that makes it.
pub(super) fn opt_in(app: &App, batch: &mut Batch<'_>, user: &UserId) -> Result<()> {
    if settings::is_on(app, "Accounts_TwoFactorAuthentication_By_Email_Auto_Opt_In")? {
        batch.put(&(user.clone(),), &SecondFactor { email: true, ..SecondFactor::default() })?;
    }
    Ok(())
}

fn change(
    app: &App,
    user: &UserId,
    change: impl FnOnce(&mut SecondFactor, &mut Batch<'_>) -> Result<()>,
) -> Result<()> {
    app.store.write(|batch| {
        let key = (user.clone(),);
        let mut factor = batch.get::<SecondFactor>(&key)?.unwrap_or_default();
        change(&mut factor, batch)?;
        if factor == SecondFactor::default() {
            batch.delete::<SecondFactor>(&key);
            return Ok(());
        }
        Ok(batch.put(&key, &factor)?)
    })
}

fn remove_app(factor: &mut SecondFactor) {
    *factor = SecondFactor { email: factor.email, ..SecondFactor::default() };
}

/// Personal access tokens stay: programs have no second factor.
fn end_other_sessions(batch: &mut Batch<'_>, caller: &Caller) -> Result<()> {
    let ends = |hash: &[u8; 32], personal: bool| *hash != caller.token && !personal;
    Ok(batch.delete_tokens(&caller.user.id, |hash, token| ends(hash, token.personal.is_some()))?)
}

fn check_addresses(user: &User) -> Result<()> {
    if user.emails.iter().any(|email| !email.verified) {
        let text = "You need to verify your emails before setting up 2FA";
        return Err(Error::refused("error-invalid-user", text));
    }
    Ok(())
}

fn backup_codes(user: &UserId) -> (Vec<String>, Vec<[u8; 32]>) {
    let codes: Vec<String> = (0..BACKUP_CODES).map(|_| id::random_text(BACKUP_LENGTH)).collect();
    let hashes = codes.iter().map(|code| one_time_tokens::hash(user, code)).collect();
    (codes, hashes)
}

fn invalid() -> Error {
    Error::code("invalid-totp")
}
