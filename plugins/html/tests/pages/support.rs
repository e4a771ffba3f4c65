//! Archives in memory, and the check that every link in them leads somewhere.

use std::collections::BTreeMap;
use std::path::Path;

use export_sdk::conformance::MemoryOutput;
use export_sdk::{Author, Message, Registry, Replies, Room, Scope, Settings, Summary, Timestamp};
use serde_json::Value;

pub(crate) const AL: Author<'static> = Author { id: "u1", username: "al", name: Some("Al") };
/// Saturday, 9 March 2024, 16:00 UTC.
const BEGIN: i64 = 1_710_000_000_000;

pub(crate) type Files = BTreeMap<String, String>;

pub(crate) fn message(id: &str, minute: usize) -> Message<'_> {
    let minute = i64::try_from(minute).expect("small");
    Message::new(id, "GENERAL", AL, Timestamp::from_millis(BEGIN + minute * 60_000), "hello")
}

/// So many messages, a minute after the other.
pub(crate) fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("m{n}")).collect()
}

pub(crate) fn replies(count: u64) -> Option<Replies<'static>> {
    Some(Replies { count, last: None, followers: vec![] })
}

pub(crate) fn scope() -> Scope<'static> {
    let mut scope = Scope::new(Timestamp::from_millis(BEGIN + 400 * 86_400_000), "admin");
    scope.generator = "roomscribe test";
    scope
}

pub(crate) fn room(name: &'static str) -> Room<'static> {
    let mut room = Room::new(name, name);
    room.slug = name.into();
    room
}

/// All files of an archive of one room.
pub(crate) fn one_room(messages: &[Message<'_>]) -> Files {
    archive(&scope(), &[(room("general"), messages)])
}

pub(crate) fn archive(scope: &Scope<'_>, rooms: &[(Room<'_>, &[Message<'_>])]) -> Files {
    let mut registry = Registry::default();
    let settings = Settings::new("html", toml::Table::new(), "");
    export_html::register(&mut registry, &settings).expect("registers with empty settings");
    let format = registry.format("html").expect("registered");
    let mut scope = scope.clone();
    scope.rooms = rooms.len() as u64;
    let mut output = MemoryOutput::default();
    let mut writer = format.start(&Value::Null, &scope, &mut output).expect("starts");
    let mut total = Summary::default();
    for (room, messages) in rooms {
        let mut room = room.clone();
        room.expected = (messages.len() as u64).min(10_000);
        writer.begin_room(&room, &scope).expect("begins");
        let mut summary = Summary::default();
        for message in *messages {
            writer.write(message).expect("writes");
            summary.messages += 1;
            summary.first.get_or_insert(message.sent_at);
            summary.last = Some(message.sent_at);
        }
        writer.end_room(&summary).expect("ends");
        total.add(&summary);
    }
    writer.finish(&total).expect("finishes");
    let files = output.files();
    let files = files.lock().expect("not poisoned");
    files
        .iter()
        .map(|(name, bytes)| (name.clone(), String::from_utf8(bytes.clone()).expect("UTF-8")))
        .collect()
}

pub(crate) fn is_page(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "html")
}

/// The pages that show messages, and how many.
pub(crate) fn counts(files: &Files) -> Vec<(&str, usize)> {
    let pages = files.iter().filter(|(name, _)| is_page(name));
    pages.map(|(name, page)| (name.as_str(), page.matches("<li class=\"message").count())).collect()
}

/// Where `link` leads from the page `name`.
fn resolved(name: &str, link: &str) -> String {
    let mut path: Vec<&str> = name.split('/').collect();
    path.pop();
    for step in link.split('/') {
        if step == ".." {
            path.pop().expect("not out of the archive")
        } else {
            path.push(step);
            step
        };
    }
    path.join("/").replace("%20", " ")
}

/// Every link, picture and script of every page leads to a file and an id that exist, ids are unique,
/// and all tags are closed.
pub(crate) fn assert_whole(files: &Files) {
    for (name, page) in files.iter().filter(|(name, _)| is_page(name)) {
        for attribute in [" href=\"", " src=\""] {
            for link in page.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap_or_default()) {
                let (file, id) = link.split_once('#').unwrap_or((link, ""));
                let target = if file.is_empty() { name.clone() } else { resolved(name, file) };
                let found = files.get(&target).unwrap_or_else(|| panic!("{name}: {link} leads nowhere"));
                let here = id.is_empty() || found.contains(&format!(" id=\"{id}\""));
                // The icons have theirs in the same page.
                assert!(here, "{name}: no {id} in {target}");
            }
        }
        let mut ids: Vec<_> =
            page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{name}: an id is used twice");
        for tag in ["li", "ol", "ul", "section", "details", "div", "main", "p", "a", "dl", "article", "nav"] {
            let opened =
                page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{name}: <{tag}>");
        }
    }
    assert_searchable(files);
}

/// Every address in the search index leads to a page and an id.
fn assert_searchable(files: &Files) {
    for (name, script) in files.iter().filter(|(name, _)| name.starts_with("search/d-")) {
        let (_, data) = script.split_once(',').expect("a call");
        let data: Value = serde_json::from_str(data.trim_end().trim_end_matches(");")).expect("JSON");
        for item in data[2].as_array().expect("messages").chunks(4) {
            let page = data[1][usize::try_from(item[1].as_u64().expect("a number")).expect("small")].as_str();
            let page = &files[&page.expect("an address").replace("%20", " ")];
            let anchor = item[2].as_str().expect("an anchor");
            assert!(page.contains(&format!(" id=\"{anchor}\"")), "{name}: no {anchor}");
        }
    }
}
