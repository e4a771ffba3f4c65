//! Offering people and login names to somebody who types.

use std::collections::HashSet;
use std::ops::ControlFlow;

use super::account_names as names;
use super::caller::Caller;
use super::{access, users};
use crate::app::App;
use crate::domain::{RoomId, RoomKind, User};
use crate::error::{Error, Result};

/// So many people are offered.
const MOST: usize = 10;

/// Active people whose login or display name has `term` in it, by login name: those the caller talks
/// to in private first, then others. Who may not look outside of their rooms finds whom they share
/// one with.
pub fn find(
    app: &App,
    caller: &Caller,
    term: &str,
    exceptions: &[String],
    wanted: impl Fn(&User) -> bool,
) -> Result<Vec<User>> {
    let term = term.to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&term);
    let fits = |user: &User| {
        user.active
            && !exceptions.contains(&user.username)
            && (has(&user.username) || user.name.as_deref().is_some_and(has))
            && wanted(user)
    };
    let mut rooms = HashSet::new();
    let mut found: Vec<User> = Vec::new();
    app.store.memberships::<Error>(&caller.user.id, |own| {
        let room = app.store.room(&own.room)?;
        for member in room.iter().filter(|room| room.kind == RoomKind::Direct).flat_map(|room| &room.direct) {
            let known = member.id == caller.user.id || found.iter().any(|known| known.id == member.id);
            if !known {
                found.extend(app.store.user(&member.id)?.filter(&fits));
            }
        }
        rooms.insert(own.room);
        Ok(ControlFlow::Continue(()))
    })?;
    found.sort_by_cached_key(|user| user.username.to_lowercase());
    found.truncate(MOST);
    if found.len() < MOST {
        let outside = access::holds(app, &caller.user, "view-outside-room")?;
        users::each_by_name_until(app, |user| {
            let known = found.iter().any(|known| known.id == user.id);
            let near = || -> Result<bool> {
                Ok(outside || (user.id != caller.user.id && shares(app, &user, &rooms)?))
            };
            if !known && fits(&user) && near()? {
                found.push(user);
            }
            Ok(if found.len() < MOST { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
    }
    Ok(found)
}

/// Whether somebody is in one of these rooms.
fn shares(app: &App, user: &User, rooms: &HashSet<RoomId>) -> Result<bool> {
    let mut shared = false;
    app.store.memberships::<Error>(&user.id, |other| {
        shared = rooms.contains(&other.room);
        Ok(if shared { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(shared)
}

/// A login name that is nobody's, made from somebody's name or address.
pub fn suggest_username(app: &App, user: &User) -> Result<String> {
    let mut wishes = Vec::new();
    if let Some(name) = &user.name {
        wishes.push(dotted(name));
        let words: Vec<&str> = name.split_whitespace().collect();
        if let [first, .., last] = words.as_slice() {
            let initial = |word: &str| word.chars().take(1).collect::<String>();
            wishes.push(dotted(&format!("{}{last}", initial(first))));
            wishes.push(dotted(&format!("{first}{}", initial(last))));
        }
    }
    let verified = user.emails.iter().filter(|email| email.verified);
    wishes.extend(verified.filter_map(|email| email.address.split_once('@')).map(|(local, _)| dotted(local)));
    wishes.retain(|wish| names::fits_pattern(app, wish).unwrap_or(false));
    for wish in &wishes {
        if names::is_free(app, wish)? {
            return Ok(wish.clone());
        }
    }
    let base = wishes.into_iter().next().unwrap_or_else(|| "user".to_owned());
    let mut number = 1_u64;
    loop {
        let wish = format!("{base}-{number}");
        if names::is_free(app, &wish)? {
            return Ok(wish);
        }
        number += 1;
    }
}

/// `Bob von Smith!` is `bob.von.smith`.
fn dotted(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_');
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_login_names() {
        assert_eq!(dotted("Bob von Smith!"), "bob.von.smith");
        assert_eq!(dotted(" Zoë "), "zoë");
        assert_eq!(dotted("a.b-c_d"), "a.b-c_d");
        assert_eq!(dotted("!?"), "");
    }
}
