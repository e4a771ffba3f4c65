//! The first line of an export in the format `ndjson`: the room that the messages after it are in.

use serde::Deserialize;

use crate::domain::id::LONGEST_ID;
use crate::domain::{Room, RoomId, RoomKind, Time};

const FORMAT: &str = "roomscribe-ndjson";
/// The newest version that is understood.
const VERSION: u64 = 1;

#[derive(Deserialize)]
struct Header {
    format: String,
    version: u64,
}

#[derive(Deserialize)]
struct Described {
    room: RoomObject,
}

#[derive(Deserialize)]
struct RoomObject {
    #[serde(rename = "_id")]
    id: String,
    t: String,
    ts: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    fname: Option<String>,
    #[serde(default)]
    topic: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    announcement: Option<String>,
}

/// The room as the header has it. The error says what is wrong.
pub(super) fn read(line: &str) -> Result<Room, String> {
    let wrong = |error: serde_json::Error| format!("the header cannot be read: {error}");
    let Header { format, version } = serde_json::from_str(line).map_err(wrong)?;
    if format != FORMAT {
        return Err(format!("the file is {format:?}; export the room in the format `ndjson`"));
    }
    if version > VERSION {
        return Err(format!("the file has version {version} of {FORMAT}; use a newer roomscribe"));
    }
    let Described { room } = serde_json::from_str(line).map_err(wrong)?;
    if room.id.is_empty() || room.id.len() > LONGEST_ID {
        return Err(format!("the `_id` of the room must have 1 to {LONGEST_ID} bytes"));
    }
    let kind = match room.t.as_str() {
        "c" => RoomKind::Channel,
        // Whose conversation a direct message was, the header does not tell; nobody else may see it.
        "p" | "d" => RoomKind::Group,
        other => return Err(format!("`t` of the room is {other:?}; it must be c, p or d")),
    };
    let created =
        Time::parse(&room.ts).ok_or_else(|| format!("`ts` of the room is no date: {:?}", room.ts))?;
    let mut made = Room::new(RoomId::new(room.id), kind, room.name, None, created);
    made.display_name = room.fname;
    made.topic = room.topic;
    made.description = room.description;
    made.announcement = room.announcement;
    Ok(made)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

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
            ("/room", json!([]), "cannot be read"),
            ("/room/_id", json!(""), "`_id` of the room"),
            ("/room/t", json!("x"), "must be c, p or d"),
            ("/room/ts", json!("once"), "no date"),
        ] {
            let complaint = read(&header(key, value)).unwrap_err();
            assert!(complaint.contains(expected), "{complaint}");
        }
    }
}
