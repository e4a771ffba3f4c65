//! Archives of one page and of many: where pages end, and that every link between them leads somewhere.

mod rooms;
mod support;
mod threads;

use export_sdk::{Author, Member, Pinned};
use support::{archive, assert_whole, counts, ids, message, one_room, room, scope};

fn header(page: &str) -> &str {
    let (_, main) = page.split_once("<main>").expect("a main part");
    main.split_once("</header>").expect("a header").0
}

#[test]
fn a_small_room_is_one_page() {
    let ids = ids(1000);
    let messages: Vec<_> = ids.iter().enumerate().map(|(n, id)| message(id, n)).collect();
    let files = one_room(&messages);
    assert_eq!(counts(&files), [("index.html", 1000)]);
    let page = &files["index.html"];
    assert!(header(page).contains("1,000 messages · 0 files · 9 Mar 2024 – 10 Mar 2024"), "{}", header(page));
    assert!(
        page.contains("<dd>The complete room, from the beginning until")
            && page.contains("roomscribe verify")
    );
    assert_whole(&files);
}

#[test]
fn a_room_of_months_is_a_front_and_linked_pages() {
    let ids = ids(2500);
    // Ten a day from 9 March to 13 November.
    let messages: Vec<_> = ids.iter().enumerate().map(|(n, id)| message(id, n * 144)).collect();
    let files = one_room(&messages);
    let counts = counts(&files);
    assert_eq!(
        counts[..3],
        [("index.html", 0), ("r/general/2024-03.html", 224), ("r/general/2024-04.html", 300)]
    );
    assert_eq!(counts.iter().map(|(_, count)| count).sum::<usize>(), 2500);
    let ways = |page: &str| {
        (files[page].matches("<a rel=\"prev\"").count(), files[page].matches("<a rel=\"next\"").count())
    };
    let pages = ["r/general/2024-03.html", "r/general/2024-07.html", "r/general/2024-11.html"];
    assert_eq!(pages.map(ways), [(0, 2), (2, 2), (2, 0)]);
    let front = &files["index.html"];
    for expected in [
        "<h3><a href=\"r/general/2024-03.html#:2024-03-09\">March 2024</a></h3> <small>224 messages</small>",
        "href=\"r/general/2024-11.html#:2024-11-13\" title=\"13 Nov 2024: 10\">13</a>",
    ] {
        assert!(front.contains(expected), "{expected} in {front}");
    }
    let page = &files["r/general/2024-07.html"];
    assert!(
        page.contains("<title>general – July 2024</title>") && page.contains("310 messages on this page")
    );
    assert!(page.contains("<a href=\"#:2024-07-31\" title=\"31 Jul 2024\">31</a>"));
    assert_whole(&files);
}

#[test]
fn a_busy_month_has_several_pages() {
    let ids = ids(2500);
    let messages: Vec<_> = ids.iter().enumerate().map(|(n, id)| message(id, n)).collect();
    let files = one_room(&messages);
    let expected = [
        ("index.html", 0),
        ("r/general/2024-03-2.html", 1000),
        ("r/general/2024-03-3.html", 500),
        ("r/general/2024-03.html", 1000),
    ];
    assert_eq!(counts(&files), expected);
    let front = &files["index.html"];
    assert!(front.contains("<p class=\"parts\">Pages <a href=\"r/general/2024-03.html\">1</a>"), "{front}");
    assert!(front.contains("<a href=\"r/general/2024-03-3.html\">3</a></p>"));
    let second = header(&files["r/general/2024-03-2.html"]);
    for expected in [
        "<h1>March 2024, page 2</h1>",
        "<b>Pages of March 2024:</b> <ol>\n<li><a href=\"2024-03.html\">1</a></li>",
        "<a href=\"2024-03-2.html\" aria-current=\"page\">2</a></li>\n<li><a href=\"2024-03-3.html\">3</a>",
        "<b>Days:</b> <ol>",
    ] {
        assert!(second.contains(expected), "{expected} in {second}");
    }
    assert_whole(&files);
}

