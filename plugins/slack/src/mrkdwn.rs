//! Markdown as people type it here, to Slack's mrkdwn. The only place where text is escaped.
//!
//! `&`, `<` and `>` are written as entities everywhere; what is left of the angle brackets is ours:
//! links and mentions. Nothing that was typed gets lost, and every text takes linear time.

use std::borrow::Cow;

use export_sdk::{Mention, Message};
use serde::Deserialize;

use crate::{id, link};

/// Who and which rooms a message names: only these become mentions.
#[derive(Default)]
pub(crate) struct Named<'a> {
    pub(crate) people: Vec<Mention<'a>>,
    rooms: Vec<NamedRoom<'a>>,
}

#[derive(Deserialize)]
struct NamedRoom<'a> {
    #[serde(borrow, rename = "_id")]
    id: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
}

impl<'a> Named<'a> {
    /// Reads the lists of a message.
    pub(crate) fn of(message: &Message<'a>) -> Self {
        let rooms = message.channels.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        Self { people: message.mentions(), rooms }
    }

    fn mention(&self, sign: char, name: &str) -> Option<String> {
        match (sign, name) {
            ('@', "all") => Some("<!channel>".to_owned()),
            ('@', "here") => Some("<!here>".to_owned()),
            ('@', _) => {
                let known = self.people.iter().any(|person| person.username == name);
                known.then(|| format!("<@{}>", id::user(name)))
            }
            _ => self.rooms.iter().find(|room| room.name == name).map(|room| {
                format!("<#{}|{}>", id::room(export_sdk::RoomKind::Channel, &room.id), escaped(name))
            }),
        }
    }
}

/// `text` with `&`, `<` and `>` as entities: how Slack writes what is no markup of its own.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| escape(&mut out, c));
    out
}

fn escape(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        c => out.push(c),
    }
}

/// `text` in Slack's markup.
pub(crate) fn mrkdwn(text: &str, named: &Named<'_>) -> String {
    let mut conversion = Conversion {
        text,
        at: 0,
        named,
        out: String::with_capacity(text.len() + 16),
        bold: false,
        struck: false,
    };
    while let Some(c) = conversion.rest().chars().next() {
        if !conversion.piece(c) {
            escape(&mut conversion.out, c);
            conversion.at += c.len_utf8();
        }
    }
    conversion.out
}

struct Conversion<'t, 'n> {
    text: &'t str,
    at: usize,
    named: &'n Named<'n>,
    out: String,
    bold: bool,
    struck: bool,
}

