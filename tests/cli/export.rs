//! `roomscribe export` and `roomscribe formats`: what is written down, where, and what is refused.

use serde_json::Value;

use super::harbour;
use super::process::{Ended, Place};

/// A place with the room `harbour` of three messages, of which the second answers the first, and the
/// room `pier` with a message of a system.
fn two_rooms() -> Place {
    let place = Place::new();
    let author = r#""u":{"_id":"bob","username":"bob"}"#;
    let lines = [
        format!(
            r#"{{"_id":"h1","rid":"harbour","msg":"Ahoy","ts":"2023-10-28T21:59:59Z","tcount":1,{author}}}"#
        ),
        format!(
            r#"{{"_id":"h2","rid":"harbour","msg":"Aye","ts":"2023-10-28T22:00:00Z","tmid":"h1",{author}}}"#
        ),
        format!(
            r#"{{"_id":"h3","rid":"harbour","msg":"write to bob@example.org","ts":"2023-10-30T00:00:00Z",{author}}}"#
        ),
        format!(r#"{{"_id":"p1","rid":"pier","msg":"bob","t":"uj","ts":"2023-10-29T00:00:00Z",{author}}}"#),
    ];
    place.run_with(&["import", "-"], lines.join("\n").as_bytes()).ok();
    place
}

/// The ids of the messages in a JSON document.
fn ids(place: &Place, document: &str) -> Vec<String> {
    let document: Value = serde_json::from_slice(&place.bytes(document)).expect("JSON");
    let messages = document["messages"].as_array().expect("messages");
    messages.iter().map(|message| message["_id"].as_str().expect("an id").to_owned()).collect()
}

fn export(place: &Place, arguments: &[&str]) -> Ended {
    if place.path("out").exists() {
        std::fs::remove_dir_all(place.path("out")).expect("removed");
    }
    place.run(&[&["export"], arguments, &["-o", "out"]].concat())
}

/// The ids that an export of `harbour` as JSON has.
fn found(place: &Place, arguments: &[&str]) -> Vec<String> {
    export(place, &[arguments, &["-f", "json"]].concat()).ok();
    ids(place, "out/harbour.json")
}

#[test]
fn an_export_is_a_directory_or_a_zip_that_is_not_replaced_unasked() {
    let place = harbour();
    for output in ["loose", "packed.zip"] {
        let done = place.run(&["export", "#harbour", "--format", "json", "--output", output]);
        assert_eq!(done.ok(), format!("3 messages of harbour in {output}\n"));
    }
    let loose: Value = serde_json::from_slice(&place.bytes("loose/harbour.json")).unwrap();
    assert_eq!(loose["messages"].as_array().map(Vec::len), Some(3));
    let before = place.bytes("packed.zip");
    let again = ["export", "harbour", "--format", "html", "--output", "packed.zip"];
    let refused = place.run(&again);
    assert!(refused.complaint(2).contains("packed.zip is there already; replace it with --force"));
    assert_eq!(place.bytes("packed.zip"), before);
    place.run(&[&again[..], &["--force"]].concat()).ok();
    assert_ne!(place.bytes("packed.zip"), before);
    let again = ["export", "harbour", "--format", "text", "--output", "loose"];
    assert!(place.run(&again).complaint(2).contains("loose is not empty"));
    place.run(&[&again[..], &["--force"]].concat()).ok();
    assert!(place.path("loose/harbour.txt").exists() && !place.path("loose/harbour.json").exists());
}

#[test]
fn a_place_where_nothing_can_be_written_is_told_before_anything_is_done() {
    let place = harbour();
    std::fs::create_dir(place.path("photos")).unwrap();
    place.put("photos/cat.jpg", "");
    for (output, expected) in [
        ("x.tar.gz", "x.tar.gz is an archive that is not written; name a .zip file, or a directory"),
        ("far/x.zip", "far/x.zip cannot be written: there is no directory far; make it first"),
        ("photos/cat.jpg", "photos/cat.jpg is a file; name a .zip file, or a directory"),
        ("photos", "photos holds no export, so --force does not replace it; choose another directory"),
    ] {
        assert_eq!(place.run(&["export", "harbour", "--force", "-o", output]).complaint(2), expected);
    }
    assert!(place.path("photos/cat.jpg").exists());
}

#[test]
fn a_window_of_time_is_kept_to() {
    let place = harbour();
    let count = |arguments: &[&str]| {
        let fixed = ["export", "harbour", "-f", "json", "-o", "out.zip", "--force"];
        place.run(&[&fixed[..], arguments].concat()).ok().split(' ').next().unwrap().to_owned()
    };
    assert_eq!(count(&["--to", "2024-03-15"]), "3");
    assert_eq!(count(&["--to", "2024-03-14"]), "0");
    assert_eq!(count(&["--from", "2024-03-16"]), "0");
    assert_eq!(count(&["--from", "2024-03-15T10:20:02Z", "--to", "2024-03-15T10:20:03Z"]), "1");
    let bad = place.run(&["export", "harbour", "-o", "x", "--from", "yesterday"]);
    assert!(bad.complaint(2).contains("--from: \"yesterday\" is no time; write 2024-03-31"));
}

#[test]
fn an_unknown_room_or_format_tells_what_there_is() {
    let place = harbour();
    let room = place.run(&["export", "habour", "-o", "x"]);
    assert!(room.complaint(2).contains("there is no room \"habour\"; there are: general, harbour"));
    let format = place.run(&["export", "harbour", "-f", "pfd", "-o", "x"]);
    assert!(format.complaint(2).contains("html") && format.stderr.contains("json"), "{format:?}");
    assert!(!place.path("x").exists());
}

#[test]
fn rooms_threads_and_messages_are_chosen() {
    let place = two_rooms();
    assert_eq!(found(&place, &["harbour", "pier"]), ["h1", "h2", "h3"]);
    assert_eq!(ids(&place, "out/pier.json"), ["p1"]);
    let told = export(&place, &["--all", "-f", "json"]);
    assert_eq!(told.ok(), "4 messages of All rooms of the server in out\n");
    assert_eq!(ids(&place, "out/general.json"), [""; 0]);
    assert_eq!(found(&place, &["--thread", "h1"]), ["h1", "h2"]);
    assert_eq!(found(&place, &["--message", "h3", "--message", "h1"]), ["h1", "h3"]);
}

#[test]
fn filters_choose_messages() {
    let place = two_rooms();
    assert_eq!(found(&place, &["harbour", "--query", "is:reply or bob@"]), ["h2", "h3"]);
    let day = ["harbour", "--from", "2023-10-29", "--until", "2023-10-29", "--time-zone", "Europe/Berlin"];
    assert_eq!(found(&place, &day), ["h2"]);
    assert_eq!(found(&place, &["harbour", "--until", "2023-10-28T22:00"]), ["h1"]);
    export(&place, &["pier", "-f", "json", "--no-system-messages"]).ok();
    assert_eq!(ids(&place, "out/pier.json"), [""; 0]);
}

#[test]
fn several_formats_are_written_in_one_go_with_options_of_their_own() {
    let place = two_rooms();
    let options =
        ["--option", "csv.bom=true", "--option", "drop.matching=ahoy|aye", "--option", "drop.matching=Ahoy"];
    let chosen = ["harbour", "-f", "csv", "-f", "json", "--transform", "drop", "--transform", "redact"];
    export(&place, &[&chosen[..], &options].concat()).ok();
    assert_eq!(ids(&place, "out/json/harbour.json"), ["h2", "h3"]);
    let table = place.bytes("out/csv/harbour.csv");
    assert!(table.starts_with(b"\xef\xbb\xbf"), "a byte order mark");
    assert!(!String::from_utf8(table).unwrap().contains("bob@example.org"));
    export(&place, &["harbour", "-f", "csv", "--option", "bom=true"]).ok();
    assert!(place.bytes("out/harbour.csv").starts_with(b"\xef\xbb\xbf"));
}

#[test]
fn the_layout_can_be_chosen() {
    let place = two_rooms();
    let chosen = |layout: &[&str]| export(&place, &[&["harbour", "-f", "json"], layout].concat()).ok().len();
    chosen(&["--layout", "bag"]);
    assert!(place.path("out/data/harbour.json").exists() && place.path("out/bagit.txt").exists());
    chosen(&["--layout", "plain"]);
    assert!(place.path("out/harbour.json").exists() && !place.path("out/bagit.txt").exists());
    place.run(&["export", "harbour", "-f", "slack", "-o", "out.zip", "--layout", "bag"]).ok();
    assert!(place.run(&["verify", "out.zip"]).ok().starts_with("out.zip: intact"));
    assert_eq!(chosen(&[]), "3 messages of harbour in out\n".len());
}

#[test]
fn a_dry_run_tells_how_large_an_export_would_be_and_writes_nothing() {
    let place = two_rooms();
    let table = place.run(&["export", "harbour", "-f", "json", "--dry-run"]);
    assert!(table.ok().contains("rooms     1\nmessages  3\nfiles     0\nsize      "), "{table:?}");
    let told = place.run(&["export", "harbour", "-f", "json", "--dry-run", "--json", "-o", "out"]);
    let estimate: Value = serde_json::from_str(told.ok()).unwrap();
    assert!(!place.path("out").exists());
    assert_eq!((&estimate["messages"], &estimate["exact"]), (&3.into(), &true.into()));
    export(&place, &["harbour", "-f", "json"]).ok();
    // Who ordered it and when is in the document, but every time is as long as another.
    assert_eq!(estimate["bytes"], place.bytes("out/harbour.json").len());
}

#[test]
fn refusals_name_arguments_and_no_codes() {
    let place = two_rooms();
    for (arguments, expected) in [
        (&["harbour", "--until", "nonsense"][..], "--until: \"nonsense\" is no time; write 2024-03-31"),
        (
            &["harbour", "--time-zone", "Mars"],
            "--time-zone: there is no \"Mars\"; write a name like Europe/Berlin",
        ),
        (&["harbour", "--query", "("], "--query: "),
        (&["harbour", "#harbour"], "the command names \"#harbour\" twice"),
        (&["--thread", "h2"], "--thread: \"h2\" is a reply; name what began its thread, h1"),
        (
            &["--message", "h1", "--message", "p1"],
            "--message: there is no message \"p1\" in the room of \"h1\"",
        ),
        (&["harbour", "--from", "2023-11", "--until", "2023-10"], "--from is not before --until"),
        (&["harbour", "-f", "csv", "-f", "csv"], "--format names \"csv\" twice"),
        (&["harbour", "--transform", "shout"], "no transform `shout`; known: "),
        (&["harbour", "-f", "csv", "--option", "bom=maybe"], "options of `csv`: `bom`: invalid type"),
        (&["harbour", "-f", "csv", "--option", "bom"], "--option bom: write --option name=value"),
        (
            &["harbour", "-f", "csv", "-f", "html", "--option", "bom=true"],
            "--option bom=true: there are several formats, so say for which: --option csv.bom=true",
        ),
        (
            &["harbour", "-f", "text", "--transform", "redact", "--option", "kinds=email"],
            "--option kinds=email: an option of a transform stands behind its name: --option redact.kinds=email",
        ),
        (
            &["harbour", "--option", "csv.bom=true"],
            "--option csv.bom=true: csv is chosen neither by --format nor",
        ),
    ] {
        let ended = export(&place, arguments);
        let complaint = ended.complaint(2);
        assert!(complaint.contains(expected) && !complaint.contains("[error-"), "{arguments:?}: {complaint}");
        assert!(!place.path("out").exists());
    }
    for arguments in
        [&["-o", "out"][..], &["harbour", "--all", "-o", "out"], &["harbour"], &["harbour", "--json"]]
    {
        let ended = place.run(&[&["export"], arguments].concat());
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
    }
}

#[test]
fn formats_transforms_and_deliveries_are_listed_with_their_options() {
    let place = Place::new();
    let formats = place.run(&["formats"]);
    let ids = [
        "html",
        "json",
        "ndjson",
        "csv",
        "slack",
        "mattermost",
        "anonymize",
        "redact",
        "drop",
        "file",
        "email",
    ];
    for id in ids {
        let line = format!("  {id:<10} ");
        assert!(formats.ok().lines().any(|text| text.starts_with(&line)), "{id}: {}", formats.stdout);
    }
    assert!(
        formats
            .stdout
            .lines()
            .any(|line| line.starts_with("    bom ") && line.ends_with("(boolean, default false)"))
    );
    let help = place.run(&["export", "--help"]);
    for argument in
        ["--all", "--thread", "--query", "--dry-run", "--layout", "roomscribe formats", "Exit codes:"]
    {
        assert!(help.ok().contains(argument), "{argument}");
    }
}
