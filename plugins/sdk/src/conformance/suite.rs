//! The suite for formats.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::{CHECKS, HOSTILE_NAMES, HOSTILE_TEXTS, MemoryOutput};
use crate::{
    AnyFormat, ArtifactPath, Author, Edited, ErrorKind, File, FileLink, FormatWriter, Member, Message,
    Pinned, Reaction, Registry, Replies, Result, Room, Scope, Settings, Stored, Summary, Timestamp,
    safe_file_name,
};

/// The `register` function that every plug-in crate exports.
pub type Register = fn(&mut Registry, &Settings) -> Result<()>;

/// Runs the whole suite against the format `id` that `register` brings.
///
/// Panics with a sentence that says what is wrong. Checked: all [`CHECKS`], and a full disk and a
/// cancellation at every write.
pub fn format(register: Register, id: &str) {
    let registry = registry(register, id);
    let format = registry.format(id).expect("registered under its id");
    for check in CHECKS {
        if let Err(complaint) = check.run(format) {
            panic!("{id}: {}: {complaint}", check.name);
        }
    }
    let messages = sample_messages();
    let once = render(format, &Value::Null, &messages).expect("rendered before");
    fails_where_writing_fails(format, &messages, once.values().map(Vec::len).sum());
}

/// A registry that holds what `register` brings.
pub(super) fn registry(register: Register, id: &str) -> Registry {
    let mut registry = Registry::default();
    let settings = Settings::new(id, toml::Table::new(), std::env::temp_dir());
    register(&mut registry, &settings).expect("registers with empty settings");
    registry
}

fn fails_where_writing_fails(format: &dyn AnyFormat, messages: &[Message<'_>], size: usize) {
    // Every byte of the small beginning, then a spread: quadratic otherwise.
    let steps = (0..size.min(600)).chain((600..size).step_by((size / 300).max(1)));
    for budget in steps {
        for (cancel, expected) in [(false, ErrorKind::Internal), (true, ErrorKind::Cancelled)] {
            let mut output = MemoryOutput::failing_after(budget, cancel);
            let error = run(format, &Value::Null, messages, &mut output)
                .expect_err(&format!("a write error after {budget} bytes is returned"));
            assert_eq!(error.kind(), expected, "after {budget} bytes: {error}");
        }
    }
}

/// Renders `messages` in memory: bytes by path.
pub fn render(
    format: &dyn AnyFormat,
    options: &Value,
    messages: &[Message<'_>],
) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut output = MemoryOutput::default();
    run(format, options, messages, &mut output)?;
    let files = output.files();
    let files = files.lock().expect("not poisoned").clone();
    Ok(files)
}

fn run(
    format: &dyn AnyFormat,
    options: &Value,
    messages: &[Message<'_>],
    output: &mut MemoryOutput,
) -> Result<()> {
    export(format, options, &[(sample_room(), messages)], output)
}

pub(super) fn export(
    format: &dyn AnyFormat,
    options: &Value,
    rooms: &[(Room<'static>, &[Message<'_>])],
    output: &mut MemoryOutput,
) -> Result<()> {
    let mut scope = sample_scope();
    scope.rooms = rooms.len() as u64;
    let mut writer = format.start(options, &scope, output)?;
    let mut total = Summary::default();
    for (room, messages) in rooms {
        total.add(&write_room(&mut *writer, room, &scope, messages)?);
    }
    writer.finish(&total)
}

/// What the host does with a room.
pub(super) fn write_room(
    writer: &mut dyn FormatWriter,
    room: &Room<'_>,
    scope: &Scope<'_>,
    messages: &[Message<'_>],
) -> Result<Summary> {
    let mut room = room.clone();
    room.expected = messages.len() as u64;
    writer.begin_room(&room, scope)?;
    for member in sample_members() {
        writer.member(&member)?;
    }
    let mut summary = Summary::default();
    for message in messages {
        writer.write(message)?;
        summary.messages += 1;
        let (here, missing): (Vec<_>, Vec<_>) = message.files.iter().partition(|file| file.path.is_ok());
        summary.files += here.len() as u64;
        summary.missing_files += missing.len() as u64;
        summary.first.get_or_insert(message.sent_at);
        summary.last = Some(message.sent_at);
    }
    writer.end_room(&summary)?;
    Ok(summary)
}

pub(super) fn sample_members() -> [Member<'static>; 2] {
    let mut bob = Member::new("bobbobbobbobbobbo", "bob");
    bob.name = Some("Bob <b>Small</b>");
    bob.roles = vec!["owner"];
    [bob, Member::new("alalalalalalalala", "al")]
}

/// A room whose title, topic and description are hostile.
pub fn sample_room() -> Room<'static> {
    let mut room = Room::new("GENERAL", "general");
    room.title = "</title><script>alert('title')</script>".into();
    room.topic = "</style><script>alert('topic')</script>";
    room.description = "<img src=x onerror=alert('description')>";
    room.slug = "general".into();
    room.members = 3;
    room
}

pub(super) fn other_room() -> Room<'static> {
    let mut room = Room::new("OTHER", "other");
    room.slug = "other".into();
    room
}

