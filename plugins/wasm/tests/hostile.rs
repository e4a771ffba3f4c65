//! Formats that do what they must not: each costs one export, with its reason, and no more.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fmt::Write as _;

use export_sdk::conformance::{MemoryOutput, render, sample_messages, sample_room, sample_scope};
use export_sdk::{ErrorKind, Look, Registry};
use serde_json::{Value, json};

use support::{Folder, frame};

const ENDLESS: &str = "(loop $on (br $on))";
const BINARY: &str = r#"{"abi":1,"name":"x","version":"1","description":"X","extension":"x","media_type":"text/x","binary":true}"#;

/// What a small room becomes: its only file, or why there is none.
fn export(registry: &Registry) -> Result<Vec<u8>, String> {
    let files = render(registry.format("x").unwrap(), &Value::Null, &sample_messages()[..3]);
    files.map(|files| files.into_values().next().unwrap()).map_err(|error| {
        assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
        error.to_string()
    })
}

fn bounded(table: &'static str, parts: &[(&str, &str)]) -> Result<Vec<u8>, String> {
    export(&Folder::bounded(table, &[("x.wasm", &frame(parts))]).registry())
}

fn fails(parts: &[(&str, &str)]) -> String {
    let reason = bounded("instructions_per_call = 50000000", parts).expect_err("fails");
    reason.strip_prefix("the format `x` (x.wasm) ").expect("named").to_owned()
}

#[test]
fn what_stops_or_never_ends_is_stopped() {
    let gave_up = "gave up: it came to code that it calls unreachable, as by a panic";
    let begin = "took more than the 50100000 instructions";
    for (part, text, expected) in [
        ("begin", "(unreachable)", gave_up),
        ("write", "(unreachable)", gave_up),
        ("finish", "(unreachable)", gave_up),
        ("alloc", "(unreachable)", gave_up),
        ("begin", ENDLESS, begin),
        ("alloc", ENDLESS, begin),
        // Two members, three messages, an end.
        ("write", ENDLESS, "took more than the 50600000 instructions"),
        ("finish", ENDLESS, "took more than the 50000000 instructions"),
        ("write", "(drop (call $write (i32.const 0) (i32.const 0)))", "called itself too deeply"),
        ("write", "(drop (i32.load (i32.const -1)))", "reached outside of its memory"),
        ("write", "(drop (i32.div_u (i32.const 1) (i32.const 0)))", "stopped: "),
        (
            "write",
            "(loop $on (memory.fill (i32.const 0) (i32.const 1) (i32.const 131072)) (br $on))",
            "took more than the 50600000 instructions",
        ),
    ] {
        let reason = fails(&[(part, text)]);
        assert!(reason.starts_with(expected), "{part} {text}: {reason}");
    }
}

#[test]
fn what_takes_too_long_is_stopped_by_the_clock() {
    let table = "instructions_per_call = 4000000000000000000\ncall_milliseconds = 50";
    for text in [ENDLESS, "(loop $on (memory.fill (i32.const 0) (i32.const 1) (i32.const 131072)) (br $on))"]
    {
        let reason = bounded(table, &[("write", text)]).expect_err("fails");
        assert!(reason.contains("took longer than 50 ms for one call (call_milliseconds)"), "{reason}");
    }
    let random =
        r#"(import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))"#;
    let asks = "(loop $on (drop (call $random (i32.const 0) (i32.const 4096))) (br $on))";
    let reason = bounded(table, &[("imports", random), ("write", asks)]).expect_err("fails");
    assert!(reason.contains("took longer than"), "{reason}");
}

#[test]
fn ten_million_instructions_are_no_trouble() {
    let count = "(local $n i32) (loop $on (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $on (i32.lt_u (local.get $n) (i32.const 2500000))))";
    assert_eq!(bounded("", &[("write", count)]), Ok(Vec::new()));
}

#[test]
fn memory_ends_where_it_is_said_to() {
    // 16 more pages are there, 2000 are not; with 100 the instance would be above its limit.
    let told = "(if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then (unreachable)))
        (if (i32.ne (memory.grow (i32.const 2000)) (i32.const -1)) (then (unreachable)))";
    assert_eq!(bounded("", &[("begin", told)]), Ok(Vec::new()));
    assert!(bounded("memory_mb = 1", &[("begin", told)]).is_err());
    let eats = "(loop $on (br_if $on (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (unreachable)";
    assert!(fails(&[("write", eats)]).starts_with("gave up"));
}

