//! Texts as Mattermost takes them: people by their names there, no NUL, and not too long.
//!
//! Mattermost shows Markdown and escapes it itself, so a text goes over as it was typed.

use std::borrow::Cow;

use export_sdk::Mention;

use crate::name;

/// The most characters of one post.
pub(crate) const LONGEST: usize = 16_383;

/// `text` without what the database behind Mattermost refuses. All texts pass through here.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

/// The first `longest` characters of the text.
pub(crate) fn first(text: &str, longest: usize) -> Cow<'_, str> {
    let end = text.char_indices().nth(longest).map_or(text.len(), |(end, _)| end);
    clean(&text[..end])
}

/// `text` with `@name` changed where the person got another name.
pub(crate) fn renamed<'t>(text: &'t str, mentions: &[Mention<'_>]) -> Cow<'t, str> {
    let others = |mention: &&Mention<'_>| !matches!(&*mention.username, "all" | "here");
    let changed: Vec<(&str, String)> = mentions
        .iter()
        .filter(others)
        .map(|mention| (&*mention.username, name::user(&mention.username)))
        .filter(|(old, new)| old != new)
        .collect();
    if changed.is_empty() {
        return clean(text);
    }
    let mut out = String::with_capacity(text.len() + 32);
    let mut parts = text.split('@');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        out.push('@');
        let named = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
        let name = &part[..part.find(|c| !named(c)).unwrap_or(part.len())];
        let found = changed.iter().find(|(old, _)| name == *old || name.trim_end_matches('.') == *old);
        if let Some((old, new)) = found {
            out.push_str(new);
            out.push_str(&part[old.len()..]);
        } else {
            out.push_str(part);
        }
    }
    Cow::Owned(clean(&out).into_owned())
}

/// The text in parts of at most [`LONGEST`] characters, at least one; where it can be, a part ends
/// where a line or a word does. Joined they are the text again.
pub(crate) fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((end, _)) = rest.char_indices().nth(LONGEST) {
        let head = &rest[..end];
        let late = head.char_indices().nth(LONGEST / 2).map_or(0, |(late, _)| late);
        let ends = |c: char| head[late..].rfind(c).map(|at| late + at + 1);
        let cut = ends('\n').or_else(|| ends(' ')).unwrap_or(end);
        parts.push(&rest[..cut]);
        rest = &rest[cut..];
    }
    if parts.is_empty() || !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_mentioned_by_their_new_names() {
        let mention = |name: &'static str| Mention { id: "u".into(), username: name.into(), name: None };
        let people = [mention("Bob"), mention("al"), mention("all")];
        let bob = name::user("Bob");
        assert_eq!(
            renamed("@Bob, @Bob. @al @all @Bobby", &people),
            format!("@{bob}, @{bob}. @al @all @Bobby")
        );
        assert_eq!(renamed("a\0b", &[]), "a\u{fffd}b");
    }

    #[test]
    fn a_long_text_is_cut_between_words_and_nothing_is_lost() {
        for text in ["word ".repeat(10_000), "ä".repeat(40_000), "line\n".repeat(4000)] {
            let parts = parts(&text);
            assert!(
                parts.len() > 1 && parts.iter().all(|part| (1..=LONGEST).contains(&part.chars().count()))
            );
            assert_eq!(parts.concat(), text);
        }
        assert!(parts(&"word ".repeat(10_000)).iter().all(|part| part.ends_with(' ')));
        assert_eq!(parts(""), [""]);
        assert_eq!(parts(&"x".repeat(LONGEST)).len(), 1);
    }
}
