//! Writes a sample archive to look at: `cargo run -p export-html --example sample -- <directory>`.
//!
//! Three rooms made of the demo's conversation: one of many months, with a long thread and the hostile
//! strings; one that fits on a page; a direct message. `--one` writes only the second.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use export_sdk::conformance::{HOSTILE_TEXTS, MemoryOutput};
use export_sdk::{
    ArtifactPath, Author, Edited, File, FileLink, Member, Message, Pinned, Reaction, Registry, Replies, Room,
    RoomKind, Scope, Settings, Summary, Timestamp,
};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

const DAY: i64 = 86_400_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().ok_or("name a directory for the sample")?);
    let one = arguments.next().as_deref() == Some("--one");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let demo = fs::read_to_string(root.join("fixtures/demo/messages.ndjson"))?;
    let demo: Vec<Value> = demo.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;

    let mut registry = Registry::default();
    export_html::register(&mut registry, &Settings::new("html", toml::Table::new(), ""))?;
    let format = registry.format("html")?;
    let mut output = MemoryOutput::default();
    let mut scope = Scope::new(Timestamp::from_millis(1_779_000_000_000), "maren");
    scope.time_zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(1));
    let rooms = if one { vec![small(&demo)] } else { vec![large(&demo), small(&demo), direct(&demo)] };
    scope.rooms = rooms.len() as u64;
    let mut total = Summary::default();
    let mut writer = format.start(&Value::Null, &scope, &mut output)?;
    for (room, messages) in &rooms {
        writer.begin_room(room, &scope)?;
        for (name, username, roles) in [
            ("Maren Holt", "maren", vec!["owner"]),
            ("Tobias Brandt", "tobias", vec![]),
            ("سلمى حداد", "salma", vec!["moderator"]),
        ] {
            let mut member = Member::new(username, username);
            member.name = Some(name);
            member.roles = roles;
            writer.member(&member)?;
        }
        let mut summary = Summary::default();
        for message in messages {
            writer.write(message)?;
            summary.messages += 1;
            summary.files += message.files.iter().filter(|file| file.path.is_ok()).count() as u64;
            summary.missing_files += message.files.iter().filter(|file| file.path.is_err()).count() as u64;
            summary.first = Some(summary.first.map_or(message.sent_at, |first| first.min(message.sent_at)));
            summary.last = summary.last.max(Some(message.sent_at));
        }
        writer.end_room(&summary)?;
        total.add(&summary);
    }
    writer.finish(&total)?;
    let files = output.files();
    for (name, bytes) in files.lock().map_err(|_| "a writer panicked")?.iter() {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().ok_or("a path has a parent")?)?;
        fs::write(path, bytes)?;
    }
    for upload in fs::read_dir(root.join("fixtures/demo/uploads"))? {
        let upload = upload?;
        fs::copy(upload.path(), directory.join("assets").join(upload.file_name()))?;
    }
    Ok(())
}

type Sample = (Room<'static>, Vec<Message<'static>>);

fn large(demo: &[Value]) -> Sample {
    let mut room = Room::new("RdWTyCFE2GCTyqjXh", "lighthouse");
    room.topic = "Night of the Lights: Saturday 13 September, doors 18:30";
    room.description = "The people who keep **Gannet Point Light** open. Ask anything, bring biscuits.";
    let mut messages = Vec::new();
    for round in 0..20 {
        messages.extend(conversation(demo, round * 12 * DAY, &format!("-{round}")));
    }
    let first = messages[0].sent_at.millis() + 125 * DAY;
    let author = messages[0].author;
    let at = |n: usize| Timestamp::from_millis(first + i64::try_from(n).unwrap_or_default() * 60_000);
    let mut parent = Message::new("long", "r", author, at(0), "Everything about the lens, please here.");
    parent.replies = Some(Replies { count: 260, last: Some(at(260)), followers: vec![] });
    let mut extra = vec![parent];
    for n in 1..=260 {
        let mut reply = Message::new(
            leak(format!("long-{n}")),
            "r",
            author,
            at(n),
            leak(format!("Pane {n} is *clean* now.")),
        );
        reply.thread = Some("long");
        extra.push(reply);
    }
    for (n, text) in HOSTILE_TEXTS.iter().enumerate() {
        let author = Author { id: "u2", username: text, name: Some(text) };
        extra.push(Message::new(leak(format!("hostile-{n}")), "r", author, at(400 + n), text));
    }
    for day in 0..60 {
        for n in 0..24 {
            let text = leak(format!("Log of day {day}, watch {n}: wind from the west, all lights burn."));
            extra.push(Message::new(
                leak(format!("log-{day}-{n}")),
                "r",
                author,
                at(20_000 + day * 1440 + n * 4),
                text,
            ));
        }
    }
    messages.extend(extra);
    messages.sort_by_key(|message| begins(message, first));
    finished(room, messages)
}

/// Replies stay behind their beginning, which the demo has in order.
fn begins(message: &Message<'_>, long: i64) -> i64 {
    if message.id.starts_with("long") { long } else { message.updated_at.millis() }
}

fn small(demo: &[Value]) -> Sample {
    let mut room = Room::new("small", "night-of-the-lights");
    room.title = "Night of the Lights & <Friends>".into();
    room.kind = RoomKind::Group;
    room.topic = "Only for the crew";
    finished(room, conversation(demo, 0, ""))
}

