//! What a text names: people with `@`, rooms with `#`, links. Never inside code.
//!
//! [`scan`] finds the words; [`resolve`] asks the store who and what they are, a bounded number of
//! them, so that a text of nothing but `@` costs little.

use std::collections::HashSet;
use std::ops::Range;

use serde_json::{Value, json};

use super::access;
use crate::app::App;
use crate::domain::{Room, RoomKind, User};
use crate::error::{Error, Result};

/// So many people, and so many rooms, of one message are looked up; further ones are text.
pub const MOST_NAMES: usize = 100;

/// The words of a text that may name something, each once, in the order of appearance.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Named<'a> {
    /// Behind `@`.
    pub people: Vec<&'a str>,
    /// Behind `#`.
    pub rooms: Vec<&'a str>,
    /// Links.
    pub links: Vec<&'a str>,
}

/// Who and what a text names.
#[derive(Debug, Default)]
pub struct Mentions {
    /// The mentioned users.
    pub users: Vec<User>,
    /// `@all` or `@here`, or both.
    pub everybody: Vec<&'static str>,
    /// Ids and names of rooms.
    pub rooms: Vec<(String, String)>,
}

impl Mentions {
    /// The `mentions` of a message.
    pub fn people_json(&self) -> Vec<Value> {
        let everybody = self.everybody.iter().map(|word| json!({"_id": word, "username": word}));
        let users = self.users.iter().map(|user| {
            let mut value = json!({"_id": user.id.as_str(), "username": user.username, "type": "user"});
            if let Some(name) = &user.name {
                value["name"] = name.as_str().into();
            }
            value
        });
        everybody.chain(users).collect()
    }

    /// The `channels` of a message.
    pub fn rooms_json(&self) -> Vec<Value> {
        self.rooms.iter().map(|(id, name)| json!({"_id": id, "name": name})).collect()
    }
}

/// Looks up what a text names. Rooms that the author may not see stay text.
pub fn resolve(app: &App, author: &User, room: &Room, named: &Named<'_>) -> Result<Mentions> {
    let mut mentions = Mentions::default();
    for name in named.people.iter().take(MOST_NAMES) {
        match *name {
            "all" => everybody(app, author, room, &mut mentions, "all", "mention-all")?,
            "here" => everybody(app, author, room, &mut mentions, "here", "mention-here")?,
            name => {
                // A dot at the end may belong to the sentence.
                for name in [name, name.trim_end_matches(['.', '-', '_'])] {
                    let user = app.store.user_by_name(name)?.filter(|user| user.username == name);
                    if let Some(user) = user {
                        if mentions.users.iter().all(|known| known.id != user.id) {
                            mentions.users.push(user);
                        }
                        break;
                    }
                }
            }
        }
    }
    for name in named.rooms.iter().take(MOST_NAMES) {
        let room = app.store.room_by_name(name)?.filter(|room| room.kind != RoomKind::Direct);
        if let Some(room) = room
            && access::can_see(app, author, &room)?
        {
            mentions.rooms.push((room.id.to_string(), (*name).to_owned()));
        }
    }
    Ok(mentions)
}

fn everybody(
    app: &App,
    author: &User,
    room: &Room,
    mentions: &mut Mentions,
    word: &'static str,
    permission: &str,
) -> Result<()> {
    if !access::holds_in(app, author, permission, &room.id)? {
        let text = format!("Notify {word} in this room not allowed");
        return Err(Error::refused("error-action-not-allowed", text));
    }
    mentions.everybody.push(word);
    Ok(())
}

/// Finds the words of a text that may name something.
pub fn scan(text: &str) -> Named<'_> {
    let mut named = Named::default();
    let mut seen = HashSet::new();
    for prose in outside_code(text) {
        let mut at = prose.start;
        while let Some(offset) = text[at..prose.end].find(['@', '#', ':']) {
            let mark = at + offset;
            let rest = &text[mark..prose.end];
            at = mark + 1;
            if rest.starts_with("://") {
                if let Some(link) = link(&text[..prose.end], prose.start, mark) {
                    at = at.max(link.end);
                    if seen.insert(('/', &text[link.clone()])) {
                        named.links.push(&text[link]);
                    }
                }
                continue;
            }
            let before = text[..mark].chars().next_back();
            if rest.starts_with(':') || !before.is_none_or(|c| c.is_whitespace() || c == '>') {
                continue;
            }
            let name = &rest[1..];
            let end = name.find(|c: char| !(c.is_alphanumeric() || "-_.".contains(c))).unwrap_or(name.len());
            let name = &name[..end];
            let (sigil, list) =
                if rest.starts_with('@') { ('@', &mut named.people) } else { ('#', &mut named.rooms) };
            if !name.is_empty() && seen.insert((sigil, name)) {
                list.push(name);
            }
        }
    }
    named
}

