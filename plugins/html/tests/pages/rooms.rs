//! Archives of many rooms, quotes from page to page, and large rooms in little memory.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use export_sdk::conformance::{HOSTILE_TEXTS, sample_messages};
use export_sdk::{ArtifactPath, File, FileLink, Output, Registry, Result, Settings, Summary};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::support::{AL, archive, assert_whole, counts, ids, is_page, message, one_room, room, scope};

#[test]
fn many_rooms_have_a_front_with_all_of_them() {
    let ids = ids(1500);
    let large: Vec<_> = ids.iter().enumerate().map(|(n, id)| message(id, n * 60)).collect();
    let mut named = room("general");
    named.title = "</h2><script>alert(1)</script>".into();
    let rooms = [(named, &large[..]), (room("a b"), &large[..3]), (room("empty"), &[][..])];
    let files = archive(&scope(), &rooms);
    let front = &files["index.html"];
    for expected in [
        "<h1>3 rooms</h1>",
        "<a href=\"r/general/index.html\">&lt;/h2&gt;&lt;script&gt;",
        "<a href=\"r/a%20b/index.html\">a b</a>",
        "href=\"r/general/2024-04.html#:2024-04-01\" title=\"April 2024: 720 messages\">Apr</a>",
        "href=\"r/a%20b/index.html#:2024-03-09\" title=\"March 2024: 3 messages\">Mar</a>",
        "1,503 messages in this archive",
        "roomscribe verify",
    ] {
        assert!(front.contains(expected), "{expected} in {front}");
    }
    assert_eq!(counts(&files).iter().map(|(_, count)| count).sum::<usize>(), 1503);
    let page = &files["r/general/2024-04.html"];
    assert!(page.contains("<a href=\"../../index.html\">All rooms</a> <a href=\"index.html\">"), "{page}");
    assert!(files["r/empty/index.html"].contains("No messages in this range"));
    assert_whole(&files);
    assert!(files == archive(&scope(), &rooms), "the same input makes the same bytes");
}

#[test]
fn a_long_topic_is_there_to_be_opened() {
    let topic = "All **about** ships. ".repeat(40);
    for (text, expected) in [
        (
            "**Ships**",
            "<div class=\"said\"><b>Topic</b><div class=\"text\" dir=\"auto\"><p><strong>Ships</strong></p>",
        ),
        (
            &topic,
            "<details class=\"said\"><summary dir=\"auto\"><b>Topic</b>All about ships. All about ships. ",
        ),
    ] {
        let mut named = room("general");
        named.topic = text;
        let page = &archive(&scope(), &[(named, &[message("m", 0)])])["index.html"];
        assert!(page.contains(expected), "{page}");
    }
}

