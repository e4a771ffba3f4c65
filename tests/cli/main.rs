//! The command line, as a person or a script meets it: the real program as a process.
//!
//! A test binary of its own: a process that is being started holds, for a moment, the locks of the
//! one that starts it, and tests beside it that close a store and open it again would find it in use.

mod backup;
mod compact;
mod damage;
mod export;
mod observing;
mod plugin;
mod process;
mod programs;
mod proof;
mod readme;
mod round_trip;
mod start;

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpListener;

use flate2::Compression;
use flate2::write::GzEncoder;
use roomscribe::api::Api;
use serde_json::{Value, json};

use process::Place;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/demo/messages.ndjson");

fn message(number: usize, text: &str) -> String {
    let message = json!({
        "_id": format!("message{number}"), "rid": "harbour", "msg": text,
        "ts": format!("2024-03-15T10:20:{:02}.000Z", number % 60),
        "u": {"_id": "bob", "username": "bob", "name": "Bob"},
    });
    format!("{message}\n")
}

fn room_of(messages: usize) -> String {
    (1..=messages).map(|number| message(number, "Hello")).collect()
}

/// A place with a room `harbour` of three messages.
fn harbour() -> Place {
    let place = Place::new();
    place.run_with(&["import", "-"], room_of(3).as_bytes()).ok();
    place
}

