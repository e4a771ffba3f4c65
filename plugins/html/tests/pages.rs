//! Rooms of more than one page: where pages end, and that every link between them leads somewhere.

use std::collections::BTreeMap;

use export_sdk::conformance::render;
use export_sdk::{Author, Message, Pinned, Registry, Replies, Settings, Timestamp};
use serde_json::Value;

const AL: Author<'static> = Author { id: "u1", username: "al", name: Some("Al") };

fn message(id: &str, minute: usize) -> Message<'_> {
    let minute = i64::try_from(minute).expect("small");
    Message::new(id, "GENERAL", AL, Timestamp::from_millis(1_710_000_000_000 + minute * 60_000), "hello")
}

fn pages(messages: &[Message<'_>]) -> BTreeMap<String, String> {
    let mut registry = Registry::default();
    let settings = Settings::new("html", toml::Table::new(), "");
    export_html::register(&mut registry, &settings).expect("registers with empty settings");
    let format = registry.format("html").expect("registered");
    let files = render(format, &Value::Null, messages).expect("renders");
    files.into_iter().map(|(name, bytes)| (name, String::from_utf8(bytes).expect("UTF-8"))).collect()
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("m{n}")).collect()
}

fn messages_of(page: &str) -> usize {
    page.matches(" id=\"m").count()
}

fn header(page: &str) -> &str {
    page.split_once("</header>").expect("a header").0
}

/// Every relative link of every page leads to a page and an id that exist, and all tags are closed.
fn assert_whole(pages: &BTreeMap<String, String>) {
    for (name, page) in pages {
        for link in page.split(" href=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default()) {
            let (file, id) = link.split_once('#').unwrap_or((link, ""));
            let target = match (file, file.strip_prefix("../")) {
                ("", _) => name.clone(),
                (_, Some(main)) => main.to_owned(),
                (file, None) if file.starts_with("pages/") => file.to_owned(),
                (file, None) => format!("pages/{file}"),
            };
            let found = pages.get(&target).unwrap_or_else(|| panic!("{name}: {link} leads nowhere"));
            assert!(id.is_empty() || found.contains(&format!(" id=\"{id}\"")), "{name}: no {id} in {target}");
        }
        for tag in ["li", "ol", "ul", "section", "details", "div", "main", "p", "a", "dl"] {
            let opened =
                page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{name}: <{tag}>");
        }
    }
}

#[test]
fn a_small_room_is_one_page() {
    let ids = ids(1000);
    let messages: Vec<_> = ids.iter().enumerate().map(|(n, id)| message(id, n)).collect();
    let pages = pages(&messages);
    assert_eq!(pages.keys().collect::<Vec<_>>(), ["general.html"]);
    assert_eq!(messages_of(&pages["general.html"]), 1000);
    let header = header(&pages["general.html"]);
    assert!(header.contains("<dt>Messages</dt><dd>1,000, from"), "{header}");
    assert_whole(&pages);
}

#[test]
fn a_large_room_is_an_index_and_linked_pages() {
    let ids = ids(2500);
    let messages: Vec<_> = ids.iter().enumerate().map(|(n, id)| message(id, n)).collect();
    let pages = pages(&messages);
    let counts: Vec<_> = pages.iter().map(|(name, page)| (name.as_str(), messages_of(page))).collect();
    let expected =
        [("general.html", 0), ("pages/0001.html", 1000), ("pages/0002.html", 1000), ("pages/0003.html", 500)];
    assert_eq!(counts, expected);
    let ways = |page: &str| {
        (pages[page].matches("<a rel=\"prev\"").count(), pages[page].matches("<a rel=\"next\"").count())
    };
    assert_eq!(
        [ways("pages/0001.html"), ways("pages/0002.html"), ways("pages/0003.html")],
        [(0, 1), (2, 1), (2, 0)]
    );
    let index = &pages["general.html"];
    assert!(header(&pages["pages/0002.html"]).contains("Page 2 · 2,500 messages on all pages"));
    assert!(index.contains("Page 3 · 500 messages") && index.contains("<b>9 Mar 2024 – 10 Mar 2024</b>"));
    assert_whole(&pages);
}

