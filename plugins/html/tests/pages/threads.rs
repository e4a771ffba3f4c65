//! Threads: in place, and on pages of their own.

use export_sdk::{Message, Pinned};

use crate::support::{Files, archive, assert_whole, counts, ids, message, one_room, replies, room, scope};

/// A thousand messages and, among them, a thread of so many replies.
fn with_thread(ids: &[String], count: usize, promised: u64) -> Files {
    let messages: Vec<Message<'_>> = ids
        .iter()
        .enumerate()
        .map(|(n, id)| {
            let mut message = message(id, n);
            if n == 10 {
                message.replies = replies(promised);
            }
            if (11..11 + count).contains(&n) {
                message.thread = Some("m10");
            }
            message
        })
        .collect();
    one_room(&messages)
}

const MONTH: &str = "r/general/2024-03.html";
const ALONE: &str = "r/general/threads-0001.html";

#[test]
fn a_thread_stands_in_the_room_and_on_its_own() {
    let ids = ids(1200);
    for (count, open) in [(3, true), (100, false)] {
        let files = with_thread(&ids, count, count as u64);
        let (month, alone) = (&files[MONTH], &files[ALONE]);
        assert!(month.contains(if open { "<details open><summary>" } else { "<details><summary>" }));
        assert!(month.contains("<a class=\"alone\" href=\"threads-0001.html#:t-m10\">"), "{month}");
        assert!(
            alone.contains("id=\":t-m10\"") && alone.contains("<a href=\"2024-03.html#m10\">in the room</a>")
        );
        assert_eq!(alone.matches("<li class=\"message").count(), count + 1);
        assert!(month.contains("id=\"m11\"") && alone.contains("id=\"m11\""));
        assert!(files["index.html"].contains("<summary>1 thread</summary>"));
        assert_whole(&files);
    }
}

#[test]
fn of_a_long_thread_the_room_shows_the_beginning() {
    let ids = ids(3000);
    let files = with_thread(&ids, 1500, 1500);
    let month = &files[MONTH];
    assert!(month.contains("id=\"m60\"") && !month.contains("id=\"m61\""));
    assert!(month.contains("<a href=\"threads-0001.html#m61\">The other replies of 1,500</a>"), "{month}");
    assert!(files[ALONE].contains("Continues on the next page"));
    assert!(files["r/general/threads-0002.html"].contains(", continued</h2>"));
    let alone: Vec<_> = counts(&files).into_iter().filter(|(name, _)| name.contains("threads")).collect();
    assert_eq!(alone, [(ALONE, 1000), ("r/general/threads-0002.html", 501)]);
    assert_whole(&files);
}

#[test]
fn a_thread_longer_than_promised_is_cut_short_later() {
    let ids = ids(2000);
    let files = with_thread(&ids, 300, 0);
    assert!(files[MONTH].contains("<summary>Replies</summary>"));
    assert!(files[MONTH].contains("id=\"m210\"") && !files[MONTH].contains("id=\"m211\""));
    assert_whole(&files);
}

#[test]
fn threads_share_pages_until_these_are_full() {
    let ids = ids(4400);
    let messages: Vec<_> = ids
        .iter()
        .enumerate()
        .map(|(n, id)| {
            let mut message = message(id, n);
            if n % 4 == 0 {
                message.replies = replies(3);
            } else {
                message.thread = Some(&ids[n - n % 4]);
            }
            message
        })
        .collect();
    let files = one_room(&messages);
    let alone: Vec<_> = counts(&files).into_iter().filter(|(name, _)| name.contains("threads")).collect();
    assert_eq!(alone.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [1000, 1000, 1000, 1000, 400]);
    assert!(files["index.html"].contains("and 1,080 shorter ones"));
    assert_whole(&files);
}

