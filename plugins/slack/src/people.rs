//! Everybody whom the messages name, gathered while they pass: `users.json` is written last.
//!
//! This is what grows: with the distinct people, not with the messages.

use std::collections::BTreeMap;
use std::io::Write;

use export_sdk::Result;
use serde::Serialize;

use crate::id;

/// The workspace that people belong to; its id has no meaning beyond the export.
pub(crate) const TEAM: &str = "TROOMSCRIBE";

/// People by login name.
#[derive(Default)]
pub(crate) struct People(BTreeMap<String, Option<String>>);

impl People {
    /// Somebody is in a room, wrote, was mentioned or gave a reaction. The first display name stays.
    pub(crate) fn named(&mut self, username: &str, name: Option<&str>) {
        if !self.0.contains_key(username) {
            self.0.insert(username.to_owned(), None);
        }
        let known = self.0.get_mut(username).expect("inserted before");
        if known.is_none() {
            *known = name.filter(|name| !name.is_empty()).map(str::to_owned);
        }
    }

    /// Writes `users.json`.
    pub(crate) fn write(&self, file: &mut dyn Write) -> Result<()> {
        file.write_all(b"[")?;
        for (n, (username, name)) in self.0.iter().enumerate() {
            file.write_all(if n == 0 { b"\n" } else { b",\n" })?;
            let shown = name.as_deref().unwrap_or(username);
            let user = User {
                id: id::user(username),
                team_id: TEAM,
                name: username,
                deleted: false,
                real_name: shown,
                is_bot: false,
                profile: Profile { real_name: shown, display_name: shown, team: TEAM },
            };
            file.write_all(&serde_json::to_vec(&user)?)?;
        }
        Ok(file.write_all(b"\n]\n")?)
    }
}

#[derive(Serialize)]
struct User<'a> {
    id: String,
    team_id: &'static str,
    name: &'a str,
    deleted: bool,
    real_name: &'a str,
    is_bot: bool,
    profile: Profile<'a>,
}

#[derive(Serialize)]
struct Profile<'a> {
    real_name: &'a str,
    display_name: &'a str,
    team: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_listed_once_by_the_first_name() {
        let mut people = People::default();
        people.named("bob", None);
        people.named("al", Some(""));
        people.named("bob", Some("Bob"));
        people.named("bob", Some("Robert"));
        let mut file = Vec::new();
        people.write(&mut file).unwrap();
        let users: serde_json::Value = serde_json::from_slice(&file).unwrap();
        assert_eq!(
            (users[0]["real_name"].as_str(), users[1]["real_name"].as_str()),
            (Some("al"), Some("Bob"))
        );
        assert_eq!(users.as_array().map(Vec::len), Some(2));
    }
}