#[test]
fn a_count_that_may_be_too_low_is_not_shown() {
    let ids = ids(10_000);
    let messages: Vec<_> = ids.iter().enumerate().map(|(n, id)| message(id, n)).collect();
    let page = &pages(&messages)["pages/0001.html"];
    assert!(!page.contains("on all pages") && page.contains("<dt>Messages</dt><dd>from the beginning"));
}

#[test]
fn pages_of_one_day_are_told_apart_by_their_times() {
    let ids = ids(1100);
    let messages: Vec<_> = ids.iter().enumerate().map(|(n, id)| message(id, n / 10)).collect();
    let pages = pages(&messages);
    let index = &pages["general.html"];
    for card in [
        "<b>9 Mar 2024, 16:00 – 17:39 UTC</b> <small>Page 1",
        "<b>9 Mar 2024, 17:40 – 17:49 UTC</b> <small>Page 2",
    ] {
        assert!(index.contains(card), "{card} in {index}");
    }
}

#[test]
fn a_thread_stays_with_its_beginning_until_the_page_is_twice_as_long() {
    let ids = ids(4500);
    let messages: Vec<_> = ids
        .iter()
        .enumerate()
        .map(|(n, id)| {
            let mut message = message(id, n);
            match n {
                // A thread over the end of the first page, and one that no page can hold.
                995 => message.replies = Some(Replies { count: 300, last: None, followers: vec![] }),
                996..1296 => message.thread = Some("m995"),
                1296 => message.replies = Some(Replies { count: 3003, last: None, followers: vec![] }),
                1297..4300 => message.thread = Some("m1296"),
                _ => {}
            }
            message
        })
        .collect();
    let pages = pages(&messages);
    assert_eq!(messages_of(&pages["pages/0001.html"]), 1296);
    assert_eq!(messages_of(&pages["pages/0002.html"]), 2000);
    assert_eq!(messages_of(&pages["pages/0003.html"]), 1004);
    assert_eq!(messages_of(&pages["pages/0004.html"]), 200);
    assert!(pages["pages/0002.html"].contains("Continues on the next page"));
    assert!(pages["pages/0003.html"].contains("href=\"0002.html#m1296\""));
    assert!(!pages.values().any(|page| page.contains("not part of this export")));
    assert_whole(&pages);
}

#[test]
fn replies_say_where_they_belong() {
    let mut parent = message("m1", 0);
    parent.replies = Some(Replies { count: 3, last: None, followers: vec![] });
    let mut reply = message("m2", 2000);
    reply.thread = Some("m1");
    let mut orphan = message("m3", 1);
    orphan.thread = Some("elsewhere");
    let pages = pages(&[parent, reply, orphan]);
    let page = &pages["general.html"];
    assert!(
        page.contains("<summary>3 replies</summary>")
            && page.contains("2 replies are not part of this export")
    );
    let thread =
        page.split_once("<details").and_then(|(_, rest)| rest.split_once("</details>")).expect("a thread");
    assert!(thread.0.contains("id=\"m2\"") && thread.0.contains("11 Mar 2024, 01:20"), "{}", thread.0);
    assert!(thread.1.contains("id=\"m3\"") && thread.1.contains("Reply to a message that is not part"));
    assert_whole(&pages);
}

#[test]
fn the_replies_to_a_pinned_message_are_not_in_its_box() {
    let mut parent = message("m1", 0);
    parent.pinned = Some(Pinned { at: None, by: None });
    let mut reply = message("m2", 1);
    reply.thread = Some("m1");
    let pages = pages(&[parent, reply]);
    let (_, after) = pages["general.html"].split_once("<div class=\"pinned\">").expect("a box");
    let (pinned, rest) = after.split_once("<details class=\"thread\"").expect("a thread");
    assert_eq!(pinned.matches("</div>").count(), pinned.matches("<div").count() + 1, "{pinned}");
    assert!(rest.contains("id=\"m2\"") && !rest.contains("\"pinned\""), "{rest}");
    assert_whole(&pages);
}

#[test]
fn quick_successions_share_a_name() {
    let mut other = message("m3", 2);
    other.author = Author { id: "u2", username: "bob", name: None };
    let page = &pages(&[message("m1", 0), message("m2", 7), other, message("m4", 3), message("m5", 11)])["general.html"];
    let leads: Vec<_> =
        ["m1", "m2", "m3", "m4", "m5"].map(|id| page.contains(&format!("leads\" id=\"{id}\""))).into();
    assert_eq!(leads, [true, false, true, true, true]);
}
