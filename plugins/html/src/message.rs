//! One message: who, when, what, and everything that hangs on it.

use export_sdk::{Message, Timestamp, system_text};

use crate::known::Known;
use crate::leaf::{Folder, Leaf};

use crate::avatar::avatar;
use crate::card::cards;
use crate::escape::Markup;
use crate::inline::Named;
use crate::markdown::markdown;
use crate::reaction::reactions;
use crate::scan::is_blank;
use crate::when::{Clock, Exact, Local, Moment, ShortDate, Zone};

/// Where a message stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The first of its author's: with avatar and name.
    pub(crate) leads: bool,
    /// Beside its thread's beginning, or away from it.
    pub(crate) reply: Reply,
    pub(crate) at: Local,
    /// The day that the heading above announces, counted from 1970.
    pub(crate) day: i64,
    pub(crate) leaf: Leaf,
    pub(crate) folder: &'a Folder,
    pub(crate) known: &'a Known,
    pub(crate) zone: &'a Zone,
}

impl Place<'_> {
    /// The way from the page to the archive's top.
    pub(crate) fn up(&self) -> &'static str {
        self.folder.up(self.leaf)
    }
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
pub(crate) fn open(page: &mut Markup, message: &Message<'_>, place: Place<'_>) {
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
    let name = message.author.name.filter(|name| !is_blank(name)).unwrap_or(message.author.username);
    let shown = alias.as_deref().filter(|alias| !is_blank(alias)).unwrap_or(name);
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
        time(page, message, place.at, Some(place.day));
        page.tag("</p>");
    } else {
        // There is room for the hour only; the first of the group, or the event itself, has the date.
        time(page, message, place.at, None);
        page.tag(body);
    }
    notes(page, message, place);
    if let Some(sentence) = sentence {
        event(page, shown, &sentence, message.kind == Some("rm"));
        if place.at.day != place.day {
            page.tag(" <small>on ").put(ShortDate(place.at.date)).tag("</small>");
        }
        page.tag("</p>");
    } else if !is_blank(message.text) {
        let before = page.len();
        page.tag("<div class=\"text\" dir=\"auto\">");
        let empty = page.len();
        markdown(page, message.text, &Named::of(message));
        if page.len() == empty {
            // All of it was the mark of a quote, which stands below.
            page.truncate(before);
        } else {
            page.tag("</div>\n");
        }
    }
    edited(page, message, place);
    cards(page, message, place);
    reactions(page, &message.reactions);
    if message.pinned.is_some() {
        page.tag("</div>\n");
    }
}

/// Closes what [`open`] opened.
pub(crate) fn close(page: &mut Markup) {
    page.tag("</div></li>\n");
}

/// The time is the link to the message itself. Without a day above it, the hour alone is shown.
fn time(page: &mut Markup, message: &Message<'_>, at: Local, day: Option<i64>) {
    page.tag("<a class=\"time\" href=\"").fragment(message.id).tag("\" title=\"").put(Moment(at));
    page.tag("\">");
    clock(page, message.sent_at, at, day.unwrap_or(at.day));
    page.tag("</a>");
}

fn clock(page: &mut Markup, exact: Timestamp, at: Local, day: i64) {
    page.tag("<time datetime=\"").put(Exact(exact)).tag("\">");
    if at.day == day {
        page.put(Clock(at))
    } else {
        page.put(Moment(at))
    };
    page.tag("</time>");
}

fn notes(page: &mut Markup, message: &Message<'_>, place: Place<'_>) {
    const REPLY: &str = "<p class=\"note\"><svg aria-hidden=\"true\"><use href=\"#:reply\"/></svg>";
    match place.reply {
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
            page.tag(", ").put(Moment(place.zone.local(at)));
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

fn edited(page: &mut Markup, message: &Message<'_>, place: Place<'_>) {
    let Some(edited) = message.edited else { return };
    let at = place.zone.local(edited.at);
    page.tag("<p class=\"edited\" title=\"Edited ").put(Moment(at)).tag("\">(edited ");
    clock(page, edited.at, at, place.at.day);
    if edited.by_id != message.author.id {
        page.tag(" by <bdi>").text(edited.by_username).tag("</bdi>");
    }
    page.tag(")</p>");
}