#[test]
fn replies_say_where_they_belong() {
    let mut parent = message("m1", 0);
    parent.replies = replies(3);
    let mut reply = message("m2", 2000);
    reply.thread = Some("m1");
    let mut orphan = message("m3", 1);
    orphan.thread = Some("elsewhere");
    let files = one_room(&[parent, reply, orphan]);
    let page = &files["index.html"];
    assert!(page.contains("<summary>3 replies</summary>"), "{page}");
    assert!(page.contains("2 replies are not part of this export") && !page.contains("class=\"alone\""));
    let thread =
        page.split_once("<div class=\"thread\">").and_then(|(_, rest)| rest.split_once("</details>"));
    let (thread, after) = thread.expect("a thread");
    assert!(thread.contains("id=\"m2\"") && thread.contains("11 Mar 2024, 01:20"), "{thread}");
    assert!(after.contains("id=\"m3\"") && after.contains("Reply to a message that is not part"));
    assert_whole(&files);
}

#[test]
fn the_replies_to_a_pinned_message_are_not_in_its_box() {
    let mut parent = message("m1", 0);
    parent.pinned = Some(Pinned { at: None, by: None });
    let mut reply = message("m2", 1);
    reply.thread = Some("m1");
    let files = one_room(&[parent, reply]);
    let (_, after) = files["index.html"].split_once("<div class=\"pinned\">").expect("a box");
    let (pinned, rest) = after.split_once("<div class=\"thread\"").expect("a thread");
    assert_eq!(pinned.matches("</div>").count(), pinned.matches("<div").count() + 1, "{pinned}");
    assert!(rest.contains("id=\"m2\"") && !rest.contains("\"pinned\""), "{rest}");
    assert_whole(&files);
}

/// The counts of what `before` stands in front of: `12 messages` is 12.
fn sum(page: &str, before: &str) -> u64 {
    let counts = page.split(before).skip(1).map(|rest| {
        let digits: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
        digits.replace(',', "").parse::<u64>().expect("a count")
    });
    counts.sum()
}

#[test]
fn calendars_count_every_reply_on_its_own_day() {
    let ids = ids(1500);
    // From 9 March: a message a day for ten days, a thread of 1,400 replies over half a year, the rest after.
    let messages: Vec<_> = ids
        .iter()
        .enumerate()
        .map(|(n, id)| {
            let day = match n {
                0..10 => n,
                10..1410 => 9 + (n - 10) / 8,
                _ => 100 + (n - 1410),
            };
            let mut message = message(id, day * 1440 + n % 8);
            if n == 9 {
                message.replies = replies(1400);
            }
            if (10..1410).contains(&n) {
                message.thread = Some("m9");
            }
            message
        })
        .collect();
    let rooms = [(room("general"), &messages[..]), (room("small"), &messages[..100])];
    let files = archive(&scope(), &rooms);
    let strips = &files["index.html"];
    // Of a month the front says "March 2024: 15 messages", of a day "9 Mar 2024: 1".
    assert_eq!(sum(strips, " 2024: "), 1600);
    for (front, total) in [("r/general/index.html", 1500), ("r/small/index.html", 100)] {
        let front = &files[front];
        assert_eq!((sum(front, "</h3> <small>"), sum(front, " 2024: ")), (total, total), "{front}");
    }
    let front = &files["r/general/index.html"];
    for expected in [
        // Headings come first; then replies in place, and at last those on pages of threads.
        "href=\"2024-03.html#:2024-03-18\" title=\"18 Mar 2024: 9\">",
        "href=\"2024-03.html#m18\" title=\"19 Mar 2024: 8\">",
        "href=\"threads-0001.html#m66\" title=\"25 Mar 2024: 8\">",
        "href=\"2024-06.html#:2024-06-17\" title=\"17 Jun 2024: 9\">",
        "<a href=\"2024-06.html#:2024-06-17\">June 2024</a>",
        "<a href=\"threads-0001.html#m122\">April 2024</a>",
    ] {
        assert!(front.contains(expected), "{expected} in {front}");
    }
    let small = &files["r/small/index.html"];
    assert!(small.contains("href=\"index.html#m18\" title=\"19 Mar 2024: 8\">"), "{small}");
    assert!(!front.contains("on this page"), "it has none");
    assert!(files["r/general/2024-03.html"].contains("60 messages on this page, with replies"));
    assert_whole(&files);
}
