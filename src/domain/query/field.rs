//! What `key:value` asks for.

use jiff::tz::TimeZone;

use super::error::{Excerpt, QueryError};
use super::fold::fold;
use super::instant::Moment;
use super::node::Node;
use super::term::{Has, Is, Term};
use super::token::Field;

/// What people may write before a colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    From,
    Mentions,
    In,
    Has,
    Is,
    Before,
    After,
    On,
}

impl Key {
    const ALL: [Self; 8] =
        [Self::From, Self::Mentions, Self::In, Self::Has, Self::Is, Self::Before, Self::After, Self::On];

    fn word(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::Mentions => "mentions",
            Self::In => "in",
            Self::Has => "has",
            Self::Is => "is",
            Self::Before => "before",
            Self::After => "after",
            Self::On => "on",
        }
    }
}

/// Who asks, and where the clock stands.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) zone: &'a TimeZone,
    pub(super) me: &'a str,
}

impl Asker<'_> {
    /// The condition of a field that stands at this place.
    pub(super) fn ask(self, at: usize, field: &Field) -> Result<Node, QueryError> {
        let key = field.key.to_ascii_lowercase();
        let Some(key) = Key::ALL.into_iter().find(|known| known.word() == key) else {
            let known = Key::ALL.map(|key| format!("{}:", key.word())).join(", ");
            let (key, value) = (Excerpt(&field.key), Excerpt(&field.value));
            let text = format!(
                "There is no key {key}:. Known are {known}. To look for the words themselves, put them \
                 in quotes: \"{key}:{value}\"."
            );
            return Err(QueryError::new(at, text));
        };
        let term = match key {
            Key::From => Term::From(self.person(at, key, field)?),
            Key::Mentions => Term::Mentions(self.person(at, key, field)?),
            Key::In => Term::In(name(at, key, field, '#')?),
            Key::Has => has(at, field)?,
            Key::Is => is(at, field)?,
            Key::Before => Term::Before(self.moment(at, key, field)?.start),
            Key::After => Term::Since(self.moment(at, key, field)?.end),
            Key::On => {
                let moment = self.moment(at, key, field)?;
                let bounds = [Term::Since(moment.start), Term::Before(moment.end)];
                return Ok(Node::all(bounds.map(Node::Term).to_vec()));
            }
        };
        Ok(Node::Term(term))
    }

    /// A login name; `me` is who asks, unless it stands in quotes.
    fn person(self, at: usize, key: Key, field: &Field) -> Result<String, QueryError> {
        let name = name(at, key, field, '@')?;
        if name != "me" || field.quoted {
            return Ok(name);
        }
        if self.me.is_empty() {
            let key = key.word();
            let text = format!("Nobody is logged in who could be meant by {key}:me. Write a login name.");
            return Err(QueryError::new(at, text));
        }
        Ok(fold(self.me))
    }

    fn moment(self, at: usize, key: Key, field: &Field) -> Result<Moment, QueryError> {
        let moment = Moment::read(&field.value, self.zone);
        moment.filter(|moment| key != Key::On || moment.is_date).ok_or_else(|| {
            let (word, value) = (key.word(), Excerpt(&field.value));
            let text = if key == Key::On {
                format!(
                    "{word}:{value} names no day. Write a day ({word}:2024-03-31), a month (2024-03) or a \
                     year (2024)."
                )
            } else {
                format!(
                    "{word}:{value} names no time. Write a day ({word}:2024-03-31), a month (2024-03), a \
                     year (2024), a local time (2024-03-31T14:30) or a time with its offset \
                     (2024-03-31T14:30:00+02:00)."
                )
            };
            QueryError::new(at, text)
        })
    }
}

/// A name in lower case, without the sign that may stand before it.
fn name(at: usize, key: Key, field: &Field, sign: char) -> Result<String, QueryError> {
    let name = field.value.trim_start_matches(sign);
    if name.is_empty() {
        let word = key.word();
        let text =
            format!("Nothing follows {word}:. Write a name right after the colon, as in {word}:general.");
        return Err(QueryError::new(at, text));
    }
    Ok(fold(name))
}

fn has(at: usize, field: &Field) -> Result<Term, QueryError> {
    let value = fold(&field.value);
    if value.len() > 2 && value.starts_with(':') && value.ends_with(':') {
        return Ok(Term::Reaction(value));
    }
    Has::ALL.into_iter().find(|has| has.word() == value).map(Term::Has).ok_or_else(|| {
        let known = Has::ALL.map(Has::word).join(", ");
        let value = Excerpt(&field.value);
        let text =
            format!("There is no has:{value}. Known are {known}, and an emoji between colons: has::smile:.");
        QueryError::new(at, text)
    })
}

fn is(at: usize, field: &Field) -> Result<Term, QueryError> {
    let value = fold(&field.value);
    Is::ALL.into_iter().find(|is| is.word() == value).map(Term::Is).ok_or_else(|| {
        let known = Is::ALL.map(Is::word).join(", ");
        let text = format!("There is no is:{}. Known are {known}.", Excerpt(&field.value));
        QueryError::new(at, text)
    })
}
