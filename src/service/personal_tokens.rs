//! Personal access tokens: they have a name, do not expire, and are shown once.

use super::access;
use super::caller::Caller;
use super::sessions;
use crate::app::App;
use crate::domain::LoginToken;
use crate::domain::user::PersonalToken;
use crate::error::{Error, Result};
use crate::store::Batch;

/// Personal tokens a user may have: all tokens of a user are looked at together.
const MOST_TOKENS: usize = 100;

/// Makes a token and answers it in the clear.
pub fn generate(app: &App, caller: &Caller, name: &str, bypass_two_factor: bool) -> Result<String> {
    require(app, caller)?;
    app.store.write(|batch| {
        if find(app, caller, name)?.is_some() {
            return Err(Error::refused(
                "error-token-already-exists",
                "A token with this name already exists",
            ));
        }
        if list(app, caller)?.len() >= MOST_TOKENS {
            return Err(Error::refused(
                "error-too-many-tokens",
                "Remove a token that is no longer needed first",
            ));
        }
        put(app, batch, caller, name, bypass_two_factor)
    })
}

/// Replaces a token by a new one of the same name and answers it in the clear.
pub fn regenerate(app: &App, caller: &Caller, name: &str) -> Result<String> {
    require(app, caller)?;
    app.store.write(|batch| {
        let (old, token) = find(app, caller, name)?.ok_or_else(unknown)?;
        batch.delete_tokens(&caller.user.id, |hash, _| *hash == old)?;
        put(app, batch, caller, name, token.bypass_two_factor)
    })
}

/// Takes a token back.
pub fn remove(app: &App, caller: &Caller, name: &str) -> Result<()> {
    require(app, caller)?;
    app.store.write(|batch| {
        let (old, _) = find(app, caller, name)?.ok_or_else(unknown)?;
        Ok(batch.delete_tokens(&caller.user.id, |hash, _| *hash == old)?)
    })
}

/// The caller's tokens, the oldest first.
pub fn list(app: &App, caller: &Caller) -> Result<Vec<LoginToken>> {
    require(app, caller)?;
    let mut tokens: Vec<LoginToken> =
        app.store.tokens_of(&caller.user.id)?.into_iter().map(|(_, token)| token).collect();
    tokens.retain(|token| token.personal.is_some());
    tokens.sort_by_key(|token| token.created);
    Ok(tokens)
}

/// Not in the endpoints' rows, for this refusal has its own code.
fn require(app: &App, caller: &Caller) -> Result<()> {
    if access::holds(app, &caller.user, "create-personal-access-tokens")? {
        return Ok(());
    }
    Err(Error::refused("not-authorized", "Not Authorized"))
}

fn find(app: &App, caller: &Caller, name: &str) -> Result<Option<([u8; 32], PersonalToken)>> {
    let tokens = app.store.tokens_of(&caller.user.id)?.into_iter();
    let mut personal = tokens.filter_map(|(hash, token)| Some((hash, token.personal?)));
    Ok(personal.find(|(_, token)| token.name == name))
}

fn put(
    app: &App,
    batch: &mut Batch<'_>,
    caller: &Caller,
    name: &str,
    bypass_two_factor: bool,
) -> Result<String> {
    let token = sessions::new_token();
    let last_part = token[token.len() - 6..].to_owned();
    let personal = Some(PersonalToken { name: name.to_owned(), last_part, bypass_two_factor });
    let record = LoginToken { user: caller.user.id.clone(), created: app.now(), personal };
    batch.put_token(sessions::hash(&token), &record)?;
    Ok(token)
}

fn unknown() -> Error {
    Error::refused("error-token-does-not-exists", "Token does not exist")
}