impl<'t> Conversion<'t, '_> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn line(&self) -> &'t str {
        let rest = self.rest();
        &rest[..rest.find('\n').unwrap_or(rest.len())]
    }

    /// Converts what begins here with `c`, if it is more than a character.
    fn piece(&mut self, c: char) -> bool {
        match c {
            '`' => self.code(),
            '*' => self.doubled("**"),
            '~' => self.doubled("~~"),
            '[' => self.link(1),
            '!' => self.rest().starts_with("![") && self.link(2),
            '@' | '#' => self.mention(c),
            'h' | 'H' => self.address(),
            _ => false,
        }
    }

    /// Code is the same in both, but for the language that Slack does not know.
    fn code(&mut self) -> bool {
        let rest = self.rest();
        if let Some(block) = rest.strip_prefix("```") {
            let Some(end) = block.find("```") else { return self.literal(3) };
            let mut code = &block[..end];
            if let Some((language, lines)) = code.split_once('\n')
                && language.chars().all(|c| c.is_alphanumeric() || "+-#_.".contains(c))
            {
                code = lines;
                self.out.push_str("```\n");
            } else {
                self.out.push_str("```");
            }
            self.out.push_str(&escaped(code));
            self.out.push_str("```");
            self.at += end + 6;
            return true;
        }
        let line = &self.line()[1..];
        let Some(end) = line.find('`') else { return self.literal(1) };
        self.out.push('`');
        self.out.push_str(&escaped(&line[..end]));
        self.out.push('`');
        self.at += end + 2;
        true
    }

    fn literal(&mut self, length: usize) -> bool {
        self.out.push_str(&self.rest()[..length]);
        self.at += length;
        true
    }

    /// `**bold**` and `~~gone~~` have one sign on each side in Slack.
    fn doubled(&mut self, signs: &str) -> bool {
        let Some(after) = self.line().strip_prefix(signs) else { return false };
        let open = if signs == "**" { &mut self.bold } else { &mut self.struck };
        if !*open && !after.contains(signs) {
            return self.literal(signs.len());
        }
        *open = !*open;
        self.out.push_str(&signs[..1]);
        self.at += signs.len();
        true
    }

    fn link(&mut self, bracket: usize) -> bool {
        let Some((label, address, length)) = link::inline(&self.rest()[bracket..]) else { return false };
        self.out.push('<');
        self.push_address(address);
        if !label.trim().is_empty() {
            self.out.push('|');
            self.out.push_str(&escaped(label));
        }
        self.out.push('>');
        self.at += bracket + length;
        true
    }

    fn address(&mut self) -> bool {
        if self.within_a_word() {
            return false;
        }
        let Some(address) = link::bare(self.rest()) else { return false };
        self.out.push('<');
        self.push_address(address);
        self.out.push('>');
        self.at += address.len();
        true
    }

    fn push_address(&mut self, address: &str) {
        for c in address.chars() {
            match c {
                '|' => self.out.push_str("%7C"),
                '<' => self.out.push_str("%3C"),
                '>' => self.out.push_str("%3E"),
                c => escape(&mut self.out, c),
            }
        }
    }

    fn mention(&mut self, sign: char) -> bool {
        if self.within_a_word() {
            return false;
        }
        let rest = &self.rest()[1..];
        let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
        let mut name = &rest[..rest.find(|c| !part(c)).unwrap_or(rest.len())];
        // `@bob.` at the end of a sentence: one sign at a time, and few of them.
        for _ in 0..4 {
            if let Some(mention) = self.named.mention(sign, name) {
                self.out.push_str(&mention);
                self.at += 1 + name.len();
                return true;
            }
            let Some(shorter) = name.strip_suffix(['.', '_', '-']) else { return false };
            name = shorter;
        }
        false
    }

    fn within_a_word(&self) -> bool {
        self.text[..self.at].ends_with(char::is_alphanumeric)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slack(text: &str) -> String {
        let person = |name: &'static str| Mention { id: "u".into(), username: name.into(), name: None };
        let named = Named {
            people: vec![person("bob"), person("pete.quill")],
            rooms: vec![NamedRoom { id: "r".into(), name: "harbour".into() }],
        };
        mrkdwn(text, &named)
    }

    #[test]
    fn markup_is_converted() {
        for (typed, expected) in [
            ("**bold** and *bold* and _it_", "*bold* and *bold* and _it_"),
            ("~~gone~~", "~gone~"),
            ("**unclosed", "**unclosed"),
            ("[a & b](https://x.y/?a=1&b=2)", "<https://x.y/?a=1&amp;b=2|a &amp; b>"),
            ("see https://x.y/a|b.", "see <https://x.y/a>|b."),
            ("![cat](https://x.y/c.png)", "<https://x.y/c.png|cat>"),
            ("[](https://x.y)", "<https://x.y>"),
            ("```rust\nlet a = b < c;\n```", "```\nlet a = b &lt; c;\n```"),
            ("```a b```", "```a b```"),
            ("`**x** @bob`", "`**x** @bob`"),
            ("> quoted", "&gt; quoted"),
        ] {
            assert_eq!(slack(typed), expected, "{typed}");
        }
    }

    #[test]
    fn only_who_is_mentioned_becomes_a_mention() {
        let (bob, pete) = (id::user("bob"), id::user("pete.quill"));
        let room = id::room(export_sdk::RoomKind::Channel, "r");
        assert_eq!(slack("@bob, @pete.quill. @eve"), format!("<@{bob}>, <@{pete}>. @eve"));
        assert_eq!(slack("@all @here a@bob"), "<!channel> <!here> a@bob");
        assert_eq!(slack("#harbour #other"), format!("<#{room}|harbour> #other"));
    }

    #[test]
    fn angle_brackets_are_only_ours() {
        for hostile in export_sdk::conformance::HOSTILE_TEXTS {
            let converted = slack(hostile);
            for inside in converted.split('<').skip(1) {
                let (inside, _) = inside.split_once('>').expect("closed");
                let ours = inside.starts_with("http") || inside.starts_with(['@', '!', '#']);
                assert!(ours, "{hostile:?} became {converted:?}");
            }
        }
    }

    #[test]
    fn a_text_of_nothing_but_beginnings_is_converted_too() {
        for beginning in ["[", "![", "**", "~~", "`", "```", "@", "[a](https://x", "https://x"] {
            let text = beginning.repeat(20_000);
            assert!(slack(&text).len() >= text.len() / 2, "{beginning}");
        }
    }
}
