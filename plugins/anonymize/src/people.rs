//! Who is who. It grows with the distinct people, not with the messages.

use std::collections::{HashMap, HashSet};

/// Ids and login names in mentions of everybody.
pub(crate) const EVERYBODY: [&str; 2] = ["all", "here"];

/// Shorter ids are numbers or words that mean something else in the middle of a text.
const SHORTEST_ID: usize = 6;
/// The longest text that may be the ids of two people.
const LONGEST_PAIR: usize = 100;

/// Everybody met so far.
#[derive(Default)]
pub(crate) struct People {
    /// Login names, in lower case, of those who keep their names.
    keep: HashSet<String>,
    /// Several of them may turn out to be the same person.
    faces: Vec<Face>,
    last: usize,
    ids: HashMap<String, Person>,
    logins: HashMap<String, Person>,
    names: HashMap<String, Person>,
    /// What texts are searched for; see [`folded`].
    words: HashMap<String, Word>,
    /// The bytes of the longest word that begins like that; see [`head`].
    longest: HashMap<String, usize>,
}

/// Somebody; the place of a face.
pub(crate) type Person = usize;

struct Face {
    same_as: Person,
    number: usize,
    kept: bool,
    /// Known by what a card or an integration calls them, and by nothing else.
    only_called: bool,
}

/// A name or id in a text.
#[derive(Clone)]
pub(crate) struct Word {
    pub(crate) person: Person,
    /// The login name or id as it is; none for display names.
    pub(crate) login: Option<String>,
}

impl People {
    /// Nobody yet; `keep` will keep their names.
    pub(crate) fn new(keep: &[String]) -> Self {
        let keep = keep.iter().map(|login| folded(login.trim().trim_start_matches('@'))).collect();
        Self { keep, ..Self::default() }
    }

    /// The person with that id, login name and display name; what is empty is unknown.
    pub(crate) fn meet(&mut self, id: &str, login: &str, name: &str) -> Person {
        let (login_key, name_key) = (folded(login), folded(name));
        if id.is_empty() && login_key.is_empty() && name_key.is_empty() {
            return self.call("");
        }
        let known = [
            self.ids.get(id).copied(),
            self.logins.get(&login_key).copied(),
            self.only_called(&login_key),
            self.only_called(&name_key),
        ];
        let known = known.map(|person| person.map(|person| self.face(person)));
        let person = known.into_iter().flatten().min().unwrap_or_else(|| self.newcomer(false));
        for face in known.into_iter().flatten() {
            self.faces[person].kept |= self.faces[face].kept;
            self.faces[face].same_as = person;
        }
        self.faces[person].only_called = false;
        self.faces[person].kept |= self.keep.contains(&login_key);
        if !id.is_empty() && !self.ids.contains_key(id) {
            self.ids.insert(id.to_owned(), person);
            if id.len() >= SHORTEST_ID {
                self.word(folded(id), Word { person, login: Some(id.to_owned()) });
            }
        }
        if !login_key.is_empty() && !self.logins.contains_key(&login_key) {
            self.logins.insert(login_key.clone(), person);
            self.word(login_key, Word { person, login: Some(login.trim().to_owned()) });
        }
        if !name_key.is_empty() {
            self.names.entry(name_key.clone()).or_insert(person);
            if !self.words.contains_key(&name_key) {
                self.word(name_key, Word { person, login: None });
            }
        }
        person
    }

    /// Whoever a card, a title or an integration calls so: by login or display name.
    pub(crate) fn call(&mut self, name: &str) -> Person {
        let key = folded(name.trim().trim_start_matches('@'));
        if let Some(person) = self.logins.get(&key).or_else(|| self.names.get(&key)) {
            return self.face(*person);
        }
        let person = self.newcomer(true);
        self.faces[person].kept = self.keep.contains(&key);
        self.names.insert(key, person);
        person
    }

    fn only_called(&self, key: &str) -> Option<Person> {
        let called = self.names.get(key).copied().filter(|_| !key.is_empty());
        called.filter(|person| self.faces[self.face(*person)].only_called)
    }

    fn newcomer(&mut self, only_called: bool) -> Person {
        let person = self.faces.len();
        self.last += 1;
        // The pseudonym of one is not the name of another who keeps it.
        while self.keep.contains(&format!("user{}", self.last)) {
            self.last += 1;
        }
        self.faces.push(Face { same_as: person, number: self.last, kept: false, only_called });
        person
    }

    fn face(&self, mut person: Person) -> Person {
        while self.faces[person].same_as != person {
            person = self.faces[person].same_as;
        }
        person
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.faces.len()
    }

