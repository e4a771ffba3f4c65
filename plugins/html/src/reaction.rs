//! Reactions: a chip for each emoji that opens the list of who gave it.

use export_sdk::Reaction;

use crate::emoji::emoji;
use crate::escape::Markup;
use crate::when::Count;

/// Adds the reactions of a message, if there are any.
pub(crate) fn reactions(page: &mut Markup, reactions: &[Reaction<'_>]) {
    if reactions.is_empty() {
        return;
    }
    page.tag("<ul class=\"reactions\" aria-label=\"Reactions\">");
    for reaction in reactions {
        page.tag("<li><details><summary><bdi>");
        let name = reaction.emoji.strip_prefix(':').and_then(|name| name.strip_suffix(':'));
        match name.and_then(emoji) {
            Some(known) => page.tag(known),
            None => page.text(reaction.emoji),
        };
        page.tag("</bdi> ").show(Count(reaction.usernames.len() as u64)).tag("</summary><p>");
        for (n, username) in reaction.usernames.iter().enumerate() {
            page.tag(if n == 0 { "<bdi>" } else { ", <bdi>" });
            page.text(reaction.names.get(n).filter(|name| !name.is_empty()).unwrap_or(username));
            page.tag("</bdi>");
        }
        page.tag("</p></details></li>");
    }
    page.tag("</ul>\n");
}