#[test]
fn days_and_months_begin_at_midnight_of_the_zone() {
    let ids = ids(1440);
    // From 31 March 2024, 16:00 UTC: in Tokyo it is the first of April already at 15:00.
    let messages: Vec<_> = ids.iter().enumerate().map(|(n, id)| message(id, 22 * 1440 + n)).collect();
    let mut tokyo = scope();
    tokyo.time_zone =
        jiff::tz::TimeZone::get("Asia/Tokyo").unwrap_or(jiff::tz::TimeZone::fixed(jiff::tz::offset(9)));
    let files = archive(&tokyo, &[(room("general"), &messages)]);
    assert!(!files.contains_key("r/general/2024-03.html"), "{:?}", files.keys());
    let page = &files["r/general/2024-04.html"];
    assert!(page.contains("Monday, 1 April 2024") && page.contains("<dt>Time zone</dt><dd>"), "{page}");
    assert!(page.contains("datetime=\"2024-03-31T16:00:00.000Z\">01:00</time>"), "{page}");
    assert_whole(&files);
}

#[test]
fn every_page_says_what_was_left_out() {
    let messages = [message("m1", 0)];
    let mut part = scope();
    part.query = "from:al <b>";
    part.selection = Some("2 chosen messages");
    part.system_messages = false;
    part.transforms = &["pseudonyms", "no-emails"];
    part.from = Some(messages[0].sent_at);
    let files = archive(&part, &[(room("general"), &messages), (room("other"), &messages)]);
    for name in ["index.html", "r/general/index.html", "r/other/index.html"] {
        let page = &files[name];
        for expected in [
            if name == "index.html" { "Parts of the rooms, from" } else { "A part of the room, from" },
            "<dd><bdi>from:al &lt;b&gt;</bdi>",
            "2 chosen messages",
            "What the server noted",
            "pseudonyms, no-emails",
            "roomscribe test",
        ] {
            assert!(page.contains(expected), "{expected} in {name}: {page}");
        }
    }
    assert_whole(&files);
}

#[test]
fn two_hundred_members_are_named_and_the_rest_counted() {
    let mut registry = export_sdk::Registry::default();
    let settings = export_sdk::Settings::new("html", toml::Table::new(), "");
    export_html::register(&mut registry, &settings).unwrap();
    let mut output = export_sdk::conformance::MemoryOutput::default();
    let scope = scope();
    let mut writer =
        registry.format("html").unwrap().start(&serde_json::Value::Null, &scope, &mut output).unwrap();
    writer.begin_room(&room("general"), &scope).unwrap();
    for n in (0..250).rev() {
        let (login, name) =
            (format!("u{}", 250 - n), format!("{}{n:03}", if n % 2 == 0 { "M" } else { "m" }));
        let mut member = Member::new("u", &login);
        member.name = Some(&name);
        writer.member(&member).unwrap();
    }
    writer.end_room(&export_sdk::Summary::default()).unwrap();
    writer.finish(&export_sdk::Summary::default()).unwrap();
    let files = output.files();
    let page = String::from_utf8(files.lock().unwrap()["index.html"].clone()).unwrap();
    assert!(page.contains("<summary>250 members</summary>") && page.contains("and 50 more"), "{page}");
    let named: Vec<_> = page.split("class=\"name\">").skip(1).map(|rest| rest[..4].to_lowercase()).collect();
    let expected: Vec<_> = (0..200).map(|n| format!("m{n:03}")).collect();
    assert_eq!(named, expected, "sorted by the name shown, whatever the order they came in");
    assert!(page.contains("No messages in this range"));
}

#[test]
fn pinned_messages_are_listed_and_linked() {
    let mut messages = vec![message("m1", 0), message("m2", 1)];
    messages[1].pinned = Some(Pinned { at: None, by: None });
    let files = one_room(&messages);
    let head = header(&files["index.html"]);
    assert!(
        head.contains("<summary>1 pinned</summary>") && head.contains("href=\"index.html#m2\""),
        "{head}"
    );
    assert_whole(&files);
}

#[test]
fn quick_successions_share_a_name() {
    let mut other = message("m3", 2);
    other.author = Author { id: "u2", username: "bob", name: None };
    let page = &one_room(&[message("m1", 0), message("m2", 7), other, message("m4", 3), message("m5", 11)])["index.html"];
    let leads: Vec<_> =
        ["m1", "m2", "m3", "m4", "m5"].map(|id| page.contains(&format!("leads\" id=\"{id}\""))).into();
    assert_eq!(leads, [true, false, true, true, true]);
}