#[test]
fn quotes_link_to_the_page_of_what_they_quote() {
    let ids = ids(1200);
    let mut messages: Vec<_> = ids.iter().enumerate().map(|(n, id)| message(id, n * 60)).collect();
    let quoting: [(usize, &'static str); 4] = [
        (1100, r#"[{"text":"x","author_name":"al","message_link":"https://x.y/channel/general?msg=m0"}]"#),
        (1101, r#"[{"text":"x","message_link":"https://x.y/channel/general?msg=m1100"}]"#),
        (
            1102,
            r#"[{"text":"x","author_name":"al","message_link":"https://x.y/channel/general?msg=elsewhere"}]"#,
        ),
        (1103, r#"[{"text":"x","author_name":"al","message_link":"javascript:alert(1)?msg=elsewhere"}]"#),
    ];
    for (n, json) in quoting {
        messages[n].attachments = Some(serde_json::from_str::<&RawValue>(json).unwrap());
    }
    let mut files = one_room(&messages);
    let page = files["r/general/2024-04.html"].clone();
    assert!(page.contains("<a class=\"original\" href=\"2024-03.html#m0\">"), "{page}");
    assert!(page.contains("<a class=\"original\" href=\"#m1100\">"), "{page}");
    let server = " href=\"https://x.y/channel/general?msg=elsewhere\"";
    assert!(page.contains(server) && !page.contains("href=\"javascript"), "{page}");
    files.insert("r/general/2024-04.html".into(), page.replace(server, ""));
    assert_whole(&files);
}

#[test]
fn files_are_linked_from_wherever_the_page_lies() {
    let ids = ids(1001);
    let mut messages: Vec<_> = ids.iter().enumerate().map(|(n, id)| message(id, n)).collect();
    for (n, shared) in [(0, false), (1, true)] {
        let path = ArtifactPath::new("assets/f1-cat.png").unwrap();
        messages[n].files = vec![File {
            id: "f1".into(),
            name: "cat.png".into(),
            media_type: "image/png".into(),
            size: 1,
            path: Ok(FileLink::new(&path, shared)),
            stored: None,
        }];
    }
    let page = &one_room(&messages)["r/general/2024-03.html"];
    assert!(
        page.contains("src=\"../../assets/f1-cat.png\"")
            && page.contains("src=\"../../../assets/f1-cat.png\"")
    );
    let page = &one_room(&messages[..2])["index.html"];
    assert!(page.contains("src=\"assets/f1-cat.png\"") && page.contains("src=\"../assets/f1-cat.png\""));
}

#[test]
fn hostile_strings_are_text_on_every_kind_of_page() {
    let ids = ids(1100);
    let mut messages: Vec<_> = ids.iter().enumerate().map(|(n, id)| message(id, n * 30)).collect();
    messages.extend(sample_messages());
    let mut rooms = Vec::new();
    for (n, text) in HOSTILE_TEXTS.iter().enumerate() {
        let mut room = room("x");
        room.slug = format!("x-{n}").into();
        (room.title, room.topic) = ((*text).into(), text);
        room.description = text;
        let count = if n == 4 { messages.len() } else { 2 };
        rooms.push((room, &messages[..count]));
    }
    let own = ["archive.js", "search.js"];
    for (name, page) in archive(&scope(), &rooms).iter().filter(|(name, _)| is_page(name)) {
        for script in page.split("<script").skip(1) {
            assert!(
                own.iter().any(|own| script.split('>').next().unwrap_or_default().contains(own)),
                "{name}"
            );
        }
        assert!(
            !page.contains("<img src=x") && !page.contains("<svg onload") && !page.contains('\0'),
            "{name}"
        );
        assert!(page.matches("<!--").count() == 0 && page.matches("<title>").count() == 1, "{name}");
    }
}

/// Counts what is written, and keeps none of it.
#[derive(Default)]
struct Sizes {
    pages: Arc<Mutex<Vec<u64>>>,
}

struct Sized {
    pages: Arc<Mutex<Vec<u64>>>,
    written: AtomicU64,
}

impl Write for Sized {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Sized {
    fn drop(&mut self) {
        self.pages.lock().expect("not poisoned").push(self.written.load(Ordering::Relaxed));
    }
}

impl Output for Sizes {
    fn create(&mut self, path: &ArtifactPath, _: &str) -> Result<Box<dyn Write + Send>> {
        if is_page(path.as_str()) {
            return Ok(Box::new(Sized { pages: Arc::clone(&self.pages), written: AtomicU64::new(0) }));
        }
        Ok(Box::new(io::sink()))
    }

    fn scratch(&mut self) -> Result<std::fs::File> {
        Ok(tempfile::tempfile()?)
    }
}

#[test]
fn a_hundred_thousand_messages_are_many_pages_of_bounded_size() {
    let mut registry = Registry::default();
    export_html::register(&mut registry, &Settings::new("html", toml::Table::new(), "")).unwrap();
    let mut output = Sizes::default();
    let pages = Arc::clone(&output.pages);
    let scope = scope();
    let mut room = room("general");
    room.expected = 10_000;
    let mut writer = registry.format("html").unwrap().start(&Value::Null, &scope, &mut output).unwrap();
    writer.begin_room(&room, &scope).unwrap();
    for n in 0..100_000 {
        let id = format!("m{n}");
        let mut message = message(&id, n * 5);
        message.author = AL;
        writer.write(&message).unwrap();
    }
    writer.end_room(&Summary::default()).unwrap();
    writer.finish(&Summary::default()).unwrap();
    let pages = pages.lock().unwrap();
    // 5 minutes apart: 12 months of 8 or 9 thousand messages.
    assert!((100..130).contains(&pages.len()), "{}", pages.len());
    assert!(pages.iter().all(|size| *size < 1_000_000), "{:?}", pages.iter().max());
}