    /// Whether the person keeps names and id.
    pub(crate) fn keeps(&self, person: Person) -> bool {
        self.faces[self.face(person)].kept
    }

    /// The pseudonym for ids and login names: `user1`.
    pub(crate) fn login(&self, person: Person) -> String {
        format!("user{}", self.faces[self.face(person)].number)
    }

    /// The pseudonym for people: `User 1`.
    pub(crate) fn name(&self, person: Person) -> String {
        format!("User {}", self.faces[self.face(person)].number)
    }

    /// Whether that is the login name of somebody who keeps it.
    pub(crate) fn kept_login(&self, login: &str) -> bool {
        self.keep.contains(&folded(login))
    }

    /// Who has that login name, in any case.
    pub(crate) fn with_login(&self, login: &str) -> Option<Person> {
        self.logins.get(&folded(login)).copied()
    }

    /// Whether that is a login name, letter by letter.
    pub(crate) fn is_login(&self, login: &str) -> bool {
        self.words.get(&folded(login)).is_some_and(|word| word.login.as_deref() == Some(login))
    }

    /// Two people, if the id of a direct message is made of their ids, and where the second begins.
    pub(crate) fn pair(&self, id: &str) -> Option<(Person, Person, usize)> {
        if id.len() > LONGEST_PAIR {
            return None;
        }
        (SHORTEST_ID..=id.len().checked_sub(SHORTEST_ID)?).find_map(|at| {
            let (one, other) = id.split_at_checked(at)?;
            Some((*self.ids.get(one)?, *self.ids.get(other)?, at))
        })
    }

    fn word(&mut self, key: String, word: Word) {
        // In the middle of a sentence a single letter is hardly ever a person.
        if key.chars().nth(1).is_none() {
            return;
        }
        let longest = self.longest.entry(head(&key).to_owned()).or_default();
        *longest = key.len().max(*longest);
        self.words.insert(key, word);
    }

    /// How long the words that begin with this head are at most.
    pub(crate) fn longest(&self, head: &str) -> usize {
        self.longest.get(head).copied().unwrap_or_default()
    }

    /// The word, given as it is [`folded`].
    pub(crate) fn known(&self, word: &str) -> Option<&Word> {
        self.words.get(word)
    }
}

/// As names are compared: in lower case, any blanks as one, without what nobody sees.
pub(crate) fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    text.chars().for_each(|c| fold(&mut folded, c));
    folded.truncate(folded.trim_end().len());
    folded
}

/// Adds a character to what is folded already, so that a part of a text is folded like the whole.
pub(crate) fn fold(folded: &mut String, c: char) {
    if c.is_whitespace() {
        if !folded.is_empty() && !folded.ends_with(' ') {
            folded.push(' ');
        }
    } else if !is_invisible(c) {
        folded.extend(c.to_lowercase());
    }
}

/// The first run of letters and digits, or the first character if it is something else.
pub(crate) fn head(text: &str) -> &str {
    let run = text.find(|c| !is_within(c)).unwrap_or(text.len());
    let first = text.chars().next().map_or(0, char::len_utf8);
    &text[..run.max(first)]
}

/// What words are made of. Underscores make them slanted in Markdown.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric()
}

/// What does not end a word.
pub(crate) fn is_within(c: char) -> bool {
    is_word(c) || is_invisible(c)
}

/// Takes no place: soft hyphens, joiners, marks of direction, selectors of variants.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_first_appearance_by_whatever_name() {
        let mut people = People::new(&[]);
        let bob = people.meet("u1", "bob", "");
        let ann = people.meet("", "ann", "");
        assert_eq!((people.login(bob), people.name(ann)), ("user1".to_owned(), "User 2".to_owned()));
        assert_eq!(people.meet("u1", "", ""), bob);
        assert_eq!(people.meet("u2", "ANN", "Ann"), ann);
        assert_eq!(people.call("ann"), ann);
        assert_eq!(people.call("@Bob"), bob);
    }

    #[test]
    fn two_faces_of_one_person_become_one() {
        let mut people = People::new(&["eve".to_owned()]);
        let by_id = people.meet("u1", "", "");
        let by_login = people.meet("", "eve", "");
        let called = people.call("Eve Smith");
        assert_ne!(people.login(by_id), people.login(by_login));
        people.meet("u1", "eve", "Eve Smith");
        for face in [by_id, by_login, called] {
            assert_eq!(people.login(face), "user1");
            assert!(people.keeps(face));
        }
    }

    #[test]
    fn a_pseudonym_is_not_the_name_of_somebody_who_keeps_it() {
        let mut people = People::new(&["@User1".to_owned()]);
        let bob = people.meet("u1", "bob", "");
        assert_eq!(people.login(bob), "user2");
    }
}
