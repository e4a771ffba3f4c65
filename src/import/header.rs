//! The first line of an export in the format `ndjson`: the room that the lines after it are about.

use super::fields::Fields;
use crate::domain::{Json, Room, RoomKind};

const FORMAT: &str = "roomscribe-ndjson";
/// The newest version that is understood.
const VERSION: u64 = 1;
/// What the server makes of other records, or would have to keep secret.
const NOT_KEPT: &[&str] =
    &["usersCount", "msgs", "lm", "lastMessage", "usernames", "uids", "joinCode", "joinCodeRequired"];

/// What a header says.
#[derive(Debug)]
pub(super) struct Header {
    /// The room as it was.
    pub(super) room: Room,
    /// Whether the members are named: not if messages were chosen one by one.
    pub(super) names_members: bool,
}

/// Reads a header. The error says what is wrong.
pub(super) fn read(mut fields: Fields<'_>) -> Result<Header, String> {
    let format = fields.need::<String>("format")?;
    if format != FORMAT {
        return Err(format!("the file is {format:?}; export the room in the format `ndjson`"));
    }
    let version = fields.need::<u64>("version")?;
    if version > VERSION {
        return Err(format!("the file has version {version} of {FORMAT}; use a newer roomscribe"));
    }
    let raw = fields.remove("room").ok_or("`room` is missing")?;
    let described = Fields::of(raw.get()).map_err(|error| format!("`room`: {error}"))?;
    let names_members = described.has("usersCount") && !fields.has("selection");
    let room = room(described).map_err(|error| format!("`room`: {error}"))?;
    Ok(Header { room, names_members })
}

fn room(mut fields: Fields<'_>) -> Result<Room, String> {
    let id = fields.room_id("_id")?;
    let people = fields.users("users")?;
    let kind = match fields.need::<String>("t")?.as_str() {
        "c" => RoomKind::Channel,
        "d" if !people.is_empty() => RoomKind::Direct,
        // A conversation of nobody knows whom; nobody else may see it.
        "p" | "d" => RoomKind::Group,
        other => return Err(format!("`t` is {other:?}; it must be c, p or d")),
    };
    let created = fields.time("ts")?.ok_or("`ts` is missing")?;
    let mut room = Room::new(id, kind, fields.take("name")?, fields.user("u")?, created);
    room.updated = fields.time("_updatedAt")?.unwrap_or(created);
    room.direct = people;
    room.display_name = None;
    let shown: Option<String> = fields.take("fname")?;
    // What a direct message is called may just be its people.
    room.display_name = shown.filter(|shown| kind != RoomKind::Direct || *shown != room.title());
    room.topic = fields.take("topic")?;
    room.description = fields.take("description")?;
    room.announcement = fields.take("announcement")?;
    room.read_only = fields.take("ro")?.unwrap_or_default();
    room.archived = fields.take("archived")?.unwrap_or_default();
    room.default = fields.take("default")?.unwrap_or_default();
    room.react_when_read_only = fields.take("reactWhenReadOnly")?;
    room.broadcast = fields.take("broadcast")?;
    room.encrypted = fields.take("encrypted")?;
    room.muted = fields.take("muted")?.unwrap_or_default();
    room.unmuted = fields.take("unmuted")?.unwrap_or_default();
    if fields.has("prid") {
        room.parent = Some(fields.room_id("prid")?);
    }
    if let Some(raw) = fields.remove("customFields").filter(|raw| raw.get() != "null") {
        Fields::of(raw.get()).map_err(|error| format!("`customFields`: {error}"))?;
        room.custom_fields = Json::from_text(raw.get());
    }
    for name in NOT_KEPT {
        fields.remove(name);
    }
    room.extra = fields.rest();
    Ok(room)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::Time;
    use crate::export::view;

    fn read(line: &str) -> Result<Room, String> {
        super::read(Fields::of(line)?).map(|header| header.room)
    }

    fn header(key: &str, value: Value) -> String {
        let room = json!({"_id": "r", "t": "p", "name": "den", "fname": "The Den", "topic": "Bears",
            "ts": "2024-03-15T10:20:30.123Z", "usersCount": 2, "later": true});
        let mut header = json!({"type": "header", "format": "roomscribe-ndjson", "version": 1, "room": room});
        *header.pointer_mut(key).unwrap() = value;
        header.to_string()
    }

    #[test]
    fn the_room_is_as_the_header_says() {
        let room = read(&header("/type", json!("header"))).unwrap();
        assert_eq!((room.kind, room.name.as_deref()), (RoomKind::Group, Some("den")));
        assert_eq!((room.display_name.as_deref(), room.topic.as_deref()), (Some("The Den"), Some("Bears")));
        assert_eq!(room.created, Time::parse("2024-03-15T10:20:30.123Z").unwrap());
        assert_eq!(room.announcement, None);
        assert_eq!(read(&header("/room/t", json!("c"))).unwrap().kind, RoomKind::Channel);
        assert_eq!(read(&header("/room/t", json!("d"))).unwrap().kind, RoomKind::Group);
    }

    #[test]
    fn a_wrong_header_is_told_by_what_is_wrong() {
        for (key, value, expected) in [
            ("/format", json!("other"), "the format `ndjson`"),
            ("/version", json!(2), "use a newer roomscribe"),
            ("/room", json!([]), "`room`: it is not a JSON object"),
            ("/room/_id", json!(""), "`room`: `_id` must have"),
            ("/room/t", json!("x"), "must be c, p or d"),
            ("/room/ts", json!("once"), "`ts` is not a date"),
        ] {
            let complaint = read(&header(key, value)).unwrap_err();
            assert!(complaint.contains(expected), "{complaint}");
        }
    }

    #[test]
    fn everything_that_a_room_is_comes_back() {
        let text = concat!(
            r#"{"_id":"alalbob","t":"d","fname":"al, bob","topic":"x","ts":"2024-03-15T10:20:30.123Z","#,
            r#""_updatedAt":"2024-03-15T10:20:31.123Z","u":{"_id":"al","username":"al","name":"Al"},"#,
            r#""ro":true,"archived":true,"default":true,"reactWhenReadOnly":false,"broadcast":true,"#,
            r#""encrypted":false,"muted":["bob"],"unmuted":["al"],"users":[{"_id":"al","username":"al"},"#,
            r#"{"_id":"bob","username":"bob","name":"Bob"}],"prid":"p","customFields":{"z": 1.0,"a":[]},"#,
            r#""usersCount":2,"sysMes":["uj"],"featured":true}"#,
        );
        let head = r#"{"type":"header","format":"roomscribe-ndjson","version":1,"room":"#;
        let room = read(&format!("{head}{text}}}")).unwrap();
        assert_eq!((room.kind, room.display_name.as_deref()), (RoomKind::Direct, None));
        assert_eq!(serde_json::to_string(&view::room(&room, 2)).unwrap(), text);
        let code = text.replace("featured", "joinCode");
        let room = read(&format!("{head}{code}}}")).unwrap();
        assert_eq!((room.join_code, room.extra.as_str()), (None, r#"{"sysMes":["uj"]}"#));
    }
}
