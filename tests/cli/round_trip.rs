//! What was exported as `ndjson` is imported into another place as it was.

use serde_json::{Value, json};

use super::process::Place;

const DEMO: &str = include_str!("../../fixtures/demo/messages.ndjson");
const HOSTILE: &str = include_str!("../../fixtures/hostile/room.ndjson");

/// The lines of a room's export: header, members, messages, end.
fn exported(place: &Place, room: &str) -> Vec<String> {
    place.run(&["export", room, "-f", "ndjson", "-o", "seen"]).ok();
    let files = std::fs::read_dir(place.path("seen")).expect("a directory");
    let mut names = files.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    let name = names.find(|name| name.contains(".ndjson")).expect("an export");
    let text = String::from_utf8(place.bytes(&format!("seen/{name}"))).expect("UTF-8");
    std::fs::remove_dir_all(place.path("seen")).expect("removed");
    text.lines().map(str::to_owned).collect()
}

/// Imports, exports, imports the export elsewhere, exports again: both exports.
fn there_and_back(lines: &str, room: &str) -> (Vec<String>, Vec<String>) {
    let (here, there) = (Place::new(), Place::new());
    here.run_with(&["import", "-"], lines.as_bytes()).ok();
    let first = exported(&here, room);
    let text = first.join("\n");
    let told = there.run_with(&["import", "-"], text.as_bytes());
    let messages = first.iter().filter(|line| line.contains(r#""rid":"#)).count();
    assert!(told.ok().starts_with(&format!("{messages} messages, ")), "{told:?}");
    assert!(there.run(&["check"]).ok().contains("Everything is whole."));
    let again = there.run_with(&["import", "-"], text.as_bytes());
    assert!(again.ok().starts_with("0 messages, 0 users, 0 rooms; "), "{again:?}");
    let second = exported(&there, room);
    (first, second)
}

fn message(number: usize) -> Value {
    let author = number % 3;
    json!({
        "zebra": {"b": 1.50, "a": null}, "_id": format!("m{number}"), "rid": "den",
        "msg": format!("= {number}\r\n\u{0}"), "ts": 1_710_498_030_000_u64 + number as u64 * 250,
        "u": {"_id": format!("u{author}"), "username": format!("bear{author}")},
        "alias": "Bear", "type": "end", "starred": [{"_id": "u1"}],
    })
}

/// A private room of all kinds of messages, more than are written together.
fn den() -> String {
    let header = json!({
        "type": "header", "format": "roomscribe-ndjson", "version": 1,
        "room": {"_id": "den", "t": "p", "name": "Bären-höhle", "fname": "The </Den>",
            "topic": "Honey\n\"and\" berries", "description": "<b>", "announcement": "= 1 + 1",
            "ts": "2020-02-02T02:02:02.002Z"},
    });
    let mut lines = vec![header];
    for number in 0..1300 {
        let mut message = message(number);
        match number % 10 {
            1..=3 => message["tmid"] = json!(format!("m{}", number / 700 * 10)),
            4 => message["pinned"] = json!(true),
            5 => {
                message["reactions"] =
                    json!({":x:": {"usernames": ["bear1"], "names": []}, ":a:": {"usernames": []}});
            }
            6 => message["editedAt"] = json!({"$date": 7}),
            7 => message["t"] = json!("room_changed_topic"),
            8 => message["mentions"] = json!({"not": "a list"}),
            _ => {}
        }
        lines.push(message);
    }
    lines.push(json!({"type": "end", "counts": {}}));
    lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn message_lines_are_the_same_bytes_after_a_round_trip() {
    for (lines, room) in [(DEMO, "RdWTyCFE2GCTyqjXh"), (HOSTILE, "hostile"), (&den(), "den")] {
        let (first, second) = there_and_back(lines, room);
        assert!(first.len() > 100, "{room}");
        for (before, after) in first[1..].iter().zip(&second[1..]) {
            assert_eq!(before, after, "{room}");
        }
        assert_eq!(first.len(), second.len());
        let room_of = |lines: &[String]| serde_json::from_str::<Value>(&lines[0]).unwrap()["room"].take();
        assert_eq!(room_of(&first), room_of(&second), "the room is what it was");
    }
}

#[test]
fn the_room_of_a_header_is_made_as_it_was_once_and_kept_private() {
    let place = Place::new();
    let told = place.run_with(&["import", "-"], den().as_bytes());
    assert!(told.ok().contains("1 rooms: Bären-höhle;"), "{told:?}");
    let header: Value = serde_json::from_str(&exported(&place, "Bären-höhle")[0]).unwrap();
    let expected = json!({
        "_id": "den", "t": "p", "name": "Bären-höhle", "fname": "The </Den>", "topic": "Honey\n\"and\" berries",
        "description": "<b>", "announcement": "= 1 + 1", "ts": "2020-02-02T02:02:02.002Z",
        "_updatedAt": "2020-02-02T02:02:02.002Z", "usersCount": 3,
    });
    assert_eq!(header["room"], expected);

    let renamed = den().replace("The </Den>", "Another").replace(r#""_id":"den""#, r#""_id":"cave""#);
    let header = renamed.lines().next().unwrap();
    let empty = format!("{header}\n{}", json!({"type": "end", "counts": {"messages": 0}}));
    let told = place.run_with(&["import", "-"], empty.as_bytes());
    assert!(told.ok().contains("1 rooms: Bären-höhle-1;"), "a name that is taken gets a number: {told:?}");
    place.run_with(&["import", "-"], den().replace("The </Den>", "Changed").as_bytes()).ok();
    let kept: Value = serde_json::from_str(&exported(&place, "den")[0]).unwrap();
    assert_eq!(kept["room"], expected, "a room that is there stays as it is");
}

#[test]
fn a_header_that_is_not_understood_is_refused_by_its_line() {
    let later = den().replace("\"version\":1", "\"version\":2");
    let ended = Place::new().run_with(&["import", "-"], later.as_bytes());
    assert!(ended.complaint(1).starts_with("line 1: the file has version 2"), "{ended:?}");
    let vast = den().replace("Honey", &"Honey".repeat(50_000));
    let ended = Place::new().run_with(&["import", "-"], vast.as_bytes());
    assert!(ended.complaint(1).starts_with("line 1: "), "{ended:?}");
}

#[test]
fn nothing_of_the_demo_is_lost_on_its_way_through_two_places() {
    let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let (_, second) = there_and_back(DEMO, "RdWTyCFE2GCTyqjXh");
    let exported: Vec<Value> = second.iter().map(|line| read(line)).collect();
    for given in DEMO.lines().map(read) {
        let found = exported.iter().find(|message| message["_id"] == given["_id"]).unwrap();
        for (key, value) in given.as_object().unwrap().iter().filter(|(key, _)| *key != "starred") {
            assert_eq!(&found[key], value, "{key} of {}", given["_id"]);
        }
    }
}

#[test]
fn a_zip_comes_back_as_it_was_and_one_that_is_damaged_can_be_refused() {
    let (here, there) = (Place::new(), Place::new());
    here.run_with(&["import", "-"], den().as_bytes()).ok();
    here.run(&["export", "den", "-f", "ndjson", "-o", "den.zip"]).ok();
    let mut zip = here.bytes("den.zip");
    there.put("den.zip", &zip);
    let told = there.run(&["import", "--verify", "den.zip"]);
    let expected = "1300 messages, 3 users, 1 rooms: Bären-höhle; 0 messages were there already; \
        3 memberships were added\n";
    assert_eq!(told.ok(), expected);
    let again = there.run(&["import", "den.zip"]);
    assert_eq!(again.ok(), "0 messages, 0 users, 0 rooms; 1300 messages were there already\n");
    assert_eq!(exported(&here, "den")[1..], exported(&there, "den")[1..]);
    let middle = zip.len() / 2;
    zip[middle] ^= 1;
    let fresh = Place::new();
    fresh.put("den.zip", zip);
    let refused = fresh.run(&["import", "--verify", "den.zip"]);
    assert!(refused.complaint(1).contains("nothing was imported"), "{refused:?}");
    assert!(!fresh.path("data").exists());
}

#[test]
fn the_first_room_of_a_new_server_gets_its_members_back() {
    let (here, there) = (Place::new(), Place::new());
    for name in ["ann", "bob"] {
        here.run(&["user", "add", name]).ok();
    }
    let line = |id: &str| {
        let author = json!({"_id": "x", "username": "x"});
        json!({"_id": id, "rid": "GENERAL", "msg": "hi", "ts": 1_710_598_030_000_u64, "u": author})
            .to_string()
    };
    here.run_with(&["import", "-"], line("m1").as_bytes()).ok();
    let first = exported(&here, "general");
    // The first start has made the room, and an administrator who is in it.
    assert_eq!(there.serve().stop().0, Some(0));
    there.run_with(&["import", "-"], first.join("\n").as_bytes()).ok();
    let members = |lines: &[String]| lines.iter().filter(|line| line.contains("\"member\"")).count();
    let second = exported(&there, "general");
    assert_eq!((members(&first), members(&second)), (3, 4), "{second:?}");
    let third = [&first[..], &exported(&here, "general")[..]].concat().join("\n").replace("ann", "eve");
    there.run_with(&["import", "-"], third.as_bytes()).ok();
    assert!(!exported(&there, "general").iter().any(|line| line.contains("eve")), "now it was there before");
}

#[test]
fn a_room_that_is_there_gets_members_only_if_asked_to() {
    let place = Place::new();
    place.run_with(&["import", "-"], den().as_bytes()).ok();
    let line = |name: &str| {
        let author = json!({"_id": name, "username": name});
        json!({"_id": name, "rid": "den", "msg": "hi", "ts": 1_710_598_030_000_u64, "u": author}).to_string()
    };
    for (arguments, name, expected) in [
        (&["import", "-"][..], "eve", "1 messages, 1 users, 0 rooms; 0 messages were there already\n"),
        (
            &["import", "--join", "-"],
            "al",
            "1 messages, 1 users, 0 rooms; 0 messages were there already; 1 memberships were added\n",
        ),
        (
            &["import", "--join", "-"],
            "x/../y",
            "1 messages, 0 users, 0 rooms; 0 messages were there already; 1 authors have no account, for their \
             names are taken or not allowed\n",
        ),
    ] {
        let told = place.run_with(arguments, line(name).as_bytes());
        assert_eq!(told.ok(), expected);
    }
    let members: Vec<String> =
        exported(&place, "den").into_iter().filter(|line| line.contains("\"member\"")).collect();
    assert!(members.iter().any(|line| line.contains("\"al\"")));
    assert!(!members.iter().any(|line| line.contains("\"eve\"")), "{members:?}");
}
