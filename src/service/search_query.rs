//! What somebody types to find messages in a room: words, a regular expression, and operators.
//!
//! Words must all be there, anywhere in the message, inside of other words, too; `"words in quotes"`
//! belong together. `from:`, `mention:` (a login name or `me`), `has:star`, `has:url`, `has:file`,
//! `is:pinned`, `before:`, `after:`, `on:` (a day, `31/12/2024` or `2024-12-31`), `order:asc`.
//! `/pattern/flags` is a regular expression.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use regex::Regex;

use super::search_pattern::{self, Pattern};
use crate::domain::query::fold;
use crate::domain::search_run::Needs;
use crate::domain::searchable::{self, Mark};
use crate::domain::{Message, Time, User, UserId};
use crate::error::Result;
use crate::store::Direction;

/// Somebody that messages are from or mention.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Person {
    id: Option<UserId>,
    /// Folded.
    name: String,
}

/// Which messages are wanted.
#[derive(Debug)]
pub struct SearchQuery {
    words: Vec<String>,
    pattern: Option<Regex>,
    pattern_needs: Needs,
    from: Vec<Person>,
    mentions: Vec<Person>,
    starred_by: Option<UserId>,
    pinned: bool,
    link: bool,
    file: bool,
    /// None that were sent earlier.
    pub since: Time,
    /// Only those that were sent before.
    pub until: Time,
    /// Newest first, or oldest first.
    pub direction: Direction,
}

/// Of a text, what is an operator.
enum Operator {
    From(String),
    Mention(String),
    Star,
    Pin,
    Link,
    File,
    Before(Date),
    After(Date),
    On(Date),
    Order(Direction),
}

impl Operator {
    fn read(word: &str) -> Option<Self> {
        let (key, value) = word.split_once(':').filter(|(_, value)| !value.is_empty())?;
        let name = || value.strip_prefix('@').unwrap_or(value).to_owned();
        Some(match (key.to_ascii_lowercase().as_str(), value.to_ascii_lowercase().as_str()) {
            ("from", _) => Self::From(name()),
            ("mention", _) => Self::Mention(name()),
            ("has", "star") => Self::Star,
            ("has", "pin") | ("is", "pinned") => Self::Pin,
            ("has", "url" | "link") => Self::Link,
            ("has", "file") => Self::File,
            ("before", day) => Self::Before(date(day)?),
            ("after", day) => Self::After(date(day)?),
            ("on", day) => Self::On(date(day)?),
            ("order" | "sort", "asc" | "ascend" | "ascending") => Self::Order(Direction::Ascending),
            ("order" | "sort", "desc" | "descend" | "descending") => Self::Order(Direction::Descending),
            _ => return None,
        })
    }
}

