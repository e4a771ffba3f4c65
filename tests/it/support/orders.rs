//! What tests of `exports.create` share: requests, what came out, and what was refused.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use roomscribe::domain::{JobState, RoomId};
use roomscribe::export::spool::Progress;
use roomscribe::export::verify::verify;
use serde_json::{Value, json};

use super::exports::{Exported, unpack};
use super::{Answer, Caller, TestServer};

/// Asks for an export.
pub(crate) fn create(caller: &Caller<'_>, body: &Value) -> Answer {
    caller.post("exports.create", body.clone())
}

/// Asks for an export that is accepted; its id.
pub(crate) fn ordered(caller: &Caller<'_>, body: &Value) -> String {
    create(caller, body).ok()["export"]["_id"].as_str().expect("an id").to_owned()
}

/// Asks what an export would be.
pub(crate) fn estimated(caller: &Caller<'_>, body: &Value) -> Value {
    create(caller, &with(body, "dryRun", json!(true))).ok()["estimate"].clone()
}

/// The reason of a refusal with the code `error-invalid-params`; anything else fails the test.
#[track_caller]
pub(crate) fn refusal(caller: &Caller<'_>, body: &Value) -> String {
    let answer = create(caller, body);
    let reason = answer.refusal().strip_suffix(" [error-invalid-params]");
    let reason = reason.unwrap_or_else(|| panic!("{body}: {}", answer.text())).to_owned();
    let error = format!("{reason} [error-invalid-params]");
    assert_eq!(
        answer.body(),
        &json!({"success": false, "error": error, "errorType": "error-invalid-params"})
    );
    reason
}

/// The body that exports a room as JSON.
pub(crate) fn json_of(room: &RoomId) -> Value {
    json!({"rooms": [room.as_str()], "formats": ["json"]})
}

/// The same body with one key set.
pub(crate) fn with(body: &Value, key: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[key] = value;
    body
}

impl TestServer {
    /// The result of an export that is delivered as a bag.
    pub(crate) fn made(&self, caller: &Caller<'_>, body: &Value) -> Exported {
        let job = self.finished(&ordered(caller, body));
        assert_eq!(job.state, JobState::Done, "{:?}", job.failure);
        let path = self.file_of(&job);
        verify(&path, &Progress::default()).expect("an intact export");
        Exported { entries: unpack(&path), job }
    }

    /// The names in the zip of an export, those beside its payload included.
    pub(crate) fn zipped(&self, caller: &Caller<'_>, body: &Value) -> BTreeMap<String, Vec<u8>> {
        let job = self.finished(&ordered(caller, body));
        let file = File::open(self.file_of(&job)).expect("the export");
        let mut zip = zip::ZipArchive::new(file).expect("a zip");
        let mut entries = BTreeMap::new();
        for number in 0..zip.len() {
            let mut entry = zip.by_index(number).expect("an entry");
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("unpacked");
            entries.insert(entry.name().expect("UTF-8").into_owned(), bytes);
        }
        entries
    }
}
