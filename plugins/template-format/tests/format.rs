//! The contract of every format, what exports look like, and the promise of this format.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use export_sdk::conformance::{self, render, sample_messages};
use serde_json::{Value, json};

// Apart from the others, so that a new name does not change their order.
use export_template_format::register;

const ID: &str = "template-format";

/// The lines of an export of all samples, hostile ones included.
fn lines(settings: &str, options: &Value) -> Vec<String> {
    let registry = conformance::load(register, ID, settings, "data".as_ref()).unwrap();
    let files = render(registry.format(ID).unwrap(), options, &sample_messages()).unwrap();
    let file = String::from_utf8(files["general.tsv"].clone()).unwrap();
    file.split_terminator('\n').map(str::to_owned).collect()
}

/// What a reader of the format does with a cell.
fn unescaped(cell: &str) -> String {
    let mut text = String::new();
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next().unwrap() {
                't' => '\t',
                'n' => '\n',
                'r' => '\r',
                other => other,
            },
            other => other,
        });
    }
    text
}

/// Everything that the host expects of a format: hostile texts, full disks, cancellation.
#[test]
fn it_keeps_the_contract() {
    conformance::format(register, ID);
}

/// Three rooms, byte for byte. `UPDATE=1 cargo test` writes the files anew: read the difference
/// before you commit it.
#[test]
fn exports_are_as_they_were() {
    conformance::golden_in(register, ID, concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"));
}

/// What only this format promises: whatever is typed, a message is one line, and can be read back.
#[test]
fn every_message_is_one_line_of_which_its_text_can_be_read_back() {
    let messages = sample_messages();
    let lines = lines("", &json!({"header": false}));
    assert_eq!(lines.len(), messages.len());
    for (line, message) in lines.iter().zip(&messages) {
        let cells: Vec<String> = line.split('\t').map(unescaped).collect();
        assert_eq!(cells.len(), 7, "{line}");
        assert_eq!((cells[0].as_str(), cells[2].as_str()), (message.id, message.author.username));
        assert!(message.kind.is_some() || cells[5] == message.text, "{line}");
    }
}

#[test]
fn a_request_chooses_the_header_and_how_times_are_written() {
    let lines = lines("", &json!({"time": "unix"}));
    assert_eq!(lines[0], "id\ttime\tusername\tname\tthread\ttext\tfiles");
    assert_eq!(lines[1], "m-plain\t1710000000\tbob\tBob <b>Small</b>\t\tHello *world* @al\t");
}

#[test]
fn the_administrator_decides_about_display_names() {
    let lines = lines("display_names = false", &Value::Null);
    assert_eq!(lines[0], "id\ttime\tusername\tthread\ttext\tfiles");
    assert_eq!(lines[1], "m-plain\t2024-03-09T16:00:00.000Z\tbob\t\tHello *world* @al\t");
}

#[test]
fn a_misspelt_setting_stops_the_start() {
    let misspelt = conformance::load(register, ID, "displaynames = false", "data".as_ref());
    let complaint = misspelt.err().unwrap().to_string();
    assert!(complaint.contains(ID) && complaint.contains("displaynames"), "{complaint}");
}