#[test]
fn places_and_lengths_that_are_lies_are_found_out() {
    for (part, text, expected) in [
        ("alloc", "(return (i32.const 0))", "has no room for "),
        ("alloc", "(return (i32.const 131071))", "wants its input at a place outside of its memory"),
        ("alloc", "(return (i32.const -1))", "wants its input at a place outside of its memory"),
        ("begin", "(return (i64.const 0x7fff00000000000a))", "says that 10 bytes lie outside of its memory"),
        ("write", "(return (i64.const 0x0001ffff00000002))", "says that 2 bytes lie outside of its memory"),
        (
            "write",
            "(return (i64.const 0x7fffffff00ffffff))",
            "says that 16777215 bytes lie outside of its memory",
        ),
        (
            "finish",
            "(return (i64.const 0x00000000ffffffff))",
            "wrote 4294967295 bytes in one call, of at most 16777216",
        ),
        ("write", "(return (i64.const -1))", "wrote 4294967295 bytes in one call, of at most 65536"),
        ("write", "(return (i64.const 0xffffffff00000001))", "says that 1 bytes lie outside of its memory"),
        ("write", "(return (i64.const 0x8000001000000003))", "said that something is wrong, but not what: "),
    ] {
        let reason = fails(&[(part, text)]);
        assert!(reason.starts_with(expected), "{part} {text}: {reason}");
    }
    assert_eq!(
        bounded("", &[("write", "(return (i64.const 0x7fffffff00000000))")]),
        Ok(Vec::new()),
        "nothing lies anywhere"
    );
}

#[test]
fn only_so_much_comes_out() {
    // Five megabytes of zeros, which are text.
    let much = ("write", "(drop (memory.grow (i32.const 100))) (return (i64.const 5000000))");
    assert!(fails(&[much]).starts_with("wrote more than 64 times the "));
    assert!(bounded("output_mb_per_call = 1", &[much]).unwrap_err().contains("of at most 1048576"));
    assert_eq!(bounded("output_ratio = 1000000", &[much]).map(|bytes| bytes.len()), Ok(5_000_000));
}

#[test]
fn text_must_be_text() {
    let more = r#"(data (i32.const 1024) "\c3\a4\ff")"#;
    let (whole, noise) = ("(return (i64.const 0x40000000002))", "(return (i64.const 0x40200000001))");
    let (first, second) = ("(return (i64.const 0x40000000001))", "(return (i64.const 0x40100000001))");
    assert_eq!(bounded("", &[("more", more), ("write", whole)]), Ok("ä".into()));
    assert_eq!(bounded("", &[("more", more), ("write", first), ("finish", second)]), Ok("ä".into()));
    let not_text = "wrote bytes that are not UTF-8";
    assert!(fails(&[("more", more), ("write", noise)]).starts_with(not_text));
    assert!(fails(&[("more", more), ("write", first)]).starts_with(not_text), "cut off");
    assert_eq!(bounded("", &[("description", BINARY), ("more", more), ("write", noise)]), Ok(vec![0xff]));
}

#[test]
fn what_it_says_about_itself_is_told() {
    let error = |kind: &str| {
        let json = json!({"kind": kind, "message": "not \u{1b}today"}).to_string();
        let quoted = json.bytes().fold(String::new(), |mut text, byte| {
            write!(text, "\\{byte:02x}").unwrap();
            text
        });
        let result = format!("(return (i64.const 0x{:x}))", (1_u64 << 63) | (1024 << 32) | json.len() as u64);
        fails(&[("more", &format!("(data (i32.const 1024) \"{quoted}\")")), ("begin", &result)])
    };
    assert_eq!(error("bad-option"), "does not take these options: not ␛today");
    assert_eq!(error("unsupported"), "cannot express this: not ␛today");
    assert_eq!(error("failed"), "says that it failed: not ␛today");
    assert!(error("otherwise").starts_with("said that something is wrong, but not what: "));
}

