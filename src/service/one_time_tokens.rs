//! What is mailed to people to be sent back once: links that show who they are, and short codes.
//!
//! Links are good until they end, or one for the same purpose is used: whoever asks for another one,
//! and may be a stranger, takes none away. Of codes, which can be guessed, only the last is good. The
//! server keeps hashes only.

use rand::Rng;

use super::sessions;
use crate::app::App;
use crate::domain::{OneTimeToken, Time, User, UserId};
use crate::error::Result;
use crate::store::{Batch, Store};

/// Nobody is mailed the same kind of thing twice within this time.
const PAUSE: i64 = 60_000;
/// A user has no more links for a purpose than can be asked for within an hour.
const MOST_LINKS: usize = 60;
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
    fn word(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Address => "address",
            Self::Factor => "factor",
        }
    }

    /// How many of a user are good at the same time.
    fn most(self) -> usize {
        match self {
            Self::Password | Self::Address => MOST_LINKS,
            Self::Factor => 1,
        }
    }

    /// Where one is kept that was made at a time: no two are, for there is a pause between them.
    fn key(self, user: &UserId, made: Time) -> Key {
        (user.clone(), format!("{} {}", self.word(), made.millis()))
    }

    /// All of a user.
    fn of(self, store: &Store, user: &UserId) -> Result<Vec<(Key, OneTimeToken)>> {
        let mut kept = store.one_time_tokens_of(user)?;
        kept.retain(|((_, name), _)| name.split(' ').next() == Some(self.word()));
        Ok(kept)
    }
}

type Key = (UserId, String);

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
        let mut kept = purpose.of(batch.store(), &user.id)?;
        if kept.iter().any(|(_, token)| now < token.made.plus(PAUSE)) {
            return Ok(false);
        }
        // What nobody can use any more goes; so do, where there are many, those that end first.
        kept.sort_by_key(|(_, token)| is_good(token, user, now).then_some(token.expires));
        let living = kept.iter().filter(|(_, token)| is_good(token, user, now)).count();
        let stay = living.min(purpose.most() - 1);
        for (key, _) in kept.iter().take(kept.len() - stay) {
            batch.delete::<OneTimeToken>(key);
        }
        let (hash, address) = (hash(&user.id, secret), address.to_owned());
        batch.put(
            &purpose.key(&user.id, now),
            &OneTimeToken { hash, address, made: now, expires: now.plus(lifetime) },
        )?;
        Ok(true)
    })
}

/// A code that was mailed to a user and still waits to be typed in.
pub fn waiting_code(app: &App, user: &User) -> Result<Option<OneTimeToken>> {
    let mut codes = Purpose::Factor.of(&app.store, &user.id)?.into_iter().map(|(_, token)| token);
    Ok(codes.find(|token| is_good(token, user, app.now())))
}

/// Whose link this is, if it is still good. It stays so.
pub fn holder(app: &App, purpose: Purpose, link: &str) -> Result<Option<User>> {
    let Some((id, secret)) = link.rsplit_once('.') else { return Ok(None) };
    let Some(user) = app.store.user(&UserId::new(id))?.filter(|user| user.active) else { return Ok(None) };
    let token = find(&app.store, &user, purpose, secret, app.now())?;
    Ok(token.map(|_| user))
}

fn find(
    store: &Store,
    user: &User,
    purpose: Purpose,
    secret: &str,
    now: Time,
) -> Result<Option<OneTimeToken>> {
    let hash = hash(&user.id, secret);
    let mut kept = purpose.of(store, &user.id)?.into_iter().map(|(_, token)| token);
    Ok(kept.find(|token| token.hash == hash && is_good(token, user, now)))
}

/// Uses a link or code up with all others for the same purpose, within the batch that does what it is
/// good for. `None`: it is no good.
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
    let token = find(batch.store(), user, purpose, secret, now)?;
    if token.is_some() {
        for (key, _) in purpose.of(batch.store(), &user.id)? {
            batch.delete::<OneTimeToken>(&key);
        }
    }
    Ok(token)
}

/// Makes everything worthless that was mailed to a user.
pub fn forget_all(batch: &mut Batch<'_>, user: &UserId) -> Result<()> {
    for (key, _) in batch.store().one_time_tokens_of(user)? {
        batch.delete::<OneTimeToken>(&key);
    }
    Ok(())
}

/// The hash of a secret of a user, short ones included: it is worth nothing for others.
pub(super) fn hash(user: &UserId, secret: &str) -> [u8; 32] {
    sessions::hash(&format!("{user} {secret}"))
}

fn is_good(token: &OneTimeToken, user: &User, now: Time) -> bool {
    now < token.expires && user.emails.iter().any(|email| email.address == token.address)
}
