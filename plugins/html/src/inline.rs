//! A run of plain text: line breaks, bare addresses, mentions, room names and emoji in it.

use std::borrow::Cow;

use export_sdk::{Mention, Message};
use serde::Deserialize;

use crate::emoji::{LONGEST, emoji};
use crate::escape::Markup;
use crate::link;
use crate::scan::Bytes;

/// Who and what a message names with `@` and `#`: only these become chips.
#[derive(Default)]
pub(crate) struct Named<'a> {
    people: Vec<Mention<'a>>,
    rooms: Vec<RoomName<'a>>,
    /// Whether what the message quotes is shown under it.
    pub(crate) quotes: bool,
}

#[derive(Deserialize)]
struct RoomName<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

impl<'a> Named<'a> {
    /// Reads the lists only where the text can use them.
    pub(crate) fn of(message: &Message<'a>) -> Self {
        let people = if message.text.contains('@') { message.mentions() } else { Vec::new() };
        let rooms = message.channels.filter(|_| message.text.contains('#'));
        let rooms = rooms.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        // A quote begins with a link without a text.
        let quotes = message.text.contains("](")
            && message.attachments().iter().any(|attachment| attachment.message_link.is_some());
        Self { people, rooms, quotes }
    }

    fn person(&self, username: &str) -> bool {
        matches!(username, "all" | "here") || self.people.iter().any(|known| known.username == username)
    }

    fn room(&self, name: &str) -> bool {
        self.rooms.iter().any(|known| known.name == name)
    }
}

/// What a [`Piece`] begins with.
const BEGINNINGS: Bytes = Bytes::of(b"\n@#:hH");

/// What begins at a place in the text, and how many bytes it takes.
enum Piece<'t> {
    Break,
    Chip(&'t str),
    Link(&'t str),
    Emoji(&'static str, usize),
}

/// Adds `text`; `links` says whether an address may become a link here.
pub(crate) fn run(page: &mut Markup, text: &str, named: &Named<'_>, links: bool) {
    let bytes = text.as_bytes();
    let mut done = 0;
    let mut at = 0;
    while let Some(step) = BEGINNINGS.first_in(&bytes[at..]) {
        let found = at + step;
        at = found + 1;
        let Some(piece) = piece(text, found, named, links) else { continue };
        page.text(&text[done..found]);
        done = found + add(page, &piece);
        at = done;
    }
    page.text(&text[done..]);
}

fn piece<'t>(text: &'t str, at: usize, named: &Named<'_>, links: bool) -> Option<Piece<'t>> {
    let rest = &text[at..];
    let first = rest.as_bytes()[0];
    if first == b'\n' {
        return Some(Piece::Break);
    }
    // Most are no more than an h.
    if matches!(first, b'h' | b'H') && !matches!(rest.as_bytes().get(1), Some(b't' | b'T')) {
        return None;
    }
    if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    match first {
        b'@' => name(rest, |name| named.person(name)).map(Piece::Chip),
        b'#' => name(rest, |name| named.room(name)).map(Piece::Chip),
        b':' => {
            let end = rest.bytes().skip(1).take(LONGEST + 1).position(|byte| byte == b':')? + 1;
            emoji(&rest[1..end]).map(|emoji| Piece::Emoji(emoji, end + 1))
        }
        _ if links => link::bare(rest).map(Piece::Link),
        _ => None,
    }
}

/// The longest known name after the first character: `@al.` may be `al.` or `al` and a full stop.
fn name(rest: &str, is_known: impl Fn(&str) -> bool) -> Option<&str> {
    let part_of_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let end = rest[1..].find(|c| !part_of_name(c)).map_or(rest.len(), |end| end + 1);
    let whole = &rest[..end];
    let trimmed = whole.trim_end_matches(['.', '-', '_']);
    [whole, trimmed].into_iter().find(|candidate| candidate.len() > 1 && is_known(&candidate[1..]))
}

fn add(page: &mut Markup, piece: &Piece<'_>) -> usize {
    match *piece {
        Piece::Break => {
            page.tag("<br>\n");
            1
        }
        Piece::Chip(name) => {
            page.tag("<bdi class=\"chip\">").text(name).tag("</bdi>");
            name.len()
        }
        Piece::Link(address) => {
            page.tag("<a class=\"bare\" rel=\"noopener noreferrer nofollow\" href=\"").text(address);
            page.tag("\">").text(address).tag("</a>");
            address.len()
        }
        Piece::Emoji(emoji, length) => {
            page.tag(emoji);
            length
        }
    }
}

/// Opens a link to an address that [`link::is_safe`].
pub(crate) fn link(page: &mut Markup, address: &str) {
    page.tag("<a rel=\"noopener noreferrer nofollow\" href=\"").text(address).tag("\">");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str, people: &[&'static str]) -> String {
        let people =
            people.iter().map(|name| Mention { id: "".into(), username: (*name).into(), name: None });
        let rooms = vec![RoomName { name: "general".into() }];
        let mut page = Markup::default();
        run(&mut page, text, &Named { people: people.collect(), rooms, quotes: false }, true);
        page.as_str().to_owned()
    }

    #[test]
    fn only_known_names_become_chips() {
        assert_eq!(
            html("@al. @bob @all me@al #general #x", &["al"]),
            "<bdi class=\"chip\">@al</bdi>. @bob <bdi class=\"chip\">@all</bdi> me@al \
             <bdi class=\"chip\">#general</bdi> #x"
        );
        assert_eq!(html("@al.b @al_", &["al.b", "al"]), {
            "<bdi class=\"chip\">@al.b</bdi> <bdi class=\"chip\">@al</bdi>_"
        });
    }

    #[test]
    fn addresses_become_links_and_names_become_emoji() {
        assert_eq!(
            html("(https://x.y/?a=1&b=2) 10:20:30 :tada::no_such:", &[]),
            "(<a class=\"bare\" rel=\"noopener noreferrer nofollow\" href=\"https://x.y/?a=1&amp;b=2\">\
             https://x.y/?a=1&amp;b=2</a>) 10:20:30 🎉:no_such:"
        );
        assert_eq!(html("a\nb", &[]), "a<br>\nb");
    }
}
