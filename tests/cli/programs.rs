//! Formats that are programs, and go wrong in every way: what an export comes to, word for word.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use crate::process::{Ended, Place};
use crate::room_of;

const HOSTILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/hostile.sh");
/// More than fits into a pipe.
const MESSAGES: usize = 1000;

/// A place with a room `harbour`, and the format that goes wrong in this way, with these limits.
fn place(way: &str, limits: &str) -> Place {
    let place = Place::new();
    place.put(
        "config.toml",
        format!("[plugins.process.{way}]\ncommand = [\"/bin/sh\", \"{HOSTILE}\", \"{way}\"]\n{limits}\n"),
    );
    place.run_with(&["import", "-"], room_of(MESSAGES).as_bytes());
    place
}

fn export(way: &str, limits: &str) -> Ended {
    place(way, limits).run(&["export", "harbour", "-f", way, "-o", "out"])
}

#[test]
fn whatever_a_program_does_costs_one_export_with_a_reason() {
    for (way, limits, reason) in [
        ("deaf", "silent_seconds = 2", "neither read nor wrote for 2 seconds (silent_seconds)"),
        ("mute", "silent_seconds = 2", "neither read nor wrote for 2 seconds (silent_seconds)"),
        ("stubborn", "silent_seconds = 2", "neither read nor wrote for 2 seconds (silent_seconds)"),
        ("slow", "run_seconds = 2", "took more than 2 seconds (run_seconds)"),
        ("early", "", "ended before it had read everything"),
        ("closed", "", "closed its input before it had read everything"),
        ("crash", "", "ended with signal: 11 (SIGSEGV)"),
        (
            "loop",
            "cpu_seconds = 1",
            "ended with signal: 24 (SIGXCPU): it took more of a processor than cpu_seconds allows",
        ),
        (
            "file",
            "file_mb = 1",
            "ended with signal: 25 (SIGXFSZ): it wrote a file larger than file_mb allows",
        ),
        ("hungry", "memory_mb = 64", "ended with exit status: 2; its last words are in the log"),
        ("wordless", "", "ended with exit status: 2"),
        ("words", "", "ended with exit status: 3; its last words are in the log"),
        ("option", "", "does not take these options: no such ␛[1mcity"),
        (
            "binary",
            "",
            "wrote bytes that are not UTF-8, although its description does not say \"binary\": true",
        ),
    ] {
        let ended = export(way, limits);
        let expected = format!("roomscribe: the format `{way}` ([plugins.process.{way}]) {reason}");
        assert_eq!(
            (ended.code, ended.stderr.lines().last()),
            (Some(1), Some(expected.as_str())),
            "{ended:?}"
        );
    }
}

#[test]
fn endless_output_ends_at_its_limit() {
    let ended = export("endless", "output_ratio = 8");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("wrote more than 8 times the "), "{ended:?}");
}

#[test]
fn the_last_words_are_logged_in_a_way_that_steers_no_terminal() {
    let ended = export("words", "");
    assert!(ended.stderr.contains("text=\"first\"") && ended.stderr.contains("second"), "{ended:?}");
    assert!(!ended.stderr.contains('\u{1b}'), "{ended:?}");
}

#[test]
fn what_does_not_describe_itself_well_is_no_format() {
    for (way, reason) in [
        ("huge", "it was asked to describe itself, and answered with more than 65536 bytes"),
        ("liar", "it calls itself `other`, not `liar`; name its table like it"),
        ("sulky", "it was asked to describe itself, and ended with exit status: 7: not today"),
    ] {
        let place = place(way, "");
        let ended = place.run(&["formats"]);
        assert_eq!(ended.code, Some(0), "the others can be used: {ended:?}");
        let shown = format!("{}{}", ended.stdout, ended.stderr);
        assert!(shown.contains(&format!("[plugins.process.{way}]")) && shown.contains(reason), "{ended:?}");
        assert_eq!(place.run(&["export", "harbour", "-f", way, "-o", "out"]).code, Some(2));
    }
}

/// Dead, or a zombie that nobody has buried yet.
fn is_dead(process: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
    stat.map_or(true, |stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z')))
}

#[test]
fn a_child_that_a_program_leaves_behind_dies_with_it() {
    let place = place("child", "");
    let began = Instant::now();
    place.run(&["export", "harbour", "-f", "child", "-o", "out"]).ok();
    let child = String::from_utf8(place.bytes("out/harbour.txt")).expect("UTF-8");
    while !is_dead(child.trim()) {
        assert!(began.elapsed() < Duration::from_secs(60), "{child} lives on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_program_sees_nothing_but_its_input() {
    let place = place("bare", "open_files = 20");
    place.run(&["export", "harbour", "-f", "bare", "-o", "out"]).ok();
    let seen = String::from_utf8(place.bytes("out/harbour.txt")).expect("UTF-8");
    let lines: Vec<&str> =
        seen.lines().filter(|line| !line.starts_with("PWD=") && *line != "_=/usr/bin/env").collect();
    let [directory, core, files, own] = lines.as_slice() else { panic!("{seen}") };
    assert_eq!((*core, *files, *own), ("0", "20", "x"), "{seen}");
    assert!(!std::path::Path::new(directory).exists(), "its directory goes with it: {seen}");
}
