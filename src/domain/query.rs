//! The language in which people choose messages, for exports and for searching.
//!
//! Terms side by side must all match. `OR`, `or` or `|` between them lets either match and binds
//! less closely; `-` right before a term, or `NOT`, excludes it; parentheses group. `AND` may be
//! written, too. The case of letters never matters, but for `AND` and `NOT`.
//!
//! | Term | Finds messages |
//! | --- | --- |
//! | `release` | whose text contains this anywhere, inside of words, too: `lease` finds `released` |
//! | `"next release"` | whose text contains this; inside of quotes `\"` is a quote and `\\` a backslash |
//! | `from:alice`, `from:@alice`, `from:me` | written by this user: login name, user id, or yourself |
//! | `mentions:bob`, `mentions:me` | that mention this user: `all` and `here` are possible, too |
//! | `in:general`, `in:#general` | in this room: name or room id |
//! | `has:file` | with a file; `has:image`, `has:video`, `has:audio`: with a file of this kind |
//! | `has:link` | with a link |
//! | `has:reaction`, `has::smile:` | with any reaction, or with this one |
//! | `has:attachment` | with a card: a quote, a preview of a file, what a program attached |
//! | `has:mention` | that mention somebody |
//! | `has:pin`, `is:pinned` | that are pinned |
//! | `has:thread`, `is:thread` | that began a thread; `is:reply`: that were written in one |
//! | `is:edited` | that were edited |
//! | `is:system` | that the server noted down: somebody joined, the topic changed |
//! | `before:2024-03-31` | sent before this day began |
//! | `after:2024-03-31` | sent after this day ended |
//! | `on:2024-03-31`, `on:2024-03`, `on:2024` | sent on this day, in this month, in this year |
//!
//! `before:` and `after:` take a month, a year, a local time (`2024-03-31T14:30`) and a time with
//! its offset (`2024-03-31T14:30:00+02:00`), too. Days begin and end in the time zone of the request.
//! Values with spaces stand in quotes: `from:"j doe"`; the user who is called `me` is `from:"me"`.
//! What reads like a key but is none is refused, so quote it: `"TODO: test"`. Links and times of day
//! need no quotes. A query has at most 2,000 characters and 200 terms, nested 32 times at most.

mod error;
mod field;
mod fold;
pub mod instant;
mod node;
mod parser;
mod subject;
mod term;
#[cfg(test)]
mod tests;
mod token;

use std::fmt;

use jiff::tz::TimeZone;

pub use error::QueryError;
pub(crate) use fold::fold;
pub use instant::{Bound, instant};

use super::{Message, Room, Time};
use field::Asker;
use node::Node;
use parser::Parser;
use subject::Subject;

/// The most characters of a query.
pub const MOST_CHARACTERS: usize = 2_000;
/// The most terms of a query.
pub const MOST_TERMS: usize = 200;
/// How often parentheses may stand within each other.
pub const MOST_NESTED: usize = 32;

/// Which messages are wanted. The default one wants all.
///
/// Printed, it means the same to everybody: times are exact, `me` is a name. So what is printed can
/// be kept and read again with any time zone, by anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    root: Node,
}

impl Query {
    /// Reads what a person typed. Days are those of `zone`; `me` is the person's login name, empty
    /// if there is none.
    pub fn parse(text: &str, zone: &TimeZone, me: &str) -> Result<Self, QueryError> {
        let text = text.trim_end();
        if text.chars().nth(MOST_CHARACTERS).is_some() {
            let text = format!("A query has at most {MOST_CHARACTERS} characters. Shorten it.");
            return Err(QueryError::new(MOST_CHARACTERS, text));
        }
        let chars: Vec<char> = text.chars().collect();
        let tokens = token::tokens(&chars)?;
        let root = Parser::new(tokens, chars.len(), Asker { zone, me }).parse()?;
        let query = Self { root };
        // Whatever is accepted can be read again.
        if query.to_string().chars().nth(MOST_CHARACTERS).is_some() {
            let text = format!(
                "With its times written out, this query has more than {MOST_CHARACTERS} characters. \
                 Shorten it."
            );
            return Err(QueryError::new(0, text));
        }
        Ok(query)
    }

    /// Whether it asks for nothing, and so finds everything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this message of this room is wanted.
    pub fn matches(&self, message: &Message, room: &Room) -> bool {
        self.root.matches(&Subject::new(message, room))
    }

    /// Bounds that every match lies within: the first instant and the one after the last, so that a
    /// walk can start and end there. Without bound where `None`. If the start is not before the end,
    /// nothing matches.
    pub fn window(&self) -> (Option<Time>, Option<Time>) {
        self.root.window()
    }

    /// Whether any message of this room can match, so that the others can be left unread.
    pub fn may_match_room(&self, room: &Room) -> bool {
        self.root.in_room(room).0
    }
}

impl Default for Query {
    fn default() -> Self {
        Self { root: Node::all(Vec::new()) }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}
