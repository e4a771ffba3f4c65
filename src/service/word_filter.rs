//! Words that the administrator does not want to read: stars take their place.

use std::collections::HashSet;

use super::settings;
use crate::app::App;
use crate::error::Result;

/// What is filtered without being listed.
const USUAL: &[&str] = &[
    "arse",
    "arsehole",
    "asshole",
    "bastard",
    "bitch",
    "bitches",
    "bollocks",
    "bullshit",
    "cock",
    "crap",
    "cunt",
    "dick",
    "dickhead",
    "fuck",
    "fucked",
    "fucker",
    "fucking",
    "motherfucker",
    "piss",
    "prick",
    "pussy",
    "shit",
    "shitty",
    "slut",
    "twat",
    "wanker",
    "whore",
];

/// The text with stars for every letter of unwanted words, if the filter is on.
pub fn clean(app: &App, text: String) -> Result<String> {
    if !settings::is_on(app, "Message_AllowBadWordsFilter")? {
        return Ok(text);
    }
    let lower = |words: Vec<String>| words.into_iter().map(|word| word.to_lowercase());
    let mut unwanted: HashSet<String> = USUAL.iter().map(|word| (*word).to_owned()).collect();
    unwanted.extend(lower(settings::words(app, "Message_BadWordsFilterList")?));
    for wanted in lower(settings::words(app, "Message_BadWordsWhitelist")?) {
        unwanted.remove(&wanted);
    }
    Ok(starred(&text, &unwanted))
}

fn starred(text: &str, unwanted: &HashSet<String>) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let in_word = |c: char| c.is_alphanumeric() || c == '_';
        let end = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        if unwanted.contains(&word.to_lowercase()) {
            clean.extend(word.chars().map(|_| '*'));
        } else {
            clean.push_str(word);
        }
        let begin = behind.find(in_word).unwrap_or(behind.len());
        clean.push_str(&behind[..begin]);
        rest = &behind[begin..];
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_become_stars_whatever_their_case() {
        let unwanted = ["badword", "ärger"].into_iter().map(ToOwned::to_owned).collect();
        let clean = |text| starred(text, &unwanted);
        assert_eq!(clean("This has BadWord, badword!"), "This has *******, *******!");
        assert_eq!(clean("badwords mybadword bad_word"), "badwords mybadword bad_word");
        assert_eq!(clean(" Ärger\nbadword"), " *****\n*******");
        assert_eq!(clean(""), "");
    }
}
