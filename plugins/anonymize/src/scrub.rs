//! Names in the middle of a text.

use crate::people::{EVERYBODY, People, Person, fold, folded, head, is_invisible, is_within, is_word};

impl People {
    /// The text with pseudonyms for all known names, as whole words and in any case; `None` if it
    /// holds none.
    pub(crate) fn scrub(&self, text: &str) -> Option<String> {
        let mut scrubbed = String::new();
        let (mut copied, mut at, mut before) = (0, 0, None);
        while let Some(c) = text[at..].chars().next() {
            if is_invisible(c) {
                at += c.len_utf8();
                continue;
            }
            let begins = !(before.is_some_and(is_word) && is_word(c));
            let found = if c == '@' && !before.is_some_and(is_word) {
                self.mention(text, at)
            } else if begins {
                self.name_at(text, at)
            } else {
                None
            };
            let end = match found {
                Some((end, Some(pseudonym))) => {
                    scrubbed.push_str(&text[copied..at]);
                    scrubbed.push_str(&pseudonym);
                    copied = end;
                    end
                }
                Some((end, None)) => end,
                None => at + head(&text[at..]).len(),
            };
            before = text[at..end].chars().rfind(|c| !is_invisible(*c)).or(before);
            at = end;
        }
        if copied == 0 {
            return None;
        }
        scrubbed.push_str(&text[copied..]);
        Some(scrubbed)
    }

    /// The end of what is mentioned at an `@`, and what to put there.
    fn mention(&self, text: &str, at: usize) -> Option<(usize, Option<String>)> {
        let rest = &text[at + 1..];
        let end = rest.find(|c| !is_within(c) && !matches!(c, '.' | '-' | '_')).unwrap_or(rest.len());
        let login = rest[..end].trim_end_matches(['.', '-', '_']);
        let end = at + 1 + login.len();
        let longest = self.longest_at(text, at + 1).filter(|(longest, _)| *longest >= end);
        if let Some((end, person)) = longest.or_else(|| Some((end, self.with_login(login)?))) {
            return Some((end, (!self.keeps(person)).then(|| format!("@{}", self.login(person)))));
        }
        if login.is_empty() {
            return None;
        }
        let stays = EVERYBODY.contains(&&*folded(login)) || self.kept_login(login);
        Some((end, (!stays).then(|| "@someone".to_owned())))
    }

    fn name_at(&self, text: &str, at: usize) -> Option<(usize, Option<String>)> {
        if let Some((end, person)) = self.longest_at(text, at) {
            if self.keeps(person) {
                return Some((end, None));
            }
            let found = &text[at..end];
            return Some((end, Some(self.pseudonym(person, found))));
        }
        let word = head(&text[at..]);
        let direct = self.direct(word)?;
        Some((at + word.len(), Some(direct)))
    }

    /// The id of a direct message, made of two pseudonyms as it was made of two ids.
    pub(crate) fn direct(&self, id: &str) -> Option<String> {
        let (one, other, at) = self.pair(id)?;
        let (first, second) = id.split_at(at);
        let part = |person, id: &str| if self.keeps(person) { id.to_owned() } else { self.login(person) };
        Some(format!("{}{}", part(one, first), part(other, second)))
    }

    /// The longest known name that begins there and ends where a word ends.
    fn longest_at(&self, text: &str, at: usize) -> Option<(usize, Person)> {
        let longest = self.longest(&folded(head(&text[at..])));
        if longest == 0 {
            return None;
        }
        let mut found = None;
        let mut word = String::new();
        let mut rest = text[at..].chars().peekable();
        let mut end = at;
        while let Some(c) = rest.next() {
            fold(&mut word, c);
            end += c.len_utf8();
            if word.len() > longest {
                break;
            }
            if is_within(c) && rest.peek().copied().is_some_and(is_within) {
                continue;
            }
            found = self.known(&word).map(|word| (end, word.person)).or(found);
        }
        found
    }