/// What the export of the samples is about.
pub fn sample_scope() -> Scope<'static> {
    let mut scope = Scope::new(Timestamp::from_millis(1_710_500_000_000), "admin");
    // Golden files outlive versions.
    scope.generator = "roomscribe (test)";
    scope
}

/// Messages with every feature and every hostile string.
pub fn sample_messages() -> Vec<Message<'static>> {
    let at = |n: usize| Timestamp::from_millis(1_710_000_000_000 + i64::try_from(n).expect("small") * 90_000);
    let bob = Author { id: "bobbobbobbobbobbo", username: "bob", name: Some("Bob <b>Small</b>") };
    let mut messages = vec![Message::new("m-plain", "GENERAL", bob, at(0), "Hello *world* @al")];
    for (n, text) in HOSTILE_TEXTS.iter().enumerate() {
        let id: &'static str = Box::leak(format!("m-hostile-{n}").into_boxed_str());
        let author = Author { id: "u2", username: text, name: Some(text) };
        let mut message = Message::new(id, "GENERAL", author, at(n + 1), text);
        message.reactions = vec![Reaction { emoji: text, usernames: vec![text], names: vec![text] }];
        messages.push(message);
    }
    let base = messages.len();
    for (n, name) in HOSTILE_NAMES.iter().enumerate() {
        let id: &'static str = Box::leak(format!("m-file-{n}").into_boxed_str());
        let mut message = Message::new(id, "GENERAL", bob, at(base + n), "");
        let path = ArtifactPath::new(format!("assets/{id}-{}", safe_file_name(name)));
        let media_type = if n % 2 == 0 { "image/png" } else { "text/html" };
        let here = n % 5 != 4;
        message.files = vec![File {
            id: id.into(),
            name: (*name).into(),
            media_type: media_type.into(),
            size: 12_345,
            path: if here {
                Ok(FileLink::new(&path.expect("safe"), false))
            } else {
                Err("the file is not on this server")
            },
            stored: here.then(|| stored(name, media_type)),
        }];
        messages.push(message);
    }
    messages.extend(features(bob, at(base + HOSTILE_NAMES.len())));
    messages
}

fn features(bob: Author<'static>, at: Timestamp) -> Vec<Message<'static>> {
    let al = Author { id: "alalalalalalalala", username: "al", name: None };
    let mut parent = Message::new("m-parent", "GENERAL", bob, at, "A thread\n\n- one\n- two");
    parent.replies = Some(Replies { count: 1, last: Some(at), followers: vec![bob.id] });
    parent.pinned = Some(Pinned { at: Some(at), by: Some((al.id, al.username)) });
    parent.mentions = Some(raw(r#"[{"_id":"alalalalalalalala","username":"al","name":"Al","type":"user"}]"#));
    let mut reply = Message::new("m-reply", "GENERAL", al, at, "> quoted\n\n`code` and ~~gone~~");
    reply.thread = Some("m-parent");
    reply.edited = Some(Edited { at, by_id: bob.id, by_username: bob.username });
    let mut quote = Message::new("m-quote", "GENERAL", al, at, "see https://example.org/x?a=1&b=2");
    quote.attachments = Some(raw(
        r#"[{"text":"</blockquote><script>alert(1)</script>","author_name":"<b>eve</b>",
            "message_link":"javascript:alert(1)"},
            {"title":"card","title_link":"javascript:alert(1)","image_url":"https://tracker.example/p.gif"}]"#,
    ));
    quote.extra = vec![("alias".into(), raw(r#""<i>Robot</i>""#)), ("groupable".into(), raw("false"))];
    let mut orphan = Message::new("m-orphan", "GENERAL", al, at, "reply to something older");
    orphan.thread = Some("gone");
    let mut joined = Message::new("m-joined", "GENERAL", al, at, "al");
    joined.kind = Some("uj");
    let mut topic = Message::new("m-topic", "GENERAL", bob, at, "<script>alert('topic')</script>");
    topic.kind = Some("room_changed_topic");
    let long: &'static str = Box::leak("0123456789abcdef ".repeat(60 * 60).into_boxed_str());
    vec![parent, reply, quote, orphan, joined, topic, Message::new("m-long", "GENERAL", bob, at, long)]
}

/// What the server noted down of such a sample file.
pub(super) fn stored(name: &'static str, media_type: &'static str) -> Stored<'static> {
    Stored {
        name: name.into(),
        media_type: media_type.into(),
        size: 12_345,
        sha256: [0xab; 32],
        user: "bobbobbobbobbobbo".into(),
        at: Timestamp::from_millis(1_710_000_000_000),
        description: name.into(),
    }
}

pub(super) fn raw(json: &'static str) -> &'static RawValue {
    serde_json::from_str(json).expect("written here")
}
