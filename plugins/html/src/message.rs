//! One message: who, when, what, and everything that hangs on it.

use export_sdk::{Message, Timestamp, system_text};

use crate::avatar::avatar;
use crate::card::cards;
use crate::escape::Markup;
use crate::inline::Named;
use crate::markdown::markdown;
use crate::reaction::reactions;
use crate::when::{Clock, Moment, ShortDate, day_number};

/// Where a message stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// The first of its author's: with avatar and name.
    pub(crate) leads: bool,
    /// Beside its thread's beginning, or away from it.
    pub(crate) reply: Reply,
    /// The UTC day that the heading above announces.
    pub(crate) day: i64,
    /// The way from the page to the folder of the export.
    pub(crate) up: &'static str,
}

/// What a message has to do with a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Nothing, or it begins one.
    No,
    /// It stands under the message that began the thread.
    InThread,
    /// The message that began the thread is not here.
    Orphan,
}

/// Opens the item of a message and adds all of it; the item is left open for its replies.
pub(crate) fn open(page: &mut Markup, message: &Message<'_>, place: Place) {
    let sentence = system_text(message);
    page.tag("<li class=\"message");
    page.tag(match (&sentence, place.leads) {
        (Some(_), _) => " system\"",
        (None, true) => " leads\"",
        (None, false) => "\"",
    });
    if !message.id.is_empty() {
        page.tag(" id=\"").text(message.id).tag("\"");
    }
    page.tag(">");
    let alias = message.alias();
    let name = message.author.name.filter(|name| !name.trim().is_empty()).unwrap_or(message.author.username);
    let shown = alias.as_deref().filter(|alias| !alias.trim().is_empty()).unwrap_or(name);
    // A box of its own: the replies in the body are not pinned.
    let body = if message.pinned.is_some() {
        "<div class=\"body\"><div class=\"pinned\">"
    } else {
        "<div class=\"body\">"
    };
    if sentence.is_none() && place.leads {
        avatar(page, shown, message.author.username);
        page.tag(body).tag("<p class=\"by\"><bdi class=\"name\">").text(shown).tag("</bdi> ");
        if shown != message.author.username {
            page.tag("<bdi class=\"login\">@").text(message.author.username).tag("</bdi> ");
        }
        time(page, message, place.day);
        page.tag("</p>");
    } else {
        // There is room for the hour only; the first of the group, or the event itself, has the date.
        time(page, message, day_number(message.sent_at));
        page.tag(body);
    }
    notes(page, message, place.reply);
    if let Some(sentence) = sentence {
        event(page, shown, &sentence, message.kind == Some("rm"));
        if day_number(message.sent_at) != place.day {
            page.tag(" <small>on ").show(ShortDate(message.sent_at)).tag("</small>");
        }
        page.tag("</p>");
    } else if !message.text.trim().is_empty() {
        page.tag("<div class=\"text\" dir=\"auto\">");
        markdown(page, message.text, &Named::of(message));
        page.tag("</div>\n");
    }
    edited(page, message);
    cards(page, message, place.up);
    reactions(page, &message.reactions);
    if message.pinned.is_some() {
        page.tag("</div>\n");
    }
}

/// Closes what [`open`] opened.
pub(crate) fn close(page: &mut Markup) {
    page.tag("</div></li>\n");
}

/// The time is the link to the message itself.
fn time(page: &mut Markup, message: &Message<'_>, day: i64) {
    let at = message.sent_at;
    page.tag("<a class=\"time\" href=\"")
        .fragment(message.id)
        .tag("\"><time datetime=\"")
        .show(at)
        .tag("\">");
    clock(page, at, day);
    page.tag("</time></a>");
}

fn clock(page: &mut Markup, at: Timestamp, day: i64) {
    if day_number(at) == day {
        page.show(Clock(at))
    } else {
        page.show(Moment(at))
    };
}

fn notes(page: &mut Markup, message: &Message<'_>, reply: Reply) {
    const REPLY: &str = "<p class=\"note\"><svg aria-hidden=\"true\"><use href=\"#:reply\"/></svg>";
    match reply {
        Reply::No => {}
        Reply::Orphan => {
            page.tag(REPLY).tag("Reply to a message that is not part of this export</p>");
        }
        Reply::InThread => {
            if message.shown_in_room {
                page.tag(REPLY).tag("Also sent to the room</p>");
            }
        }
    }
    if let Some(pinned) = message.pinned {
        page.tag("<p class=\"note pin\"><svg aria-hidden=\"true\"><use href=\"#:pin\"/></svg>Pinned");
        if let Some((_, username)) = pinned.by {
            page.tag(" by <bdi>").text(username).tag("</bdi>");
        }
        if let Some(at) = pinned.at {
            page.tag(", ").show(Moment(at));
        }
        page.tag("</p>");
    }
}

/// `Bob joined the channel`; what is no sentence about its actor is set apart from the name.
fn event(page: &mut Markup, actor: &str, sentence: &str, removed: bool) {
    page.tag(if removed { "<p class=\"event removed\"><bdi>" } else { "<p class=\"event\"><bdi>" });
    page.text(actor);
    let apart = removed || sentence.starts_with(|c: char| c.is_uppercase() || c == '[');
    page.tag(if apart { "</bdi>: <bdi>" } else { "</bdi> <bdi>" }).text(sentence).tag("</bdi>");
}

fn edited(page: &mut Markup, message: &Message<'_>) {
    let Some(edited) = message.edited else { return };
    page.tag("<p class=\"edited\">(edited <time datetime=\"").show(edited.at).tag("\">");
    clock(page, edited.at, day_number(message.sent_at));
    page.tag("</time>");
    if edited.by_id != message.author.id {
        page.tag(" by <bdi>").text(edited.by_username).tag("</bdi>");
    }
    page.tag(")</p>");
}