    /// The name of an emoji that is called after nobody; `None` if it is.
    pub(crate) fn emoji(&self, name: &str) -> Option<String> {
        self.scrub(name).map(|name| name.replace(' ', ""))
    }

    /// What stands instead of what a title, a quote or an integration calls somebody.
    pub(crate) fn called(&mut self, name: &str) -> String {
        if name.trim().is_empty() {
            return name.to_owned();
        }
        let person = self.call(name);
        if self.keeps(person) { name.to_owned() } else { self.pseudonym(person, name.trim()) }
    }

    /// Like a login name if that is what stood there, else like a display name.
    fn pseudonym(&self, person: Person, found: &str) -> String {
        if self.is_login(found) { self.login(person) } else { self.name(person) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubbed(text: &str) -> String {
        let mut people = People::new(&["kim".to_owned()]);
        people.meet("idOfBob", "bob", "Bob Miller");
        people.meet("idOfAlb", "al.b", "A");
        people.meet("idOfKim", "kim", "Kim");
        people.scrub(text).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn names_are_replaced_as_whole_words_in_any_case() {
        assert_eq!(scrubbed("bob, Bob's and BOB MILLER: (bob)"), "user1, User 1's and User 1: (user1)");
        assert_eq!(scrubbed("bobby, abob, Miller, bob2"), "bobby, abob, Miller, bob2");
        assert_eq!(scrubbed("_Bob_ **bob** ~~BOB~~ _@bob_"), "_User 1_ **user1** ~~User 1~~ _@user1_");
        assert_eq!(scrubbed("al.b. al al.bx"), "user2. al al.bx");
        assert_eq!(scrubbed("https://x.y/avatar/bob?u=idOfBob"), "https://x.y/avatar/user1?u=user1");
    }

    #[test]
    fn blanks_and_what_nobody_sees_hide_no_name() {
        assert_eq!(
            scrubbed("Bob  Miller, Bob\nMiller and Bob\u{a0}\u{200b} Miller"),
            "User 1, User 1 and User 1"
        );
        assert_eq!(scrubbed("b\u{200b}ob @bo\u{ad}b \u{fe0f}bob\u{feff}"), "User 1 @user1 \u{fe0f}User 1");
        assert_eq!(scrubbed("bob\u{200b}by a\u{200b}bob"), "bob\u{200b}by a\u{200b}bob");
        assert_eq!(scrubbed("@str\u{200b}anger"), "@someone");
        let mut people = People::new(&[]);
        people.meet("", "", "\u{200b} Ann\u{2009} \u{200b}B\u{200d} ");
        assert_eq!(people.scrub("for ann b!").as_deref(), Some("for User 1!"));
    }

    #[test]
    fn every_mention_of_a_person_is_replaced() {
        assert_eq!(scrubbed("@bob @al.b. @Bob Miller @all @HERE"), "@user1 @user2. @user1 @all @HERE");
        assert_eq!(scrubbed("hi @stranger-x, @bob:server.org"), "hi @someone, @user1:server.org");
        assert_eq!(scrubbed("bob@example.org @ @@bob"), "user1@example.org @ @@user1");
    }

    #[test]
    fn who_keeps_a_name_keeps_it_everywhere() {
        assert_eq!(scrubbed("@kim, Kim and idOfKim met bob"), "@kim, Kim and idOfKim met user1");
    }

    #[test]
    fn a_single_letter_is_no_person() {
        assert_eq!(scrubbed("A day"), "A day");
    }

    #[test]
    fn ids_of_direct_messages_are_made_of_pseudonyms() {
        assert_eq!(scrubbed("/direct/idOfAlbidOfBob?x"), "/direct/user2user1?x");
        assert_eq!(scrubbed("idOfBobidOfKim idOfBobidOfEve"), "user1idOfKim idOfBobidOfEve");
    }
}
