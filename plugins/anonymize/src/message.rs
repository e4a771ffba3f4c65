//! Which parts of rooms and messages name people.

use std::borrow::Cow;

use export_sdk::{
    Member, Message, Result, Room, RoomKind, Scope, Texts, Transformer, Verdict, map_keys_and_strings,
    rename_reactions,
};

use crate::card::Cards;
use crate::fields::objects;
use crate::file::text;
use crate::options::{AnonymizeOptions, Files};
use crate::people::{EVERYBODY, People, Person};

/// System messages whose text is a login name.
const ABOUT_PEOPLE: [&str; 14] = [
    "uj",
    "ul",
    "ut",
    "au",
    "ru",
    "ujt",
    "ult",
    "wm",
    "user-muted",
    "user-unmuted",
    "subscription-role-added",
    "subscription-role-removed",
    "added-user-to-team",
    "removed-user-from-team",
];

/// The keys of rooms and links that formats look for, whoever may be called so.
const LINK_KEYS: [&str; 8] = ["_id", "name", "fname", "url", "meta", "headers", "parsedUrl", "ignoreParse"];

/// Gives pseudonyms in the rooms and messages of one export.
pub(crate) struct Anonymizer {
    pub(crate) people: People,
    pub(crate) files: Files,
}

impl Transformer for Anonymizer {
    fn wants_preview(&self) -> bool {
        true
    }

    fn preview_member(&mut self, member: &Member<'_>) {
        self.people.meet(member.id, member.username, member.name.unwrap_or_default());
    }

    fn preview(&mut self, message: &Message<'_>) {
        self.meet(message);
    }

    fn room<'a>(&mut self, room: &mut Room<'a>, _: &Scope<'_>, texts: &'a Texts) -> Result<()> {
        room.id = self.room_id(room.id, texts);
        for text in [&mut room.topic, &mut room.description, &mut room.announcement] {
            *text = self.scrubbed(text, texts);
        }
        room.name = room.name.map(|name| self.scrubbed(name, texts));
        room.title = if room.kind == RoomKind::Direct {
            // The names of its members.
            let names: Vec<String> = room.title.split(", ").map(|name| self.people.called(name)).collect();
            Cow::Owned(names.join(", "))
        } else {
            self.people.scrub(&room.title).map_or_else(|| room.title.clone(), Cow::Owned)
        };
        Ok(())
    }

    fn member<'a>(&mut self, member: &mut Member<'a>, texts: &'a Texts) -> Result<Verdict> {
        let person = self.people.meet(member.id, member.username, member.name.unwrap_or_default());
        member.id = self.login(person, member.id, texts);
        member.username = self.login(person, member.username, texts);
        member.name = member.name.map(|name| self.name(person, name, texts));
        Ok(Verdict::Keep)
    }

    fn message<'a>(&mut self, message: &mut Message<'a>, texts: &'a Texts) -> Result<Verdict> {
        self.meet(message);
        message.room = self.room_id(message.room, texts);
        message.text = self.text(message, texts);
        self.names(message, texts);
        let names = self.file_names(message);
        self.files(message, &names, texts)?;
        if let Some(cards) = message.attachments {
            let cards = serde_json::from_str(cards.get()).unwrap_or_default();
            let mut left = Cards { people: &mut self.people, names: &names, files: self.files };
            message.attachments = Some(texts.keep_json(&left.all(cards))?);
        }
        for links in [&mut message.channels, &mut message.urls].into_iter().flatten() {
            let rename = |key: &str| if LINK_KEYS.contains(&key) { None } else { self.people.scrub(key) };
            *links = map_keys_and_strings(links, texts, rename, |_, text| {
                names.link(text, &self.people).or_else(|| self.people.scrub(text))
            })?;
        }
        self.mentions(message, texts)?;
        self.extra(message, texts)?;
        Ok(Verdict::Keep)
    }
}

impl Anonymizer {
    pub(crate) fn new(options: &AnonymizeOptions) -> Self {
        Self { people: People::new(&options.keep), files: options.files }
    }

