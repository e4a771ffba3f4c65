//! Initials and a colour in place of a picture: the same person looks the same on every page.

use crate::escape::Markup;

/// As many hues as the stylesheet has.
const HUES: [&str; 12] = [
    "avatar hue-0",
    "avatar hue-1",
    "avatar hue-2",
    "avatar hue-3",
    "avatar hue-4",
    "avatar hue-5",
    "avatar hue-6",
    "avatar hue-7",
    "avatar hue-8",
    "avatar hue-9",
    "avatar hue-10",
    "avatar hue-11",
];

/// The avatar of a person: initials of the shown name, colour by login name.
pub(crate) fn avatar(page: &mut Markup, shown: &str, username: &str) {
    page.tag("<span class=\"").tag(HUES[hue(username)]).tag("\" aria-hidden=\"true\">");
    let mut words = shown.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    for initial in [first.or(Some('?')), last].into_iter().flatten() {
        if initial.is_ascii() {
            page.text(initial.to_ascii_uppercase().encode_utf8(&mut [0; 4]));
        } else {
            page.show(initial.to_uppercase());
        }
    }
    page.tag("</span>");
}

/// FNV-1a: stable over releases and machines, which the standard hasher does not promise.
fn hue(username: &str) -> usize {
    let hash = username
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash % 12) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_those_of_the_first_and_the_last_word() {
        for (name, initials) in
            [("Ada van Dyke", ">AD<"), ("bob", ">B<"), ("<b>", ">B<"), ("", ">?<"), ("émile zola", ">ÉZ<")]
        {
            let mut page = Markup::default();
            avatar(&mut page, name, "same");
            assert!(page.as_str().contains(initials), "{name}: {}", page.as_str());
        }
    }

    #[test]
    fn different_people_get_different_colours() {
        let hues: std::collections::BTreeSet<_> =
            ["bob", "al", "eve", "ada", "zoe.horn", "sara.falk"].into_iter().map(hue).collect();
        assert!(hues.len() > 2, "{hues:?}");
    }
}
