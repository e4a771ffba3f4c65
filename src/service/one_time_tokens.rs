//! What is mailed to people to be sent back once: links that show who they are, and short codes.
//!
//! A user has one of each purpose; a new one takes the place of the old. The server keeps hashes only.

use rand::Rng;

use super::sessions;
use crate::app::App;
use crate::domain::{OneTimeToken, Time, User, UserId};
use crate::error::Result;
use crate::store::Batch;

/// Nobody is mailed the same kind of thing twice within this time.
const PAUSE: i64 = 60_000;
/// Codes are so many: one million.
const CODES: u32 = 1_000_000;

/// What it is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To choose a new password.
    Password,
    /// To show that an address is one's own.
    Address,
    /// To be typed in as the second factor.
    Factor,
}

impl Purpose {
    const ALL: [Self; 3] = [Self::Password, Self::Address, Self::Factor];

    fn key(self, user: &UserId) -> (UserId, String) {
        let word = match self {
            Self::Password => "password",
            Self::Address => "address",
            Self::Factor => "factor",
        };
        (user.clone(), word.to_owned())
    }
}

/// Makes the last part of a link to be sent to an address. `None`: one was made a moment ago.
pub fn make_link(
    app: &App,
    user: &User,
    purpose: Purpose,
    address: &str,
    lifetime: i64,
) -> Result<Option<String>> {
    let secret = sessions::new_token();
    let made = keep(app, user, purpose, address, lifetime, &secret)?;
    Ok(made.then(|| format!("{}.{secret}", user.id)))
}

/// Makes a code to be sent to an address. `None`: one was made a moment ago.
pub fn make_code(app: &App, user: &User, address: &str, lifetime: i64) -> Result<Option<String>> {
    let code = format!("{:06}", rand::rng().random_range(0..CODES));
    let made = keep(app, user, Purpose::Factor, address, lifetime, &code)?;
    Ok(made.then_some(code))
}

fn keep(
    app: &App,
    user: &User,
    purpose: Purpose,
    address: &str,
    lifetime: i64,
    secret: &str,
) -> Result<bool> {
    let now = app.now();
    app.store.write(|batch| {
        let key = purpose.key(&user.id);
        if batch.get::<OneTimeToken>(&key)?.is_some_and(|token| now < token.made.plus(PAUSE)) {
            return Ok(false);
        }
        let (hash, address) = (hash(&user.id, secret), address.to_owned());
        batch.put(&key, &OneTimeToken { hash, address, made: now, expires: now.plus(lifetime) })?;
        Ok(true)
    })
}

/// What was mailed to a user for a purpose and still waits to be sent back.
pub fn waiting(app: &App, user: &User, purpose: Purpose) -> Result<Option<OneTimeToken>> {
    let token = app.store.get::<OneTimeToken>(&purpose.key(&user.id))?;
    Ok(token.filter(|token| is_good(token, user, app.now())))
}

/// Whose link this is, if it is still good. It stays so.
pub fn holder(app: &App, purpose: Purpose, link: &str) -> Result<Option<User>> {
    let Some((id, secret)) = link.rsplit_once('.') else { return Ok(None) };
    let Some(user) = app.store.user(&UserId::new(id))?.filter(|user| user.active) else { return Ok(None) };
    let token = waiting(app, &user, purpose)?;
    Ok(token.filter(|token| token.hash == hash(&user.id, secret)).map(|_| user))
}

/// Uses a link or code up, within the batch that does what it is good for. `None`: it is no good.
pub fn take(
    batch: &mut Batch<'_>,
    user: &User,
    purpose: Purpose,
    given: &str,
    now: Time,
) -> Result<Option<OneTimeToken>> {
    let secret = match purpose {
        Purpose::Password | Purpose::Address => given.rsplit_once('.').map_or(given, |(_, secret)| secret),
        Purpose::Factor => given,
    };
    let key = purpose.key(&user.id);
    let token = batch.get::<OneTimeToken>(&key)?;
    let token = token.filter(|token| is_good(token, user, now) && token.hash == hash(&user.id, secret));
    if token.is_some() {
        batch.delete::<OneTimeToken>(&key);
    }
    Ok(token)
}

/// Makes everything worthless that was mailed to a user.
pub fn forget_all(batch: &mut Batch<'_>, user: &UserId) {
    for purpose in Purpose::ALL {
        batch.delete::<OneTimeToken>(&purpose.key(user));
    }
}

/// The hash of a secret of a user, short ones included: it is worth nothing for others.
pub(super) fn hash(user: &UserId, secret: &str) -> [u8; 32] {
    sessions::hash(&format!("{user} {secret}"))
}

fn is_good(token: &OneTimeToken, user: &User, now: Time) -> bool {
    now < token.expires && user.emails.iter().any(|email| email.address == token.address)
}
