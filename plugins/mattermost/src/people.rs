//! Everybody whom the messages name, gathered while they pass.
//!
//! This is what grows: with the distinct people, not with the messages.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use export_sdk::{Member, Message, Result};
use serde::Serialize;

use crate::name;
use crate::text::first;

/// The longest nickname.
const LONGEST: usize = 64;

/// People by login name.
#[derive(Default)]
pub(crate) struct People(BTreeMap<String, Person>);

#[derive(Default)]
struct Person {
    name: Option<String>,
    /// The numbers of the channels they are in, wrote in or gave a reaction in. Who was only
    /// mentioned must not get into a private channel.
    channels: BTreeSet<usize>,
}

impl People {
    /// Somebody is in the channel of that number.
    pub(crate) fn member(&mut self, channel: usize, member: &Member<'_>) {
        self.person(member.username, member.name).channels.insert(channel);
    }

    /// Everybody whom `message`, in the channel of that number, names.
    pub(crate) fn gather(&mut self, channel: usize, message: &Message<'_>) {
        self.person(message.author.username, message.author.name).channels.insert(channel);
        for mention in message.mentions() {
            if !matches!(&*mention.username, "all" | "here") {
                self.person(&mention.username, mention.name.as_deref());
            }
        }
        for reaction in &message.reactions {
            for (n, username) in reaction.usernames.iter().enumerate() {
                self.person(username, reaction.names.get(n).copied()).channels.insert(channel);
            }
        }
    }

    /// The first display name stays.
    fn person(&mut self, username: &str, name: Option<&str>) -> &mut Person {
        if !self.0.contains_key(username) {
            self.0.insert(username.to_owned(), Person::default());
        }
        let person = self.0.get_mut(username).expect("inserted before");
        if person.name.is_none() {
            person.name = name.filter(|name| !name.is_empty()).map(str::to_owned);
        }
        person
    }

    /// Writes a line for each.
    pub(crate) fn write(&self, file: &mut dyn Write, team: &str, names: &[String]) -> Result<()> {
        for (username, person) in &self.0 {
            let name = name::user(username);
            let channels = person.channels.iter().map(|number| &names[*number]);
            let channels: Vec<_> = channels.map(|name| Membership { name, roles: "channel_user" }).collect();
            let teams = [Team { name: team, roles: "team_user", channels: &channels }];
            let user = User {
                email: format!("{name}@roomscribe.invalid"),
                username: name,
                nickname: first(person.name.as_deref().unwrap_or(username), LONGEST).into_owned(),
                roles: "system_user",
                teams: if channels.is_empty() { &[] } else { &teams },
            };
            let mut line = serde_json::to_vec(&Line { kind: "user", user })?;
            line.push(b'\n');
            file.write_all(&line)?;
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    user: User<'a>,
}

#[derive(Serialize)]
struct User<'a> {
    username: String,
    /// Mattermost insists on one. Nothing can arrive at `.invalid`.
    email: String,
    nickname: String,
    roles: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    teams: &'a [Team<'a>],
}

#[derive(Serialize)]
struct Team<'a> {
    name: &'a str,
    roles: &'static str,
    channels: &'a [Membership<'a>],
}

#[derive(Serialize)]
struct Membership<'a> {
    name: &'a str,
    roles: &'static str,
}
