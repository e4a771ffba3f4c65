//! What tests of exports share: rooms with messages and files, requests, and what came out.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use export_sdk::{ArtifactPath, Output};
use roomscribe::domain::{
    Grant, Job, JobId, JobState, Json, Message, MessageId, RoomId, RoomKind, Setting, Time, Upload, UploadId,
};
use roomscribe::export::spool::{Progress, Spool};
use roomscribe::export::verify::verify;
use roomscribe::service::jobs;
use roomscribe::store::Error;
use serde_json::{Value, json};

use super::{Answer, Caller, TestServer};

impl TestServer {
    /// A channel of the administrator's with three messages of `bob`'s: `m1` in February, `m2` and
    /// `m3` in March 2024.
    pub(crate) fn talkative_room(&self) -> RoomId {
        let room = self.room(RoomKind::Channel, "talk", &["admin", "bob"]);
        self.say(&room, "m1", "2024-02-29T23:59:59.999Z", "first");
        self.say(&room, "m2", "2024-03-01T00:00:00.000Z", "second <b>&</b>");
        self.say(&room, "m3", "2024-03-15T10:00:00.000Z", "third");
        room
    }

    /// Puts a message of `bob`'s.
    pub(crate) fn say(&self, room: &RoomId, id: &str, at: &str, text: &str) {
        self.put_message(&self.message(room, id, at, text));
    }

    /// A message of `bob`'s, not kept yet.
    pub(crate) fn message(&self, room: &RoomId, id: &str, at: &str, text: &str) -> Message {
        let at = Time::parse(at).expect("a time");
        Message::new(MessageId::new(id), room.clone(), self.user("bob").reference(), at, text)
    }

    /// Puts a message.
    pub(crate) fn put_message(&self, message: &Message) {
        self.app.store.write::<_, Error>(|batch| batch.put_message(message)).expect("a message");
    }

    /// Puts an upload of `bob`'s.
    pub(crate) fn upload(&self, room: &RoomId, id: &str, name: &str, bytes: &[u8]) {
        let mut arriving = self.app.store.blobs().receive().expect("a file");
        arriving.write_all(bytes).expect("written");
        let blob = self.app.store.blobs().keep(arriving).expect("kept");
        let upload = Upload {
            id: UploadId::new(id),
            room: room.clone(),
            user: self.user("bob").id,
            name: name.to_owned(),
            media_type: "text/plain".to_owned(),
            size: blob.size,
            sha256: blob.sha256,
            uploaded: self.app.now(),
            confirmed: true,
            description: String::new(),
        };
        self.app.store.write::<_, Error>(|batch| batch.put_upload(&upload)).expect("an upload");
    }

    /// Gives a permission to these roles and to no others.
    pub(crate) fn grant(&self, permission: &str, roles: &[&str]) {
        let roles = roles.iter().map(|&role| role.to_owned()).collect();
        let grant = Grant { roles, updated: self.app.now() };
        self.app
            .store
            .write::<_, Error>(|batch| batch.put(&(permission.to_owned(),), &grant))
            .expect("a grant");
    }

    /// Changes a setting.
    pub(crate) fn set(&self, id: &str, value: &Value) {
        let setting = Setting { value: Json::of(value), updated: self.app.now() };
        self.app.store.write::<_, Error>(|batch| batch.put(&(id.to_owned(),), &setting)).expect("a setting");
    }

    /// Puts a job behind the server's back.
    pub(crate) fn change_job(&self, id: &str, change: impl FnOnce(&mut Job)) {
        let mut job = self.job(id);
        change(&mut job);
        self.app.store.write::<_, Error>(|batch| batch.put_job(&job)).expect("a job");
    }

    /// A spool of a job with one file that no rendering would make.
    pub(crate) fn spool(&self, id: &str) -> Spool {
        let directory = jobs::spool_directory(&self.app, &JobId::new(id));
        let mut spool = Spool::create(directory, Progress::default()).expect("a spool");
        let path = ArtifactPath::new("from-before.txt").expect("a path");
        spool.create(&path, "text/plain").expect("a file").write_all(b"kept").expect("written");
        spool
    }

    /// Deletes a room as it is deleted for everybody.
    pub(crate) fn delete_room(&self, room: &RoomId) {
        let record = self.app.store.room(room).expect("readable").expect("a room");
        self.app.store.write::<_, Error>(|batch| batch.delete_room(&record)).expect("deleted");
    }

