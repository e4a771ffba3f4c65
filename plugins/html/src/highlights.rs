//! What a room's front points out: pinned messages and the longest threads, so many and no more.

use export_sdk::{Message, plain_line};

use crate::escape::Markup;
use crate::leaf::{Folder, Leaf};
use crate::unmarked::unmarked;
use crate::when::{Count, Counted, Local, Moment};

const PINNED: usize = 50;
const THREADS: usize = 20;
/// Characters of a text that are shown.
const LINE: usize = 120;

/// A message to point at.
struct Pointer {
    leaf: Leaf,
    id: String,
    author: String,
    line: String,
    at: Local,
}

impl Pointer {
    fn of(message: &Message<'_>, leaf: Leaf, at: Local) -> Self {
        let name = message.author.name.filter(|name| !name.trim().is_empty());
        let author = message.alias().unwrap_or_else(|| name.unwrap_or(message.author.username).into());
        let file = message.files.first().map(|file| file.name.clone()).unwrap_or_default();
        let text = if message.text.trim().is_empty() { &file } else { message.text };
        Self { leaf, id: message.id.to_owned(), author: author.into_owned(), line: line(text), at }
    }

    fn link(&self, page: &mut Markup, folder: &Folder) {
        page.tag("<li><a href=\"");
        folder.link(page, Some(Leaf::Front), self.leaf).fragment(&self.id);
        page.tag("\"><span class=\"line\" dir=\"auto\">");
        page.text(if self.line.is_empty() { "…" } else { &self.line });
        page.tag("</span></a> <small><bdi>").text(&self.author).tag("</bdi>, ").put(Moment(self.at));
    }
}

/// The beginning of a text, without its marks.
fn line(text: &str) -> String {
    let beginning = text.char_indices().nth(4 * LINE).map_or(text, |(end, _)| &text[..end]);
    let words = unmarked(beginning);
    let plain = plain_line(&words);
    match plain.char_indices().nth(LINE) {
        Some((end, _)) => format!("{}…", plain[..end].trim_end()),
        None => plain,
    }
}

/// Pinned messages, in the order of the room.
#[derive(Default)]
pub(crate) struct Pins {
    first: Vec<Pointer>,
    count: u64,
}

impl Pins {
    pub(crate) fn add(&mut self, message: &Message<'_>, leaf: Leaf, at: Local) {
        if message.pinned.is_none() {
            return;
        }
        self.count += 1;
        if self.first.len() < PINNED {
            self.first.push(Pointer::of(message, leaf, at));
        }
    }

    pub(crate) fn list(&self, page: &mut Markup, folder: &Folder) {
        if self.first.is_empty() {
            return;
        }
        page.tag("<details class=\"more\"><summary>").show(Count(self.count));
        page.tag(" pinned</summary>\n<ol class=\"pointers\">\n");
        for pin in &self.first {
            pin.link(page, folder);
            page.tag("</small></li>\n");
        }
        page.tag("</ol>\n");
        let more = self.count - self.first.len() as u64;
        if more > 0 {
            page.tag("<p class=\"note\">and ").show(Count(more)).tag(" more</p>\n");
        }
        page.tag("</details>\n");
    }
}

/// The threads of most replies, longest first.
#[derive(Default)]
pub(crate) struct Longest {
    threads: Vec<(u64, Pointer)>,
    open: Option<Pointer>,
    count: u64,
}

impl Longest {
    /// The message may begin a thread.
    pub(crate) fn begin(&mut self, message: &Message<'_>, leaf: Leaf, at: Local) {
        let begins = message.replies.as_ref().is_some_and(|replies| replies.count > 0);
        self.open = begins.then(|| Pointer::of(message, leaf, at));
    }

    /// The thread that began last has so many replies.
    pub(crate) fn end(&mut self, replies: u64) {
        let Some(thread) = self.open.take().filter(|_| replies > 0) else { return };
        self.count += 1;
        let place = self.threads.partition_point(|(longer, _)| *longer >= replies);
        if place < THREADS {
            self.threads.insert(place, (replies, thread));
            self.threads.truncate(THREADS);
        }
    }

    pub(crate) fn list(&self, page: &mut Markup, folder: &Folder, own_pages: bool) {
        if self.threads.is_empty() {
            return;
        }
        page.tag("<details class=\"more\"><summary>").show(Counted(self.count, "thread", "threads"));
        page.tag("</summary>\n<ol class=\"pointers\">\n");
        for (replies, thread) in &self.threads {
            thread.link(page, folder);
            page.tag(" · ").show(Counted(*replies, "reply", "replies")).tag("</small></li>\n");
        }
        page.tag("</ol>\n");
        let more = self.count - self.threads.len() as u64;
        if more > 0 {
            page.tag("<p class=\"note\">and ").show(Count(more)).tag(" shorter ones</p>\n");
        }
        if own_pages {
            page.tag("<p><a href=\"");
            folder
                .link(page, Some(Leaf::Front), Leaf::Threads(1))
                .tag("\">All threads on their own</a></p>\n");
        }
        page.tag("</details>\n");
    }
}

#[cfg(test)]
mod tests {
    use export_sdk::{Author, Replies, Timestamp};

    use super::*;

    #[test]
    fn the_longest_threads_come_first_and_the_rest_is_counted() {
        let author = Author { id: "u", username: "al", name: None };
        let mut message = Message::new("m", "r", author, Timestamp::from_millis(0), "**Hello**\n there");
        message.replies = Some(Replies { count: 1, last: None, followers: vec![] });
        let zone = crate::when::Zone::of(&export_sdk::conformance::sample_scope());
        let mut longest = Longest::default();
        for replies in 0..30 {
            longest.begin(&message, Leaf::Front, zone.local(message.sent_at));
            longest.end(replies);
        }
        let mut page = Markup::default();
        longest.list(&mut page, &Folder { slug: "g".into(), only: true }, true);
        let page = page.as_str();
        assert!(
            page.find("29 replies") < page.find("28 replies") && page.contains("and 9 shorter ones"),
            "{page}"
        );
        assert!(!page.contains(" 9 replies") && page.contains("Hello there"), "{page}");
    }
}