#[test]
fn wasi_is_there_and_empty() {
    let imports = r#"
        (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_prestat_get" (func $files (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $print (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (import "roomscribe" "log" (func $log (param i32 i32 i32)))"#;
    let part = |text| [("imports", imports), ("begin", text), ("description", BINARY)];
    // Sentinels are overwritten by zeros; the two answers after them are "no such file".
    let asks = "(i32.store (i32.const 1024) (i32.const -1)) (i64.store (i32.const 1032) (i64.const -1))
        (if (call $args (i32.const 1024) (i32.const 1028)) (then (unreachable)))
        (if (call $clock (i32.const 0) (i64.const 0) (i32.const 1032)) (then (unreachable)))
        (i32.store8 (i32.const 1040) (call $files (i32.const 3) (i32.const 2048)))
        (i32.store8 (i32.const 1041) (call $print (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
        (i32.store8 (i32.const 1042) (call $args (i32.const -1) (i32.const -1)))
        (return (i64.const 0x40000000013))";
    let mut expected = vec![0; 16];
    expected.extend([8, 8, 21]);
    assert_eq!(bounded("", &part(asks)), Ok(expected));
    let random = "(if (call $random (i32.const 1024) (i32.const 8)) (then (unreachable)))
        (if (i32.ne (call $random (i32.const 0) (i32.const 4097)) (i32.const 28)) (then (unreachable)))
        (return (i64.const 0x40000000008))";
    let bytes = bounded("", &part(random)).unwrap();
    assert_ne!(bytes, [0; 8]);
    assert_eq!(bounded("", &part(random)), Ok(bytes), "always the same");
    assert!(fails(&part("(call $exit (i32.const 3))")).starts_with("ended itself with code 3"));
    let talks = "(local $n i32) (loop $on (call $log (i32.const 1) (i32.const -1) (i32.const 9))
        (call $log (i32.const 1) (i32.const 0) (i32.const 100000))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $on (i32.lt_u (local.get $n) (i32.const 1000))))";
    assert_eq!(bounded("", &part(talks)), Ok(Vec::new()));
}

#[test]
fn no_memory_is_handed_on_from_room_to_room() {
    // Writes how often it was begun: the count lies in its memory.
    let counts = "(i32.store8 (i32.const 1024) (i32.add (i32.load8_u (i32.const 1024)) (i32.const 1)))
        (return (i64.const 0x40000000001))";
    let registry = Folder::with(&[("x.wasm", &frame(&[("begin", counts)]))]).registry();
    assert_eq!((export(&registry), export(&registry)), (Ok(vec![1]), Ok(vec![1])));
}

#[test]
fn three_faults_switch_it_off_until_the_file_changes_or_all_is_read_afresh() {
    let folder = Folder::with(&[("x.wasm", &frame(&[("write", "(unreachable)")]))]);
    let registry = folder.registry();
    for _ in 0..3 {
        assert!(export(&registry).unwrap_err().contains("gave up"));
    }
    let is_off = |registry: &Registry| registry.format("x").unwrap().switched_off().is_some();
    assert!(export(&registry).unwrap_err().contains("is switched off"));
    let registry = registry.look(Look::ForChanges);
    assert!(is_off(&registry), "the file is the same");
    let registry = registry.look(Look::Afresh);
    assert!(!is_off(&registry));
    for _ in 0..3 {
        assert!(export(&registry).is_err());
    }
    folder.put("x.wasm", &frame(&[]));
    assert!(is_off(&registry));
    assert_eq!(export(&registry.look(Look::ForChanges)), Ok(Vec::new()));
}

#[test]
fn a_file_that_changes_changes_what_begins_afterwards() {
    let (one, two) = ("(return (i64.const 0x40000000001))", "(return (i64.const 0x40000000002))");
    let zeros = |result| frame(&[("begin", result)]);
    let folder = Folder::with(&[("x.wasm", &zeros(one))]);
    let before = folder.registry();
    let (scope, mut output) = (sample_scope(), MemoryOutput::default());
    let mut writer = before.format("x").unwrap().start(&Value::Null, &scope, &mut output).unwrap();
    let renamed =
        r#"{"abi":1,"name":"y","version":"2","description":"Y","extension":"y","media_type":"text/y"}"#;
    folder.put("x.wasm", &frame(&[("begin", two), ("description", renamed)]));
    let after = before.look(Look::ForChanges);
    assert!(after.format("x").is_err() && after.format("y").unwrap().origin().unwrap().version == "2");
    writer.begin_room(&sample_room(), &scope).unwrap();
    writer.end_room(&export_sdk::Summary::default()).unwrap();
    drop(writer);
    let files = output.files();
    assert_eq!(files.lock().unwrap()["general.x"], [0], "under way, it is what it was");
    let files = render(after.format("y").unwrap(), &Value::Null, &[]).unwrap();
    assert_eq!(files["general.y"], [0, 0]);
}

#[test]
fn only_so_many_work_at_the_same_time() {
    let folder = Folder::bounded("concurrency = 1", &[("x.wasm", &frame(&[]))]);
    let registry = folder.registry();
    let format = registry.format("x").unwrap();
    let (scope, mut first, mut second) = (sample_scope(), MemoryOutput::default(), MemoryOutput::default());
    let mut working = format.start(&Value::Null, &scope, &mut first).unwrap();
    working.begin_room(&sample_room(), &scope).unwrap();
    let mut waiting = format.start(&Value::Null, &scope, &mut second).unwrap();
    let error = waiting.begin_room(&sample_room(), &scope).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("concurrency"), "{error}");
    drop(working);
    let mut third = MemoryOutput::default();
    let mut next = format.start(&Value::Null, &scope, &mut third).unwrap();
    assert!(next.begin_room(&sample_room(), &scope).is_ok());
}