    /// The files in a directory below the data directory, by name; none if there is no directory.
    pub(crate) fn names_in(&self, directory: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.directory().join(directory)) else { return Vec::new() };
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("readable").file_name();
        let mut names: Vec<_> = entries.map(|entry| name(entry).into_string().expect("UTF-8")).collect();
        names.sort();
        names
    }

    /// Where the file of a finished job lies.
    pub(crate) fn file_of(&self, job: &Job) -> PathBuf {
        job.file.as_ref().unwrap_or_else(|| panic!("no file: {job:?}")).place(self.directory())
    }

    /// The result of an export into a file.
    pub(crate) fn exported(&self, caller: &Caller<'_>, body: Value) -> Exported {
        let job = self.finished(&accepted(caller, body));
        let path = self.file_of(&job);
        verify(&path, &Progress::default()).expect("an intact export");
        Exported { entries: unpack(&path), job }
    }
}

impl Caller<'_> {
    /// What `exports.info` says about an export of this caller.
    pub(crate) fn info(&self, id: &str) -> Value {
        self.get("exports.info", &format!("exportId={id}")).ok()["export"].clone()
    }
}

/// What an export into a file came to.
pub(crate) struct Exported {
    /// The job at its end.
    pub(crate) job: Job,
    /// The files of its payload.
    pub(crate) entries: BTreeMap<String, Vec<u8>>,
}

impl Exported {
    /// The names in the zip.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.entries.keys().map(String::as_str).collect()
    }

    /// A JSON document in the zip.
    pub(crate) fn document(&self, name: &str) -> Value {
        serde_json::from_slice(&self.entries[name]).expect("valid JSON")
    }

    /// The ids of the messages in a JSON document, in its order.
    pub(crate) fn ids(&self, name: &str) -> Vec<String> {
        let document = self.document(name);
        let messages = document["messages"].as_array().expect("messages");
        messages.iter().map(|message| message["_id"].as_str().expect("an id").to_owned()).collect()
    }
}

/// The payload of an export that was packed as a bag.
pub(crate) fn unpack(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(File::open(path).expect("the export")).expect("a zip");
    let mut entries = BTreeMap::new();
    for number in 0..zip.len() {
        let mut entry = zip.by_index(number).expect("an entry");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("unpacked");
        let name = entry.name().expect("UTF-8").into_owned();
        let (_, name) = name.split_once('/').expect("a bag is one directory");
        if let Some(path) = name.strip_prefix("data/") {
            entries.insert(path.to_owned(), bytes);
        }
    }
    entries
}

/// Asks for an export.
pub(crate) fn export(caller: &Caller<'_>, body: Value) -> Answer {
    caller.post("rooms.export", body)
}

/// Asks for an export that is accepted; its id.
pub(crate) fn accepted(caller: &Caller<'_>, body: Value) -> String {
    export(caller, body).ok()["exportId"].as_str().expect("an id").to_owned()
}

/// The body that exports a room into a file.
pub(crate) fn file_of(room: &RoomId, format: &str) -> Value {
    json!({"rid": room.as_str(), "type": "file", "format": format})
}

/// The body that mails messages of a room.
pub(crate) fn mail_of(room: &RoomId, to: &[&str], messages: &[&str]) -> Value {
    json!({
        "rid": room.as_str(),
        "type": "email",
        "toUsers": [],
        "toEmails": to,
        "subject": "Minutes",
        "messages": messages,
    })
}

/// Compares a whole answer: status, headers and body. On success the additive `exportId` may be there.
pub(crate) fn assert_answer(answer: &Answer, status: u16, body: &Value) {
    assert_eq!(answer.status(), status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("pragma"), "no-cache");
    let mut found = answer.body().clone();
    if status == 200 {
        let id = found.as_object_mut().expect("an object").remove("exportId").expect("an export's id");
        assert_eq!(id.as_str().map(str::len), Some(17), "{id}");
    }
    assert_eq!(&found, body);
}

/// The body of a refusal with a code and no reason.
pub(crate) fn refused(code: &str) -> Value {
    json!({"success": false, "error": format!("[{code}]"), "errorType": code})
}

/// The body of 403.
pub(crate) fn forbidden() -> Value {
    let error = "User does not have the permissions required for this action [error-unauthorized]";
    json!({"success": false, "error": error})
}

/// A server with a finished export of the administrator's.
pub(crate) fn with_export() -> (TestServer, String) {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.work();
    let id = accepted(&server.as_admin(), file_of(&room, "json"));
    assert_eq!(server.finished(&id).state, JobState::Done);
    (server, id)
}
