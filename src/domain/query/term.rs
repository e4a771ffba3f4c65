//! One condition of a query, as it is asked of a message and as it is printed.

use std::fmt;

use super::fold::is_same;
use super::subject::{Subject, holds_any};
use crate::domain::{Room, Time};

/// A condition. Its texts are in lower case, its times are exact, and `me` is somebody's name: it
/// means the same whoever reads it where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term {
    Text(String),
    From(String),
    Mentions(String),
    In(String),
    Has(Has),
    Reaction(String),
    Is(Is),
    /// Sent before this.
    Before(Time),
    /// Sent at this time or later.
    Since(Time),
}

impl Term {
    pub(super) fn matches(&self, subject: &Subject<'_>) -> bool {
        let message = subject.message;
        match self {
            Self::Text(part) => subject.text().contains(part.as_str()),
            Self::From(name) => {
                is_same(name, &message.author.username) || is_same(name, message.author.id.as_str())
            }
            Self::Mentions(name) => holds_any(&message.mentions) && subject.mentioned().contains(name),
            Self::In(name) => is_room(name, subject.room),
            Self::Has(has) => has.matches(subject),
            Self::Reaction(emoji) => message.reactions.iter().any(|given| is_same(emoji, &given.emoji)),
            Self::Is(is) => is.matches(subject),
            Self::Before(time) => message.sent_at < *time,
            Self::Since(time) => message.sent_at >= *time,
        }
    }
}

/// Whether a room goes by this name or id.
pub(super) fn is_room(name: &str, room: &Room) -> bool {
    room.name.as_deref().is_some_and(|known| is_same(name, known)) || is_same(name, room.id.as_str())
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(part) if is_plain(part) => f.write_str(part),
            Self::Text(part) => quoted(f, part),
            Self::From(name) => field(f, "from", name),
            Self::Mentions(name) => field(f, "mentions", name),
            Self::In(name) => field(f, "in", name),
            Self::Has(has) => write!(f, "has:{}", has.word()),
            Self::Reaction(emoji) => field(f, "has", emoji),
            Self::Is(is) => write!(f, "is:{}", is.word()),
            Self::Before(time) => write!(f, "before:{time}"),
            Self::Since(time) => write!(f, "after:{}", time.plus(-1)),
        }
    }
}

/// What ends a word that is not quoted.
pub(super) fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '|' | '"')
}

/// The letters before the colon, if the word reads `key:value`. `http://x` and `12:30` do not.
pub(super) fn key_of(word: &[char]) -> Option<&[char]> {
    let colon = word.iter().position(|c| !c.is_ascii_alphabetic()).filter(|at| word[*at] == ':')?;
    (colon > 0 && word.get(colon + 1) != Some(&'/')).then_some(&word[..colon])
}

/// Whether a text may stand without quotes and is not taken for anything else.
fn is_plain(text: &str) -> bool {
    let word: Vec<char> = text.chars().collect();
    !word.iter().any(|c| ends_word(*c)) && !text.starts_with('-') && text != "or" && key_of(&word).is_none()
}

fn field(f: &mut fmt::Formatter<'_>, key: &str, value: &str) -> fmt::Result {
    write!(f, "{key}:")?;
    if value.contains(ends_word) || value.starts_with('/') || value == "me" {
        return quoted(f, value);
    }
    f.write_str(value)
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "\"{}\"", text.replace('\\', r"\\").replace('"', r#"\""#))
}

/// What a message may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Has {
    File,
    Image,
    Video,
    Audio,
    Link,
    Reaction,
    Thread,
    Attachment,
    Mention,
    Pin,
}

impl Has {
    pub(super) const ALL: [Self; 10] = [
        Self::File,
        Self::Image,
        Self::Video,
        Self::Audio,
        Self::Link,
        Self::Reaction,
        Self::Thread,
        Self::Attachment,
        Self::Mention,
        Self::Pin,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Link => "link",
            Self::Reaction => "reaction",
            Self::Thread => "thread",
            Self::Attachment => "attachment",
            Self::Mention => "mention",
            Self::Pin => "pin",
        }
    }

    fn matches(self, subject: &Subject<'_>) -> bool {
        let of = |family: &str| subject.media_types().iter().any(|media| media.starts_with(family));
        match self {
            Self::File => of(""),
            Self::Image => of("image/"),
            Self::Video => of("video/"),
            Self::Audio => of("audio/"),
            Self::Link => subject.has_link(),
            Self::Reaction => !subject.message.reactions.is_empty(),
            Self::Thread => subject.begins_thread(),
            Self::Attachment => holds_any(&subject.message.attachments),
            Self::Mention => holds_any(&subject.message.mentions),
            Self::Pin => subject.message.pinned.is_some(),
        }
    }
}

/// What a message may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Is {
    Pinned,
    Edited,
    System,
    Thread,
    Reply,
}

impl Is {
    pub(super) const ALL: [Self; 5] = [Self::Pinned, Self::Edited, Self::System, Self::Thread, Self::Reply];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Edited => "edited",
            Self::System => "system",
            Self::Thread => "thread",
            Self::Reply => "reply",
        }
    }

    fn matches(self, subject: &Subject<'_>) -> bool {
        let message = subject.message;
        match self {
            Self::Pinned => message.pinned.is_some(),
            Self::Edited => message.edited.is_some(),
            Self::System => message.kind.as_deref().is_some_and(|kind| !kind.is_empty()),
            Self::Thread => subject.begins_thread(),
            Self::Reply => message.thread.is_some(),
        }
    }
}
