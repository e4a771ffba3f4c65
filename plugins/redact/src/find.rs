//! Where in a text something stands that may be blacked out; one rule a file.
//!
//! All return byte ranges from left to right that do not overlap, in time linear in the text.

mod card;
mod digits;
mod email;
mod iban;
mod ip;
mod phone;

pub(crate) use card::card;
pub(crate) use email::email;
pub(crate) use iban::iban;
pub(crate) use ip::ip;
pub(crate) use phone::phone;

/// The character before that byte.
fn before(text: &str, at: usize) -> Option<char> {
    text[..at].chars().next_back()
}

/// The character that begins at that byte.
fn after(text: &str, at: usize) -> Option<char> {
    text[at..].chars().next()
}

/// Whether the character is part of a longer word or id. Underscores make words slanted in Markdown.
fn is_word(c: char) -> bool {
    c.is_alphanumeric()
}

#[cfg(test)]
fn found(find: fn(&str) -> Vec<std::ops::Range<usize>>, text: &str) -> Vec<&str> {
    find(text).into_iter().map(|span| &text[span]).collect()
}
