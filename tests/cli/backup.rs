//! `roomscribe backup`, with and without a server.

use std::thread;
use std::time::Duration;

use super::harbour;
use super::process::Place;

/// How many messages the room of the example has in this data directory, and that an export of it is
/// intact.
fn exported(place: &Place, data: &str, output: &str) -> usize {
    place.run(&["check", "--data", data]).ok();
    place.run(&["export", "harbour", "-f", "ndjson", "-o", output, "--data", data]).ok();
    place.run(&["verify", output]).ok();
    let lines = place.run(&["import", output, "--data", &format!("{data}-again")]).ok().to_owned();
    lines.split(' ').next().expect("a number").parse().expect("a number")
}

#[test]
fn a_backup_is_made_of_stopped_and_of_running_data_and_is_data_itself() {
    let place = harbour();
    let stopped = place.run(&["backup", "stopped"]);
    assert!(stopped.ok().ends_with(" records and 0 files in stopped\n"), "{stopped:?}");
    assert_eq!(exported(&place, "stopped", "stopped.zip"), 3);

    let serving = place.serve();
    assert!(place.run(&["check"]).complaint(3).contains("another roomscribe is using data"));
    assert!(place.run(&["backup", "running"]).ok().ends_with(" in running\n"));
    assert_eq!(serving.stop().0, Some(0));
    assert!(!place.path("data/control.sock").exists());
    assert_eq!(exported(&place, "running", "running.zip"), 3);

    // The server that was killed leaves its socket, and nobody answers there.
    let killed = place.serve();
    // It listens there a moment after it serves.
    while !place.path("data/control.sock").exists() {
        thread::sleep(Duration::from_millis(5));
    }
    drop(killed);
    assert!(place.path("data/control.sock").exists());
    place.run(&["backup", "killed"]).ok();
    assert_eq!(exported(&place, "killed", "killed.zip"), 3);
    assert!(!place.path("killed/control.sock").exists());
}

#[test]
fn what_is_wrong_with_the_directory_is_said_before_anything_is_done() {
    let place = harbour();
    place.put("file", "");
    std::fs::create_dir_all(place.path("full/of")).unwrap();
    for taken in ["file", "full", "data"] {
        let ended = place.run(&["backup", taken]);
        assert!(ended.complaint(2).ends_with("is there already and not empty; choose another directory"));
    }
    assert!(place.run(&["backup", "file/below"]).complaint(1).contains("choose another directory"));
    let ended = place.run(&["backup", "copy", "--data", "nowhere"]);
    assert!(ended.complaint(3).contains("there is no data in nowhere"), "{ended:?}");
    assert!(!place.path("copy").exists() && !place.path("copy.unfinished").exists());
}

#[test]
fn what_is_damaged_is_not_copied_as_if_it_was_whole() {
    let place = harbour();
    let log = place.path("data/store/db");
    let mut bytes = std::fs::read(&log).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&log, bytes).unwrap();
    let checked = place.run(&["check"]);
    assert!(checked.complaint(1).contains("the store is damaged: "), "{checked:?}");
    let ended = place.run(&["backup", "copy"]);
    assert!(ended.complaint(3).contains("restore a backup"), "{ended:?}");
    assert!(!place.path("copy").exists() && !place.path("copy.unfinished").exists());
}
