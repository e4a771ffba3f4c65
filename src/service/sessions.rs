//! Login tokens: given out, recognised, taken back. Only their hashes are kept.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore;
use sha2::{Digest, Sha256};

use super::settings;
use crate::app::App;
use crate::domain::time::DAY;
use crate::domain::{LoginToken, Time, User, UserId};
use crate::error::Result;
use crate::store::Batch;

/// Sessions a user may have; the oldest makes room.
const MOST_SESSIONS: usize = 50;

/// The hash under which a token is kept.
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// A new token of 43 characters, random in 256 bits.
pub fn new_token() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Who shows this token, if it is valid and theirs.
pub fn recognise(app: &App, user_id: &str, token: &str) -> Result<Option<User>> {
    let Some(found) = app.store.token(&hash(token))? else { return Ok(None) };
    if found.user.as_str() != user_id || !is_alive(app, &found)? {
        return Ok(None);
    }
    Ok(app.store.user(&found.user)?.filter(|user| user.active))
}

/// Whether a token has not expired.
pub fn is_alive(app: &App, token: &LoginToken) -> Result<bool> {
    Ok(token.personal.is_some() || app.now() < expires(app, token.created)?)
}

/// When a session that began at `created` ends.
pub fn expires(app: &App, created: Time) -> Result<Time> {
    #[expect(clippy::cast_possible_truncation, reason = "a number of days")]
    let days = settings::number(app, "Accounts_LoginExpiration")?.clamp(0.0, 36_500.0) as i64;
    Ok(created.plus(days.max(1) * DAY))
}

/// Opens a session within `batch`: notes the login and answers the token, which is shown once.
pub fn open(app: &App, batch: &mut Batch<'_>, user: &mut User) -> Result<String> {
    let now = app.now();
    let token = new_token();
    let mut sessions: Vec<_> = app.store.tokens_of(&user.id)?;
    sessions.retain(|(_, token)| token.personal.is_none());
    sessions.sort_by_key(|(_, token)| token.created);
    let most = app.config.environment.most_sessions.unwrap_or(MOST_SESSIONS);
    let surplus = (sessions.len() + 1).saturating_sub(most);
    let oldest: Vec<_> = sessions.into_iter().take(surplus).map(|(hash, _)| hash).collect();
    batch.delete_tokens(&user.id, |hash, _| oldest.contains(hash))?;
    batch.put_token(hash(&token), &LoginToken { user: user.id.clone(), created: now, personal: None })?;
    user.last_login = Some(now);
    user.updated = now;
    batch.put_user(user)?;
    Ok(token)
}

/// Closes one session.
pub fn close(app: &App, user: &UserId, token: [u8; 32]) -> Result<()> {
    app.store.write(|batch| Ok(batch.delete_tokens(user, |hash, _| *hash == token)?))
}

/// Closes all sessions of a user but the one of this token. Personal access tokens stay.
pub fn close_others(app: &App, user: &UserId, token: [u8; 32]) -> Result<()> {
    app.store.write(|batch| {
        Ok(batch.delete_tokens(user, |hash, record| *hash != token && record.personal.is_none())?)
    })
}

/// Takes back all tokens of a user.
pub fn close_all(app: &App, user: &UserId) -> Result<()> {
    app.store.write(|batch| Ok(batch.delete_tokens(user, |_, _| true)?))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn the_hash_is_rocket_chats() {
        let hash = hash("RScctEHSmLGZGywfIhWyRpyofhKOiMoUIpimhvheU3f");
        assert_eq!(STANDARD.encode(hash), "mKvHbpuMqYlkjo15nA68sXqlJ4hvDUDKrQL+ffChrE8=");
    }

    #[test]
    fn a_token_has_43_characters() {
        assert_eq!(new_token().len(), 43);
    }
}
