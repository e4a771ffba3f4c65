//! What a message is found by: its words, its author, and what it has and is.

use std::borrow::Cow;

use export_sdk::{Message, system_text};

use super::words;
use crate::scan::is_blank;
use crate::unmarked::unmarked;

/// What the parts of its author's names follow in a term.
const FROM: &str = "from:";

/// One message, seen by the index.
pub(super) struct Entry<'a> {
    /// What the page shows of it, or else what it brings along.
    text: Cow<'a, str>,
    /// The same without marks.
    pub(super) line: Cow<'a, str>,
    /// Whether the line has all words of the text.
    pub(super) whole: bool,
    /// The name the page shows.
    pub(super) shown: Cow<'a, str>,
    /// Names of files and texts of cards.
    more: Vec<Cow<'a, str>>,
    marks: Vec<&'static str>,
}

impl<'a> Entry<'a> {
    pub(super) fn of(message: &Message<'a>) -> Self {
        let sentence = system_text(message);
        let mut marks = Vec::new();
        let mut mark = |term, applies| {
            if applies {
                marks.push(term);
            }
        };
        mark("is:system", sentence.is_some());
        mark("is:pinned", message.pinned.is_some());
        mark("is:reply", message.thread.is_some());
        mark("is:edited", message.edited.is_some());
        mark("has:file", !message.files.is_empty());
        mark("has:image", message.files.iter().any(|file| file.media_type.starts_with("image/")));
        mark("has:reaction", !message.reactions.is_empty());
        let links = |scheme| message.text.contains(scheme);
        mark("has:link", links("://") && (links("http://") || links("https://")));
        let more = more(message);
        let (mut text, mut line) = match sentence {
            Some(sentence) => (sentence.clone(), sentence),
            None => (Cow::Borrowed(message.text), unmarked(message.text)),
        };
        if is_blank(&text) {
            text = more.join(" · ").into();
        }
        if is_blank(&line) {
            line = text.clone();
        }
        let whole = line == text || count(&line) == count(&text);
        Self { text, line, whole, shown: shown(message), more, marks }
    }

    /// Calls `found` with all terms, some of them more than once.
    pub(super) fn terms(&self, username: &str, found: &mut dyn FnMut(&str)) {
        words::terms(&self.text, found);
        self.more.iter().for_each(|text| words::terms(text, found));
        self.marks.iter().for_each(|mark| found(mark));
        // The script asks for every part of a name on its own: "Jean-Luc Picard" is found by both, and by "luc".
        let mut term = String::with_capacity(64);
        term.push_str(FROM);
        let mut from = |part: &str| {
            term.truncate(FROM.len());
            words::lower(part, &mut term);
            found(&term);
        };
        username.split_whitespace().for_each(&mut from);
        if self.shown != username {
            for part in self.shown.split_whitespace() {
                from(part);
                if !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                    words::terms(part, &mut from);
                }
            }
        }
    }
}

fn count(text: &str) -> usize {
    let mut count = 0;
    words::terms(text, &mut |_| count += 1);
    count
}

fn shown<'a>(message: &Message<'a>) -> Cow<'a, str> {
    let alias = message.alias().filter(|alias| !is_blank(alias));
    alias.unwrap_or_else(|| {
        let name = message.author.name.filter(|name| !is_blank(name));
        name.unwrap_or(message.author.username).into()
    })
}

/// Quotes are left out: what they say is found where it was said.
fn more<'a>(message: &Message<'a>) -> Vec<Cow<'a, str>> {
    let mut more: Vec<Cow<'a, str>> = message.files.iter().map(|file| file.name.clone()).collect();
    let cards = message.attachments().into_iter().filter(|card| card.message_link.is_none());
    for card in cards {
        let texts = [card.pretext, card.author_name, card.title, card.text, card.description];
        for text in texts.into_iter().flatten() {
            if !is_blank(&text) && !more.contains(&text) {
                more.push(text);
            }
        }
    }
    more
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use export_sdk::conformance::sample_messages;

    use super::*;

    fn terms(id: &str) -> BTreeSet<String> {
        let messages = sample_messages();
        let message = messages.iter().find(|message| message.id == id).unwrap();
        let mut terms = BTreeSet::new();
        Entry::of(message).terms(message.author.username, &mut |term| {
            terms.insert(term.to_owned());
        });
        terms
    }

    fn has(id: &str, expected: &[&str]) {
        let terms = terms(id);
        for term in expected {
            assert!(terms.contains(*term), "{id} is not found by {term}: {terms:?}");
        }
    }

    #[test]
    fn a_message_is_found_by_what_it_says_has_and_is() {
        has("m-parent", &["from:bob", "from:small", "from:<b>small</b>", "is:pinned", "thread", "two"]);
        has("m-reply", &["from:al", "is:reply", "is:edited", "quoted", "gone"]);
        has("m-quote", &["has:link", "card", "https", "example", "org"]);
        has("m-joined", &["is:system", "joined"]);
        has("m-hostile-4", &["has:reaction", "script", "alert", "1"]);
        has("m-file-17", &["has:file", "emoji", "png"]);
        has("m-file-0", &["has:image", "passwd"]);
        assert!(!terms("m-plain").iter().any(|term| term.starts_with("is:") || term.starts_with("has:")));
        assert!(!terms("m-quote").contains("blockquote"), "a quote is found where it was said");
    }

    #[test]
    fn a_message_without_text_shows_its_files() {
        let messages = sample_messages();
        let message = messages.iter().find(|message| message.id == "m-file-0").unwrap();
        assert_eq!(Entry::of(message).line, "../../etc/passwd");
    }
}
