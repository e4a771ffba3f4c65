//! Emoji may be called after people: new names for them.

use crate::{Reaction, Texts};

/// Offers the name of every emoji to `rename`, and puts in what it returns. Reactions whose emoji
/// become the same become one, in which nobody stands twice.
pub fn rename_reactions<'a>(
    reactions: &mut Vec<Reaction<'a>>,
    texts: &'a Texts,
    mut rename: impl FnMut(&str) -> Option<String>,
) {
    let mut renamed = false;
    for reaction in &mut *reactions {
        if let Some(emoji) = rename(reaction.emoji) {
            reaction.emoji = texts.keep(emoji);
            renamed = true;
        }
    }
    if !renamed {
        return;
    }
    let mut left: Vec<Reaction<'a>> = Vec::with_capacity(reactions.len());
    for reaction in reactions.drain(..) {
        match left.iter_mut().find(|other| other.emoji == reaction.emoji) {
            Some(other) => join(other, &reaction),
            None => left.push(reaction),
        }
    }
    *reactions = left;
}

fn join<'a>(into: &mut Reaction<'a>, other: &Reaction<'a>) {
    let named = !into.names.is_empty() || !other.names.is_empty();
    if named {
        into.names.resize(into.usernames.len(), "");
    }
    for (n, login) in other.usernames.iter().enumerate() {
        if into.usernames.contains(login) {
            continue;
        }
        into.usernames.push(login);
        if named {
            into.names.push(other.names.get(n).copied().unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_that_become_the_same_become_one() {
        let reaction = |emoji, usernames: &[&'static str]| Reaction {
            emoji,
            usernames: usernames.to_vec(),
            names: vec![],
        };
        let mut reactions =
            vec![reaction(":a:", &["bob"]), reaction(":x:", &[]), reaction(":b:", &["ann", "bob"])];
        reactions[2].names = vec!["Ann", "Bob"];
        let texts = Texts::new();
        rename_reactions(&mut reactions, &texts, |emoji| (emoji != ":x:").then(|| ":new:".to_owned()));
        let left: Vec<_> = reactions.iter().map(|reaction| (reaction.emoji, &*reaction.usernames)).collect();
        assert_eq!(left, [(":new:", &["bob", "ann"][..]), (":x:", &[])]);
        assert_eq!(reactions[0].names, ["", "Ann"]);
    }
}