    /// Everybody whom the message names.
    fn meet(&mut self, message: &Message<'_>) {
        let people = &mut self.people;
        let author = message.author;
        people.meet(author.id, author.username, author.name.unwrap_or_default());
        for mention in objects(message.mentions) {
            if EVERYBODY.contains(&text(&mention, "_id")) {
                continue;
            }
            people.meet(text(&mention, "_id"), text(&mention, "username"), text(&mention, "name"));
        }
        for reaction in &message.reactions {
            for (n, login) in reaction.usernames.iter().enumerate() {
                people.meet("", login, reaction.names.get(n).copied().unwrap_or_default());
            }
        }
        let edited = message.edited.map(|edited| (edited.by_id, edited.by_username));
        let pinned = message.pinned.and_then(|pinned| pinned.by);
        for (id, login) in edited.into_iter().chain(pinned) {
            people.meet(id, login, "");
        }
        let followers = message.replies.iter().flat_map(|replies| &replies.followers);
        for id in followers.chain(&message.starred).filter(|id| !id.is_empty()) {
            people.meet(id, "", "");
        }
        if message.kind.is_some_and(|kind| ABOUT_PEOPLE.contains(&kind)) && !message.text.trim().is_empty() {
            people.meet("", message.text.trim(), "");
        }
        if let Some(alias) = message.alias() {
            people.call(&alias);
        }
        for card in message.attachments() {
            card.author_name.map(|name| people.call(&name));
        }
    }

    fn text<'a>(&mut self, message: &Message<'a>, texts: &'a Texts) -> &'a str {
        if message.kind.is_some_and(|kind| ABOUT_PEOPLE.contains(&kind)) && !message.text.trim().is_empty() {
            let person = self.people.meet("", message.text.trim(), "");
            return self.login(person, message.text, texts);
        }
        self.scrubbed(message.text, texts)
    }

    /// Where a field names somebody and nothing else.
    fn names<'a>(&mut self, message: &mut Message<'a>, texts: &'a Texts) {
        let author = &mut message.author;
        let person = self.people.meet(author.id, author.username, author.name.unwrap_or_default());
        author.id = self.login(person, author.id, texts);
        author.username = self.login(person, author.username, texts);
        author.name = author.name.map(|name| self.name(person, name, texts));
        if let Some(edited) = &mut message.edited {
            let person = self.people.meet(edited.by_id, edited.by_username, "");
            edited.by_id = self.login(person, edited.by_id, texts);
            edited.by_username = self.login(person, edited.by_username, texts);
        }
        if let Some((id, login)) = message.pinned.as_mut().and_then(|pinned| pinned.by.as_mut()) {
            let person = self.people.meet(id, login, "");
            (*id, *login) = (self.login(person, id, texts), self.login(person, login, texts));
        }
        for reaction in &mut message.reactions {
            for (n, login) in reaction.usernames.iter_mut().enumerate() {
                let name = reaction.names.get_mut(n);
                let person = self.people.meet("", login, name.as_deref().copied().unwrap_or_default());
                *login = self.login(person, login, texts);
                if let Some(name) = name {
                    *name = self.name(person, name, texts);
                }
            }
            reaction.names.truncate(reaction.usernames.len());
        }
        rename_reactions(&mut message.reactions, texts, |emoji| self.people.emoji(emoji));
        let followers = message.replies.iter_mut().flat_map(|replies| &mut replies.followers);
        for id in followers.chain(&mut message.starred) {
            let person = self.people.meet(id, "", "");
            *id = self.login(person, id, texts);
        }
    }

    fn room_id<'a>(&self, id: &'a str, texts: &'a Texts) -> &'a str {
        self.people.direct(id).map_or(id, |id| texts.keep(id))
    }

    fn scrubbed<'a>(&self, text: &'a str, texts: &'a Texts) -> &'a str {
        self.people.scrub(text).map_or(text, |text| texts.keep(text))
    }

    fn login<'a>(&self, person: Person, login: &'a str, texts: &'a Texts) -> &'a str {
        let stays = login.is_empty() || self.people.keeps(person);
        if stays { login } else { texts.keep(self.people.login(person)) }
    }

    fn name<'a>(&self, person: Person, name: &'a str, texts: &'a Texts) -> &'a str {
        let stays = name.is_empty() || self.people.keeps(person);
        if stays { name } else { texts.keep(self.people.name(person)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use export_sdk::{Author, Timestamp};

    #[test]
    fn memory_grows_with_people_and_not_with_messages() {
        let mut anonymizer = Anonymizer::new(&AnonymizeOptions::default());
        for n in 0..2000 {
            let (id, text) = (format!("u{}", n % 3), format!("{n} @nobody{n} nobody-{n}"));
            let author = Author { id: &id, username: "", name: None };
            let mut message = Message::new("m", "r", author, Timestamp::default(), &text);
            message.starred = vec![""];
            let texts = Texts::new();
            assert_eq!(anonymizer.message(&mut message, &texts).unwrap(), Verdict::Keep);
        }
        assert_eq!(anonymizer.people.count(), 4, "three people, and nobody");
    }
}
