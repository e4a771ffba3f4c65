//! `roomscribe plugin`: what an author types, from an empty directory on.

use crate::process::Place;

/// A format that copies its input.
const COPY: &str = r#"read -r line
case $line in *'"describe"'*)
  printf '%s' '{"abi":1,"name":"copy","version":"1.0","description":"A copy","extension":"ndjson",'
  printf '%s' '"media_type":"application/x-ndjson","options":{"type":"object","properties":'
  printf '%s' '{"loud":{"type":"boolean","default":false,"description":"Whether"}}}}'
  exit ;;
esac
printf '%s\n' "$line"
exec /bin/cat
"#;

const ROOM: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/exports/ndjson/conversation/general.ndjson");

fn room() -> String {
    std::fs::read_to_string(ROOM).expect("the golden file")
}

#[test]
#[cfg(feature = "wasm-plugins")]
fn a_new_format_in_wat_works_as_it_is() {
    let place = Place::new();
    place.run(&["plugin", "new", "letters", "--lang", "wat"]).ok();
    place.put("letters.wasm", wat::parse_file(place.path("letters/letters.wat")).expect("WAT"));
    let checked = place.run(&["plugin", "check", "letters.wasm", "--golden", "golden"]);
    let said = checked.ok();
    assert!(said.starts_with("letters 1.0.0: Tab-separated values"), "{said}");
    assert!(said.contains("\nok      hostile texts and names, everywhere\n"), "{said}");
    assert!(said.contains("\nok      the golden files (3 written anew)\n"), "{said}");
    let room = place.bytes("letters/room.ndjson");
    let ran = place.run_with(&["plugin", "run", "letters.wasm", "--option", "columns=short"], &room);
    assert!(ran.ok().starts_with("time\tsender\ttext\n2024-03-09T16:00:00.000Z\tbob\tHello *world* @al\n"));
    place.put("golden/direct/alalbobbob.tsv", "id\n");
    let checked = place.run(&["plugin", "check", "letters.wasm", "--golden", "golden"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    assert!(checked.stdout.contains("alalbobbob.tsv is another from line 1 on"), "{checked:?}");
}

#[test]
fn every_language_has_a_beginning_and_nothing_is_written_over() {
    let place = Place::new();
    for (language, source) in [
        ("assemblyscript", "letters.ts"),
        ("c", "letters.c"),
        ("node", "letters.mjs"),
        ("python", "letters.py"),
        ("zig", "letters.zig"),
    ] {
        let new = ["plugin", "new", "letters", "--lang", language, "--in", language];
        place.run(&new).ok();
        let source = String::from_utf8(place.bytes(&format!("{language}/letters/{source}"))).expect("UTF-8");
        assert!(source.contains("letters") && !source.contains("\"tsv\",\"version"), "{source}");
        assert_eq!(place.bytes(&format!("{language}/letters/room.ndjson")), room().as_bytes());
        assert!(place.run(&new).complaint(1).contains("choose another name"));
    }
    for wrong in ["Letters", "-letters", "let/ters", ""] {
        assert!(place.run(&["plugin", "new", "--lang", "c", "--", wrong]).complaint(2).contains("no name"));
    }
}

#[test]
fn a_program_is_checked_and_tried_without_a_server() {
    let place = Place::new();
    place.put("copy.sh", COPY);
    let checked = place.run(&["plugin", "check", "--", "/bin/sh", "copy.sh"]);
    assert!(checked.ok().contains("\n[plugins.process.copy]\ncommand = [\"/bin/sh\", \""), "{checked:?}");
    let run = |option: &str, room: &str| {
        place.run_with(&["plugin", "run", "--option", option, "--", "/bin/sh", "copy.sh"], room.as_bytes())
    };
    let ran = run("loud=true", &room());
    let (header, rest) = ran.ok().split_once('\n').expect("lines");
    assert!(header.ends_with(",\"options\":{\"loud\":true}}"), "{header}");
    assert_eq!(Some(rest), room().split_once('\n').map(|(_, rest)| rest));
    assert!(run("loud=3", &room()).complaint(2).contains("`loud`: expected a boolean"));
    assert!(run("loud=true", "{\"_id\":\"m\"}\n").complaint(1).contains("line 1 is no header"));
}

#[test]
fn what_fails_is_named_with_the_message_that_does_it() {
    let place = Place::new();
    // Trips over one of the hostile texts.
    let trips =
        COPY.replace("exec /bin/cat", "while read -r line; do case $line in *'<!--'*) exit 3 ;; esac; done");
    place.put("trips.sh", trips);
    let checked = place.run(&["plugin", "check", "--", "/bin/sh", "trips.sh"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    let expected = "FAILED  hostile texts and names, everywhere\n        message m-hostile-11, whose text begins with \
                    \"<!--\": the format `copy`";
    assert!(checked.stdout.contains(expected), "{checked:?}");
    assert!(checked.stderr.ends_with("checks failed\n"), "{checked:?}");
    let missing = place.run(&["plugin", "check", "gone.wasm"]);
    let reason =
        if cfg!(feature = "wasm-plugins") { "read" } else { "run: this program was built without wasm" };
    assert!(missing.complaint(1).contains(&format!("gone.wasm: it cannot be {reason}")));
    assert_eq!(place.run(&["plugin", "check"]).code, Some(2));
}