fn direct(demo: &[Value]) -> Sample {
    let mut room = Room::new("direct", "direct");
    room.kind = RoomKind::Direct;
    room.name = None;
    room.title = "Maren Holt, سلمى حداد".into();
    room.slug = "maren-salma".into();
    let mut messages = conversation(demo, 40 * DAY, "-d");
    messages.retain(|message| ["maren", "salma"].contains(&message.author.username));
    finished(room, messages)
}

fn finished(mut room: Room<'static>, messages: Vec<Message<'static>>) -> Sample {
    if room.slug.is_empty() {
        room.slug = room.name.unwrap_or(room.id).into();
    }
    room.members = 3;
    room.expected = messages.len() as u64;
    (room, messages)
}

/// The demo's messages, later, with replies after their beginnings.
fn conversation(demo: &[Value], later: i64, suffix: &str) -> Vec<Message<'static>> {
    let all: Vec<_> = demo.iter().map(|value| message(value, later, suffix)).collect();
    let mut ordered: Vec<Message<'static>> = Vec::new();
    for begins in all.iter().filter(|message| message.thread.is_none()) {
        ordered.push(begins.clone());
        for reply in all.iter().filter(|reply| reply.thread == Some(begins.id)) {
            let mut reply = reply.clone();
            // Sorting keeps what is equal in order.
            reply.updated_at = begins.sent_at;
            ordered.push(reply);
        }
        if let Some(last) = ordered.iter_mut().rev().find(|message| message.id == begins.id) {
            last.updated_at = last.sent_at;
        }
    }
    ordered
}

fn leak(text: String) -> &'static str {
    text.leak()
}

fn text(value: &Value, key: &str) -> &'static str {
    leak(value[key].as_str().unwrap_or_default().to_owned())
}

fn time(value: &Value, key: &str, later: i64) -> Option<Timestamp> {
    let at: jiff::Timestamp = value[key].as_str()?.parse().ok()?;
    Some(Timestamp::from_millis(at.as_millisecond() + later))
}

fn raw(value: &Value) -> Option<&'static RawValue> {
    let raw = RawValue::from_string(value.to_string()).ok().filter(|_| !value.is_null())?;
    Some(Box::leak(raw))
}

fn message(value: &Value, later: i64, suffix: &str) -> Message<'static> {
    let id = |key: &str| leak(format!("{}{suffix}", value[key].as_str().unwrap_or_default()));
    let user = &value["u"];
    let author =
        Author { id: text(user, "_id"), username: text(user, "username"), name: Some(text(user, "name")) };
    let sent_at = time(value, "ts", later).unwrap_or_default();
    let mut message = Message::new(id("_id"), "r", author, sent_at, text(value, "msg"));
    message.kind = value["t"].as_str().map(|kind| leak(kind.to_owned()));
    message.thread = value.get("tmid").map(|_| id("tmid"));
    message.shown_in_room = value["tshow"] == true;
    message.replies = value["tcount"].as_u64().map(|count| Replies {
        count,
        last: time(value, "tlm", later),
        followers: vec![],
    });
    message.edited = time(value, "editedAt", later).map(|at| Edited {
        at,
        by_id: text(&value["editedBy"], "_id"),
        by_username: text(&value["editedBy"], "username"),
    });
    message.pinned = (value["pinned"] == true).then(|| Pinned {
        at: time(value, "pinnedAt", later),
        by: Some((text(&value["pinnedBy"], "_id"), text(&value["pinnedBy"], "username"))),
    });
    message.mentions = raw(&value["mentions"]);
    message.channels = raw(&value["channels"]);
    message.attachments = quoting(&value["attachments"], suffix);
    message.extra =
        value.get("alias").and_then(raw).map(|alias| ("alias".into(), alias)).into_iter().collect();
    let empty = Map::new();
    message.reactions = value["reactions"]
        .as_object()
        .unwrap_or(&empty)
        .iter()
        .map(|(emoji, given)| Reaction {
            emoji: leak(emoji.clone()),
            usernames: given["usernames"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|name| leak(name.as_str().unwrap_or_default().to_owned()))
                .collect(),
            names: vec![],
        })
        .collect();
    message.files = value["files"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|file| {
            let name = text(file, "name");
            let path = ArtifactPath::new(format!("assets/{name}")).map(|path| FileLink::new(&path, false));
            File {
                id: text(file, "_id").into(),
                name: name.into(),
                media_type: text(file, "type").into(),
                size: file["size"].as_u64().unwrap_or_default(),
                path: if Path::new(name).extension().is_some_and(|end| end == "csv") {
                    Err("it was too large")
                } else {
                    path.map_err(|_| "unportable")
                },
                stored: None,
            }
        })
        .collect();
    message
}

/// Quotes lead to the copy of this round.
fn quoting(attachments: &Value, suffix: &str) -> Option<&'static RawValue> {
    let mut attachments = attachments.clone();
    for attachment in attachments.as_array_mut().into_iter().flatten() {
        if let Some(link) = attachment.get_mut("message_link") {
            *link = Value::String(format!("{}{suffix}", link.as_str().unwrap_or_default()));
        }
    }
    raw(&attachments)
}
