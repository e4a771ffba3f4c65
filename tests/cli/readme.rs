//! What README shows to type works as it stands there.

use super::DEMO;
use super::process::Place;

const README: &str = include_str!("../../README.md");

/// The lines of the first shell block under a heading.
fn block(heading: &str) -> Vec<&'static str> {
    let under = README.split(heading).nth(1).expect("the heading");
    let text = under.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block");
    text.lines().collect()
}

#[test]
fn the_commands_without_a_server_work_one_after_the_other() {
    let place = Place::new();
    place.run(&["import", DEMO]).ok();
    let lines = block("\n### Without a server\n");
    assert!(lines.len() > 4);
    for line in lines {
        let ended = place.shell(line);
        assert_eq!(ended.code, Some(0), "{line}: {ended:?}");
    }
}
