//! What can be searched of a message, and its features: numbers of which a message that is found has
//! all that the search needs.
//!
//! Features are stored in signatures. Whoever changes what a feature is must have all of them made
//! anew.

use serde_json::Value;

use super::query::fold;
use super::{Json, Message};

/// Something about a message that is not its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark<'a> {
    /// Written by the user of this id.
    Author(&'a str),
    /// Written by the user of this login name, in any case.
    AuthorName(&'a str),
    /// Mentions the user of this login name, in any case.
    Mention(&'a str),
    /// Starred by the user of this id.
    Star(&'a str),
    /// Pinned.
    Pin,
    /// Has a link.
    Link,
    /// Has a file.
    File,
}

impl Mark<'_> {
    /// The feature.
    pub fn feature(self) -> u64 {
        match self {
            Self::Author(id) => hash(1, id),
            Self::AuthorName(name) => hash(2, &fold(name)),
            Self::Mention(name) => hash(3, &fold(name)),
            Self::Star(id) => hash(4, id),
            Self::Pin => hash(5, ""),
            Self::Link => hash(6, ""),
            Self::File => hash(7, ""),
        }
    }
}

/// FNV-1a. Three characters fill 63 bits; the highest tells marks from them.
fn hash(kind: u8, text: &str) -> u64 {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = [kind].iter().chain(text.as_bytes()).fold(0xcbf2_9ce4_8422_2325, step);
    hash | 1 << 63
}

/// Calls `each` with every three characters that stand together in a text that was folded before.
pub fn trigrams(folded: &str, mut each: impl FnMut(u64)) {
    let mut last = [None; 2];
    for c in folded.chars() {
        let c = u64::from(u32::from(c));
        if let [Some(first), Some(second)] = last {
            each(first << 42 | second << 21 | c);
        }
        last = [last[1], Some(c)];
    }
}

/// Whether the message is one that is ever found: no empty place of a deleted one, nothing hidden.
pub fn is_findable(message: &Message) -> bool {
    let hidden = message.extra.as_str().contains("_hidden") && message.extra.value()["_hidden"] == true;
    !hidden && message.kind.as_deref() != Some("rm")
}

/// Calls `each` with the texts of a message: what was typed, its cards, the names of its files.
/// Quotes are found where they were said.
pub fn texts(message: &Message, mut each: impl FnMut(&str)) {
    let mut say = |value: &Value| {
        if let Some(text) = value.as_str().filter(|text| !text.is_empty()) {
            each(text);
        }
    };
    if has_items(&message.attachments) {
        let cards = message.attachments.value();
        let cards = cards.as_array().into_iter().flatten();
        for card in cards.filter(|card| card.get("message_link").is_none()) {
            for key in ["title", "pretext", "text", "description"] {
                say(&card[key]);
            }
            for field in card["fields"].as_array().into_iter().flatten() {
                say(&field["title"]);
                say(&field["value"]);
            }
        }
    }
    if !message.file.is_none() {
        say(&message.file.value()["name"]);
    }
    if has_items(&message.files) {
        for file in message.files.value().as_array().into_iter().flatten() {
            say(&file["name"]);
        }
    }
    if !message.text.is_empty() {
        each(&message.text);
    }
}

/// Whether a list is there and not empty.
pub fn has_items(list: &Json) -> bool {
    !matches!(list.as_str(), "" | "[]")
}

/// The login names that a message mentions, `all` and `here` among them.
pub fn mentioned(message: &Message) -> Vec<String> {
    if !has_items(&message.mentions) {
        return Vec::new();
    }
    let mentions = message.mentions.value();
    let names = mentions.as_array().into_iter().flatten().filter_map(|user| user["username"].as_str());
    names.map(ToOwned::to_owned).collect()
}

/// Adds the features of a message, some of them more than once.
pub fn features(message: &Message, found: &mut Vec<u64>) {
    if !is_findable(message) {
        return;
    }
    texts(message, |text| trigrams(&fold(text), |trigram| found.push(trigram)));
    found.push(Mark::Author(message.author.id.as_str()).feature());
    found.push(Mark::AuthorName(&message.author.username).feature());
    found.extend(mentioned(message).iter().map(|name| Mark::Mention(name).feature()));
    found.extend(message.starred.iter().map(|user| Mark::Star(user.as_str()).feature()));
    found.extend(message.pinned.is_some().then(|| Mark::Pin.feature()));
    found.extend(has_items(&message.urls).then(|| Mark::Link.feature()));
    found.extend(has_file(message).then(|| Mark::File.feature()));
}

/// Whether a file came with the message.
pub fn has_file(message: &Message) -> bool {
    !message.file.is_none() || has_items(&message.files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{MessageId, RoomId, Time, UserId, UserRef};

    fn message(text: &str) -> Message {
        let author = UserRef { id: UserId::new("b"), username: "Bob".to_owned(), name: None };
        Message::new(MessageId::new("m"), RoomId::new("r"), author, Time::from_millis(0), text)
    }

    fn all_texts(message: &Message) -> Vec<String> {
        let mut found = Vec::new();
        texts(message, |text| found.push(text.to_owned()));
        found
    }

    #[test]
    fn trigrams_are_counted_in_characters() {
        let count = |text: &str| {
            let mut count = 0;
            trigrams(text, |_| count += 1);
            count
        };
        assert_eq!([count(""), count("ab"), count("äöü"), count("abcd")], [0, 0, 1, 2]);
    }

    #[test]
    fn cards_and_files_have_texts_and_quotes_have_none() {
        let mut message = message("typed");
        message.attachments = Json::from_text(
            r#"[{"title":"T","text":"body","fields":[{"title":"f","value":"v"}]},{"message_link":"x","text":"q"}]"#,
        );
        message.files = Json::from_text(r#"[{"name":"plan.pdf"}]"#);
        assert_eq!(all_texts(&message), ["T", "body", "f", "v", "plan.pdf", "typed"]);
    }

    #[test]
    fn what_is_never_found_has_no_features() {
        let mut found = Vec::new();
        let mut hidden = message("text");
        hidden.extra = Json::from_text(r#"{"_hidden":true}"#);
        features(&hidden, &mut found);
        let mut deleted = message("text");
        deleted.kind = Some("rm".to_owned());
        features(&deleted, &mut found);
        assert!(found.is_empty());
        features(&message("text"), &mut found);
        assert!(found.contains(&Mark::AuthorName("BOB").feature()));
        assert!(!found.contains(&Mark::Pin.feature()));
    }
}