/// The texts of the room as an export shows them.
fn texts(place: &Place) -> Vec<String> {
    place.run(&["export", "harbour", "-f", "json", "-o", "seen"]).ok();
    let export: Value = serde_json::from_slice(&place.bytes("seen/harbour.json")).expect("JSON");
    let messages = export["messages"].as_array().expect("a list");
    messages.iter().map(|message| message["msg"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn help_shows_what_to_type() {
    let place = Place::new();
    let help = place.run(&["--help"]);
    for expected in ["Examples:", "roomscribe demo", "roomscribe export general", "Exit codes:"] {
        assert!(help.ok().contains(expected), "{expected}");
    }
    for command in ["import", "export", "verify", "prove", "key", "compact"] {
        assert!(place.run(&[command, "--help"]).ok().contains(&format!("  roomscribe {command} ")));
    }
    let wrong = place.run(&["exprot"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("export"), "the nearest command is suggested: {}", wrong.stderr);
}

#[test]
fn importing_twice_changes_nothing() {
    let place = Place::new();
    let lines = std::fs::read_to_string(DEMO).unwrap().lines().count();
    let first = place.run(&["import", DEMO]);
    assert!(first.ok().starts_with(&format!("{lines} messages, ")), "{}", first.stdout);
    let export = || place.run(&["export", "RdWTyCFE2GCTyqjXh", "-f", "json", "-o", "seen"]).ok().to_owned();
    let told = export();
    let before: Value = serde_json::from_slice(&place.bytes("seen/RdWTyCFE2GCTyqjXh.json")).unwrap();
    let second = place.run(&["import", DEMO]);
    assert!(second.ok().starts_with("0 messages, 0 users, 0 rooms; "), "{}", second.stdout);
    assert!(second.stdout.contains(&format!("{lines} messages were there already")));
    std::fs::remove_dir_all(place.path("seen")).unwrap();
    assert_eq!(export(), told);
    let after: Value = serde_json::from_slice(&place.bytes("seen/RdWTyCFE2GCTyqjXh.json")).unwrap();
    assert_eq!(before["messages"], after["messages"]);
    assert_eq!(before["messages"].as_array().map(Vec::len), Some(lines));
    assert!(place.run(&["check"]).ok().contains("Everything is whole."));
}

#[test]
fn a_bad_line_is_named_and_what_came_before_is_kept() {
    let long = "x".repeat(2 << 20);
    let unkeepable = "x".repeat(200 << 10);
    let cases = [
        (room_of(2) + "{\"_id\": 7}\n" + &room_of(9), "line 3: "),
        (room_of(2) + "\n\nnonsense\n", "line 5: "),
        (room_of(2) + &message(3, &long), "line 3: it is longer than"),
        (room_of(2) + &message(3, &unkeepable) + &message(4, "later"), "line 3: the message is too large"),
    ];
    for (lines, expected) in cases {
        let place = Place::new();
        let ended = place.run_with(&["import", "-"], lines.as_bytes());
        let complaint = ended.complaint(1);
        assert!(complaint.starts_with(expected), "{complaint}");
        assert!(complaint.ends_with("what stands before it was imported"), "{complaint}");
        assert_eq!(texts(&place), ["Hello", "Hello"]);
        assert!(place.run(&["check"]).ok().contains("Everything is whole."));
    }
}

#[test]
fn a_file_that_was_cut_off_is_imported_up_to_there() {
    let lines: String = (0..1200).map(|number| message(number, &format!("number {number}"))).collect();
    let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
    zipped.write_all(lines.as_bytes()).unwrap();
    let zipped = zipped.finish().unwrap();
    let place = Place::new();
    place.put("room.ndjson.gz", &zipped[..zipped.len() / 2]);
    let ended = place.run(&["import", "room.ndjson.gz"]);
    let complaint = ended.complaint(1);
    let line = complaint.strip_prefix("line ").and_then(|rest| rest.split_once(':')).unwrap();
    assert!(line.1.contains("the file cannot be read further"), "{complaint}");
    let line: usize = line.0.parse().unwrap();
    assert!(line > 100, "{complaint}");
    assert_eq!(texts(&place).len(), line - 1);
    place.put("room.ndjson.gz", &zipped);
    assert!(place.run(&["import", "room.ndjson.gz"]).ok().starts_with(&format!("{} messages", 1201 - line)));
}

#[test]
fn an_import_that_is_interrupted_says_how_to_go_on() {
    let (code, said) = Place::new().interrupted(&["import", "-"], "a new data directory was made");
    assert_eq!(code, Some(130));
    assert_eq!(said, ["roomscribe: stopped; run the same command again to go on"]);
}

#[test]
fn wrong_settings_are_named() {
    let place = Place::new();
    for (text, expected) in [
        ("[server]\nlisten_on = 3", "listen_on"),
        ("[server]\nlisten = \"everywhere\"", "listen"),
        ("[export]\nworkers = 0", "[export] workers must be at least 1"),
        ("[plugins.pfd]", "[plugins.pfd]"),
        ("[plugins.email]\nattach_upto = 1", "attach_upto"),
        ("nonsense", "config.toml"),
    ] {
        place.put("config.toml", text);
        for command in [&["check"][..], &["formats"], &["serve", "--listen", "127.0.0.1:0"]] {
            let ended = place.run(command);
            assert_eq!(ended.code, Some(2), "{text}: {ended:?}");
            assert!(ended.stderr.starts_with("roomscribe: ") && ended.stderr.contains(expected), "{ended:?}");
        }
        assert!(!place.path("data").exists(), "nothing is made before the settings are right");
    }
    assert!(place.run(&["check", "--config", "missing.toml"]).complaint(2).contains("missing.toml"));
}

#[test]
fn the_openapi_document_has_every_endpoint() {
    let place = Place::new();
    let document: Value = serde_json::from_str(place.run(&["openapi"]).ok()).unwrap();
    let written: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(move |m| format!("{m} {path}")))
        .collect();
    let api = Api::new(1);
    let table = api.endpoints().iter().map(|endpoint| {
        let segments = endpoint.terms.path.split('/');
        let segments: Vec<String> = segments
            .map(|part| part.strip_prefix(':').map_or(part.to_owned(), |name| format!("{{{name}}}")))
            .collect();
        format!("{} /api/v1/{}", endpoint.terms.method.word().to_lowercase(), segments.join("/"))
    });
    assert_eq!(written, table.collect());
}

#[test]
fn accounts_are_made_and_work() {
    let place = Place::new();
    let add = ["user", "add", "bob", "--name", "Bob", "--email", "bob@example.org", "--admin"];
    assert!(place.run_with(&add, b"a good password\n").ok().starts_with("user bob was made, id "));
    assert!(place.run_with(&add, b"x\n").complaint(1).contains("there is a user bob already"));
    let made_up = place.run(&["user", "add", "al"]);
    assert!(made_up.ok().contains("\npassword: "), "{made_up:?}");
    let unknown = place.run(&["user", "passwd", "eve"]);
    assert!(unknown.complaint(2).contains("`roomscribe user add`"));
    let bad = place.run(&["user", "add", "b/../ob"]);
    assert!(bad.complaint(2).contains("a login name has letters"));
    let token = place.run(&["user", "token", "bob"]);
    let header = |name: &str| {
        let line = token.ok().lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim_start_matches(": ").to_owned()
    };
    assert!(place.run(&["check"]).ok().contains("Everything is whole."));
    let serving = place.serve();
    let mut answer = ureq::get(format!("http://{}/api/v1/info", serving.address))
        .header("X-User-Id", header("X-User-Id"))
        .header("X-Auth-Token", header("X-Auth-Token"))
        .call()
        .unwrap();
    let answer: Value = answer.body_mut().read_json().unwrap();
    assert!(answer["info"].is_object(), "only users with a token see this: {answer}");
    assert_eq!(serving.stop().0, Some(0));
}

#[test]
fn a_new_password_ends_what_the_old_one_opened() {
    let place = Place::new();
    place.run(&["user", "add", "bob"]).ok();
    place.run(&["user", "token", "bob"]).ok();
    let again = place.run(&["user", "token", "bob"]);
    assert!(again.complaint(1).contains("with --name, or take the old one back with --replace"), "{again:?}");
    for more in [&["--replace"][..], &["--name", "backup"]] {
        place.run(&[&["user", "token", "bob"], more].concat()).ok();
    }
    for (more, expected) in [
        (&["--keep-tokens"][..], "0 sessions were ended, 0 personal access tokens taken back, 2 kept\n"),
        (&[], "0 sessions were ended, 2 personal access tokens taken back, 0 kept\n"),
    ] {
        let ended = place.run_with(&[&["user", "passwd", "bob"], more].concat(), b"a better one\n");
        assert_eq!(ended.ok(), format!("bob has a new password; {expected}"));
    }
}

#[test]
fn passwords_follow_the_policy_of_the_server() {
    let place = Place::new();
    let policy = "OVERWRITE_SETTING_Accounts_Password_Policy_Enabled=true";
    let add = |password: &str| place.shell(&format!("echo {password} | {policy} roomscribe user add bob"));
    let refused = add("short");
    assert!(refused.complaint(1).contains("minimum length"), "{refused:?}");
    assert!(add("L0ng-enough").ok().starts_with("user bob was made"));
}

#[test]
fn the_first_password_is_shown_once() {
    let place = Place::new();
    let (code, said) = place.serve().stop();
    assert_eq!(code, Some(0));
    assert!(said.contains("shown once") && said.contains("  password  "), "{said}");
    assert_eq!(place.serve().stop(), (Some(0), String::new()));
}

#[test]
fn what_is_taken_is_named_before_anything_is_done() {
    let place = Place::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let taken = place.run(&["serve", "--listen", &address]);
    let expected = format!("cannot listen on {address}; choose another address with --listen");
    assert!(taken.complaint(3).starts_with(&expected), "{taken:?}");

    let serving = place.serve();
    for command in [&["check"][..], &["import", DEMO], &["serve", "--listen", "127.0.0.1:0"]] {
        let second = place.run(command);
        let expected = "another roomscribe is using data; stop it, or choose another directory with --data";
        assert!(second.complaint(3).contains(expected), "{second:?}");
    }
    assert_eq!(serving.stop().0, Some(0));
    place.run(&["check"]).ok();
}

#[test]
fn a_mistyped_directory_is_not_made_and_a_lost_store_is_not_replaced() {
    let place = Place::new();
    for arguments in [&["check"][..], &["export", "general", "-o", "x.zip"], &["user", "passwd", "admin"]] {
        let ended = place.run(arguments);
        assert_eq!(ended.code, Some(3), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("there is no data in"), "{}", ended.stderr);
        assert!(!place.path("data").exists(), "{arguments:?} made nothing");
    }
    std::fs::create_dir_all(place.path("data/uploads/ab")).unwrap();
    let ended = place.run(&["user", "add", "bob"]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(ended.stderr.contains("restore the directory from a backup"), "{}", ended.stderr);
}