/// `31/12/2024`, `31.12.2024`, `31-12-2024` or `2024-12-31`.
fn date(text: &str) -> Option<Date> {
    let parts: Vec<i16> = text.split(['/', '.', '-']).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let &[first, month, last] = parts.as_slice() else { return None };
    let (year, day) = if first > 31 { (first, last) } else { (last, first) };
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

impl SearchQuery {
    /// Reads what `asker` typed. `find` knows the users by name. With `always_pattern` every text is a
    /// regular expression that ignores case, if it can be one.
    pub fn read(
        text: &str,
        asker: &User,
        always_pattern: bool,
        mut find: impl FnMut(&str) -> Result<Option<UserId>>,
    ) -> Result<Self> {
        let mut query = Self {
            words: Vec::new(),
            pattern: None,
            pattern_needs: Needs::default(),
            from: Vec::new(),
            mentions: Vec::new(),
            starred_by: None,
            pinned: false,
            link: false,
            file: false,
            since: Time::from_millis(i64::MIN),
            until: Time::from_millis(i64::MAX),
            direction: Direction::Descending,
        };
        let zone = zone(asker);
        let begin = |date: Date| {
            let begin = date.to_zoned(zone.clone()).map(|begin| begin.timestamp().as_millisecond());
            begin.map_or(Time::from_millis(i64::MAX), Time::from_millis)
        };
        let end = |date: Date| date.tomorrow().map_or(Time::from_millis(i64::MAX), begin);
        let mut person = |name: String| -> Result<Person> {
            if name.eq_ignore_ascii_case("me") {
                return Ok(Person { id: Some(asker.id.clone()), name: fold(&asker.username) });
            }
            Ok(Person { id: find(&name)?, name: fold(&name) })
        };
        let mut rest = String::new();
        for piece in text.split_inclusive(char::is_whitespace) {
            let Some(operator) = Operator::read(piece.trim_end()) else {
                rest.push_str(piece);
                continue;
            };
            match operator {
                Operator::From(name) => query.from.push(person(name)?),
                Operator::Mention(name) => query.mentions.push(person(name)?),
                Operator::Star => query.starred_by = Some(asker.id.clone()),
                Operator::Pin => query.pinned = true,
                Operator::Link => query.link = true,
                Operator::File => query.file = true,
                Operator::Before(day) => query.until = query.until.min(begin(day)),
                Operator::After(day) => query.since = query.since.max(end(day)),
                Operator::On(day) => {
                    query.since = query.since.max(begin(day));
                    query.until = query.until.min(end(day));
                }
                Operator::Order(direction) => query.direction = direction,
            }
        }
        query.read_text(rest.trim(), always_pattern)?;
        Ok(query)
    }

    fn read_text(&mut self, text: &str, always_pattern: bool) -> Result<()> {
        let pattern = match search_pattern::split(text) {
            Some((pattern, flags)) => Some(search_pattern::read(pattern, flags)?),
            // What is no pattern was meant as a text.
            None if always_pattern && !text.is_empty() => search_pattern::read(text, "i").ok(),
            None => None,
        };
        match pattern {
            Some(Pattern { regex, needs }) => (self.pattern, self.pattern_needs) = (Some(regex), needs),
            None if always_pattern => self.words.extend((!text.is_empty()).then(|| fold(text))),
            None => self.words = words(text),
        }
        Ok(())
    }

    /// The features that a message must have.
    pub fn needs(&self) -> Needs {
        let mut needs = self.pattern_needs.clone();
        for word in &self.words {
            searchable::trigrams(word, |trigram| needs.all([trigram]));
        }
        if !self.from.is_empty() {
            let names = self.from.iter().map(|person| vec![Mark::AuthorName(&person.name).feature()]);
            let ids = self.from.iter().filter_map(|person| person.id.as_ref());
            needs.any(names.chain(ids.map(|id| vec![Mark::Author(id.as_str()).feature()])).collect());
        }
        if !self.mentions.is_empty() {
            needs.any(self.mentions.iter().map(|one| vec![Mark::Mention(&one.name).feature()]).collect());
        }
        let star = self.starred_by.as_ref().map(|user| Mark::Star(user.as_str()));
        let marks = [
            star,
            self.pinned.then_some(Mark::Pin),
            self.link.then_some(Mark::Link),
            self.file.then_some(Mark::File),
        ];
        needs.all(marks.into_iter().flatten().map(Mark::feature));
        needs
    }

    /// Whether this message is wanted, its time aside.
    pub fn matches(&self, message: &Message) -> bool {
        searchable::is_findable(message)
            && self.matches_marks(message)
            && self.matches_people(message)
            && self.matches_text(message)
    }

    fn matches_marks(&self, message: &Message) -> bool {
        self.starred_by.as_ref().is_none_or(|user| message.starred.contains(user))
            && (!self.pinned || message.pinned.is_some())
            && (!self.link || searchable::has_items(&message.urls))
            && (!self.file || searchable::has_file(message))
    }

    fn matches_people(&self, message: &Message) -> bool {
        let author = &message.author;
        let wrote =
            |person: &Person| person.id.as_ref() == Some(&author.id) || person.name == fold(&author.username);
        if !(self.from.is_empty() || self.from.iter().any(wrote)) {
            return false;
        }
        self.mentions.is_empty()
            || searchable::mentioned(message)
                .iter()
                .any(|name| self.mentions.iter().any(|wanted| wanted.name == fold(name)))
    }

    fn matches_text(&self, message: &Message) -> bool {
        let mut missing: Vec<&String> = self.words.iter().collect();
        let mut pattern_found = self.pattern.is_none();
        if missing.is_empty() && pattern_found {
            return true;
        }
        searchable::texts(message, |text| {
            if !missing.is_empty() {
                let folded = fold(text);
                missing.retain(|word| !folded.contains(word.as_str()));
            }
            pattern_found =
                pattern_found || self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(text));
        });
        missing.is_empty() && pattern_found
    }
}