/// The link around the `://` at `mark`: three to nine letters before it, something behind it.
fn link(text: &str, start: usize, mark: usize) -> Option<Range<usize>> {
    let letters = text[start..mark].bytes().rev().take(9).take_while(u8::is_ascii_alphabetic).count();
    let body = &text[mark + 3..];
    // Decided first: to look for the end of what is no link would make long texts slow.
    if letters < 3 || !body.starts_with(|c: char| c.is_alphanumeric() || c == '[') {
        return None;
    }
    let stop = |c: char| c.is_whitespace() || c.is_control() || "<>\"`|\\^{}".contains(c);
    let mut end = body.find(stop).unwrap_or(body.len());
    // Punctuation at the end belongs to the sentence, a bracket to whoever opened it.
    let count = |bracket: char| body[..end].matches(bracket).count();
    let mut unopened =
        [(')', count(')').saturating_sub(count('('))), (']', count(']').saturating_sub(count('[')))];
    while let Some(last) = body[..end].chars().next_back() {
        match unopened.iter_mut().find(|(bracket, _)| *bracket == last) {
            Some((_, surplus)) if *surplus > 0 => *surplus -= 1,
            None if ".,;:!?'*_~".contains(last) => {}
            _ => break,
        }
        end -= last.len_utf8();
    }
    Some(mark - letters..mark + 3 + end)
}

/// The stretches of a text that are no code: neither fenced nor between backticks.
fn outside_code(text: &str) -> Vec<Range<usize>> {
    let mut prose = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(offset) = text[at..].find('`') {
        let open = at + offset;
        let run = text[open..].bytes().take(3).take_while(|byte| *byte == b'`').count();
        let (fence, body) = (run == 3, open + run);
        let close = text[body..].find(&text[open..body]);
        match close.filter(|close| fence || !text[body..body + close].contains('\n')) {
            Some(close) => {
                prose.push(from..open);
                at = body + close + run;
                from = at;
            }
            // An open fence reaches to the end; a lone backtick is a character.
            None if fence => {
                prose.push(from..open);
                return prose;
            }
            None => at = body,
        }
    }
    prose.push(from..text.len());
    prose
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_behind_a_sign_at_the_start_of_a_word() {
        let named = scan("@al hi @b.ob_1, a@b.cd >@eve #general @al\n#x-y ##no @");
        assert_eq!(named.people, ["al", "b.ob_1", "eve"]);
        assert_eq!(named.rooms, ["general", "x-y"]);
    }

    #[test]
    fn code_names_nothing() {
        let named = scan("`@a http://a.b` ```\n@b #c\n``` @d ``@e ` x`` @f ` @g");
        assert_eq!(named.people, ["d", "f", "g"]);
        assert!(named.rooms.is_empty() && named.links.is_empty());
        assert_eq!(scan("``` @x http://x.y"), Named::default());
    }

    #[test]
    fn links_end_where_a_reader_ends_them() {
        let text = "see (https://x.y/a_(b)), <http://u@h:80/p?q=1#f|name> http://x.y. ssh://é.é/ü and http://x.y again, \
                    ab://no, http:// no, ftps://[::1]/x";
        let expected =
            ["https://x.y/a_(b)", "http://u@h:80/p?q=1#f", "http://x.y", "ssh://é.é/ü", "ftps://[::1]/x"];
        assert_eq!(scan(text).links, expected);
    }

    #[test]
    fn long_hostile_texts_are_read_in_one_go() {
        // A multiple of six, so that every fence is closed.
        let many = 39_996;
        for piece in ["`", "@", "://", "a://b", "``` ", "@a `", "(", "é`", "`\n"] {
            let text = format!("{} http://x{}", piece.repeat(many), ")".repeat(many));
            assert_eq!(scan(&text).links, ["http://x"], "{piece}");
        }
    }
}
