//! Commands that say something.

use super::Call;
use crate::domain::RoomId;
use crate::error::{Error, Result};
use crate::service::direct;
use crate::service::sending::{Draft, send};

fn say(call: &Call<'_>, room: &RoomId, text: &str) -> Result<Option<String>> {
    let thread = call.thread.clone().filter(|_| *room == call.room.id);
    let draft = Draft { text: text.trim().to_owned(), thread, ..Draft::default() };
    send(call.app, &call.caller.user, Some(room), draft)?;
    Ok(None)
}

fn say_here(call: &Call<'_>, text: &str) -> Result<Option<String>> {
    say(call, &call.room.id, text)
}

pub(super) fn gimme(call: &Call<'_>) -> Result<Option<String>> {
    say_here(call, &format!("༼ つ ◕_◕ ༽つ {}", call.params))
}

pub(super) fn lennyface(call: &Call<'_>) -> Result<Option<String>> {
    say_here(call, &format!("{} ( ͡° ͜ʖ ͡°)", call.params))
}

pub(super) fn shrug(call: &Call<'_>) -> Result<Option<String>> {
    say_here(call, &format!("{} ¯\\\\_(ツ)_/¯", call.params))
}

pub(super) fn tableflip(call: &Call<'_>) -> Result<Option<String>> {
    say_here(call, &format!("{} (╯°□°）╯︵ ┻━┻", call.params))
}

pub(super) fn unflip(call: &Call<'_>) -> Result<Option<String>> {
    say_here(call, &format!("{} ┬─┬ ノ( ゜-゜ノ)", call.params))
}

/// Says it as something that is done. Nothing done is nothing said.
pub(super) fn me(call: &Call<'_>) -> Result<Option<String>> {
    let text = call.params.trim();
    if text.is_empty() { Ok(None) } else { say_here(call, &format!("_{text}_")) }
}

pub(super) fn msg(call: &Call<'_>) -> Result<Option<String>> {
    let (word, text) = call.params.trim().split_once(char::is_whitespace).unwrap_or_default();
    if text.trim().is_empty() {
        return Err(Error::plain("Write whom you mean, and your message: /msg @user your message"));
    }
    let room = direct::open(call.app, call.caller, &call.user(word)?)?;
    say(call, &room.id, text)
}