/// Where the asker's days begin.
fn zone(asker: &User) -> TimeZone {
    let hours = asker.extra.value()["utcOffset"].as_f64().unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "what is out of range is refused right here")]
    let offset = Offset::from_seconds((hours * 3600.0) as i32);
    offset.map_or(TimeZone::UTC, TimeZone::fixed)
}

/// Words and quoted words, folded.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let quotes = text.matches('"').count();
    for (number, part) in text.split('"').enumerate() {
        // A last quote without a partner is no quote.
        if number % 2 == 1 && number < quotes {
            words.push(fold(part));
        } else {
            words.extend(part.split_whitespace().map(fold));
        }
    }
    words.retain(|word| !word.trim().is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Json;

    fn read(text: &str) -> SearchQuery {
        let mut asker = User::new(UserId::new("me-id"), "Al", Time::from_millis(0));
        asker.extra = Json::from_text(r#"{"utcOffset":2}"#);
        SearchQuery::read(text, &asker, false, |name| Ok((name == "bob").then(|| UserId::new("bob-id"))))
            .unwrap()
    }

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(words(r#"One "two  Three" four"#), ["one", "two  three", "four"]);
        assert_eq!(words(r#"5" disk"#), ["5", "disk"]);
        assert_eq!(words(r#""" "#), Vec::<String>::new());
    }

    #[test]
    fn operators_may_stand_anywhere_and_the_rest_is_text() {
        let query = read("lost from:@bob and HAS:star found order:asc");
        assert_eq!(query.words, ["lost", "and", "found"]);
        assert_eq!(query.from, [Person { id: Some(UserId::new("bob-id")), name: "bob".to_owned() }]);
        assert_eq!(query.starred_by, Some(UserId::new("me-id")));
        assert_eq!(query.direction, Direction::Ascending);
        assert_eq!(read("mention:me").mentions[0].name, "al");
        for text in ["from:", "has:wings", "before:tomorrow", "on:31/13/2024", "note:this"] {
            assert_eq!(read(text).words, [text], "{text}");
        }
        assert!(read("/a  from b/i").pattern.is_some());
    }

    #[test]
    fn days_are_those_of_the_asker() {
        let day = |text: &str| Time::parse(text).unwrap();
        let query = read("after:1/2/2024 before:2024-03-31");
        assert_eq!(query.since, day("2024-02-01T22:00:00Z"));
        assert_eq!(query.until, day("2024-03-30T22:00:00Z"));
        let query = read("on:31.12.2023");
        assert_eq!((query.since, query.until), (day("2023-12-30T22:00:00Z"), day("2023-12-31T22:00:00Z")));
    }

    #[test]
    fn a_text_that_is_no_pattern_is_searched_as_text() {
        let asker = User::new(UserId::new("a"), "al", Time::from_millis(0));
        let read = |text| SearchQuery::read(text, &asker, true, |_| Ok(None)).unwrap();
        assert!(read("a|b").pattern.is_some_and(|pattern| pattern.is_match("B")));
        assert_eq!(read("what (now").words, ["what (now"]);
        assert!(read("").words.is_empty());
    }
}
