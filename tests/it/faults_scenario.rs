//! What people do while the disk fails at one call after the other: a little of everything, and what
//! must be there of it once its success was told.

use std::path::Path;
use std::time::{Duration, Instant};

use roomscribe::domain::{Activity, JobState, MessageId, RoomId, Upload};
use roomscribe::export::spool::Progress;
use roomscribe::export::verify::verify;
use roomscribe::store::{Batch, Direction, Error, Span};
use serde_json::{Value, json};

use crate::support::{Answer, Caller, TestServer};

/// For a machine under load; nothing waits that long when all is well.
const PATIENCE: Duration = Duration::from_secs(60);
const ROOM: &str = "GENERAL";

/// One thing that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Room,
    Message,
    Edit,
    Reaction,
    Reply,
    File,
    FileToConfirm,
    Confirmation,
    Deletion,
    DeletionOfFile,
    Export,
    Mails,
}

/// All of them, in their order.
pub(crate) const STEPS: [Step; 12] = [
    Step::Room,
    Step::Message,
    Step::Edit,
    Step::Reaction,
    Step::Reply,
    Step::File,
    Step::FileToConfirm,
    Step::Confirmation,
    Step::Deletion,
    Step::DeletionOfFile,
    Step::Export,
    Step::Mails,
];

/// One run, whose names no other run has.
pub(crate) struct Run {
    number: u64,
    token: String,
    /// What was acknowledged.
    pub(crate) acknowledged: Vec<Step>,
    /// Jobs that were accepted, for the steps that ask for one.
    jobs: Vec<(Step, String)>,
}

impl Run {
    /// Prepares a run while all is well: something to delete, and a token for the administrator.
    pub(crate) fn new(server: &TestServer, number: u64) -> Self {
        let admin = server.as_admin();
        let run =
            Self { number, token: admin.token().to_owned(), acknowledged: Vec::new(), jobs: Vec::new() };
        let message = json!({"_id": run.name("doomed"), "rid": ROOM, "msg": "to be deleted"});
        admin.post("chat.sendMessage", json!({"message": message})).ok();
        assert_eq!(send_file(&admin, "rooms.upload", &run.name("doomed")).status(), 200);
        run.write_much(server);
        run
    }

    /// As many messages as are worth packing, one by one.
    fn write_much(&self, server: &TestServer) {
        let room = RoomId::new(ROOM);
        for number in 0..20 {
            let mut message = server.message(&room, "", "2024-03-01T00:00:00.000Z", "on and on");
            message.id = MessageId::new(format!("{}-{number}", self.name("old")));
            let put = |batch: &mut Batch<'_>| {
                batch.put_message(&message)?;
                let activity = batch.activity(&room)?;
                batch.put_activity(&room, &Activity { messages: activity.messages + 1, ..activity })
            };
            server.app.store.write::<_, Error>(put).expect("a message");
        }
    }

    fn name(&self, what: &str) -> String {
        format!("{what}-{}", self.number)
    }

    /// Asks for everything, one after the other, whatever comes of it.
    pub(crate) fn ask_for_all(&mut self, server: &TestServer) {
        for step in STEPS {
            if step == Step::Deletion {
                // Nobody waits for it, and a store that fails meanwhile tells the others.
                let _ = server.app.store.pack(|_| true);
            }
            self.ask(server, step);
        }
    }

    /// After a new start: asks for everything that is not there.
    pub(crate) fn complete(&mut self, server: &TestServer) {
        for step in STEPS {
            if !self.holds(server, step) {
                let answer = self.ask(server, step);
                assert_eq!(answer.status(), 200, "{step:?}: {}", answer.text());
            }
            assert!(self.holds(server, step), "{step:?} was done");
        }
        for (step, id) in &self.jobs {
            server.finished(id);
            assert_eq!(server.job(id).state, JobState::Done, "{step:?}: {:?}", server.job(id));
        }
        let mailed = |(step, id): &(Step, String)| *step != Step::Mails || has_mails(server.directory(), id);
        // A text goes a moment after its mail.
        server.wait_until("all mails are out", || {
            self.jobs.iter().all(mailed) && server.names_in("mails").is_empty()
        });
    }

    /// Asks for one thing, and if it is work waits until that is done, or cannot be.
    fn ask(&mut self, server: &TestServer, step: Step) -> Answer {
        let admin = server.with_token(&server.user("admin"), &self.token);
        let answer = self.request(server, &admin, step);
        if answer.status() == 200 {
            self.acknowledged.push(step);
            if matches!(step, Step::Export | Step::Mails) {
                let id = answer.body()["exportId"].as_str().expect("an id").to_owned();
                await_end(server, &id, step == Step::Mails);
                self.jobs.push((step, id));
            }
        }
        answer
    }

    fn request(&self, server: &TestServer, admin: &Caller<'_>, step: Step) -> Answer {
        let (said, doomed) = (self.name("said"), self.name("doomed"));
        let send = |message: Value| post(admin, "chat.sendMessage", &json!({"message": message}));
        match step {
            Step::Room => post(admin, "channels.create", &json!({"name": self.name("room")})),
            Step::Message => send(json!({"_id": said, "rid": ROOM, "msg": "first"})),
            Step::Edit => {
                post(admin, "chat.update", &json!({"roomId": ROOM, "msgId": said, "text": "second"}))
            }
            Step::Reaction => {
                post(admin, "chat.react", &json!({"messageId": said, "emoji": "smile", "shouldReact": true}))
            }
            Step::Reply => send(json!({"_id": self.name("reply"), "rid": ROOM, "msg": "yes", "tmid": said})),
            Step::File => send_file(admin, "rooms.upload", &self.name("sent")),
            Step::FileToConfirm => send_file(admin, "rooms.media", &self.name("kept")),
            Step::Confirmation => {
                let kept = upload(server, &self.name("kept"));
                let id = kept.map_or("none".to_owned(), |kept| kept.id.to_string());
                post(admin, &format!("rooms.mediaConfirm/{ROOM}/{id}"), &json!({}))
            }
            Step::Deletion => post(admin, "chat.delete", &json!({"roomId": ROOM, "msgId": doomed})),
            Step::DeletionOfFile => {
                let id = upload(server, &doomed).map_or("none".to_owned(), |doomed| doomed.id.to_string());
                post(admin, "chat.delete", &json!({"roomId": ROOM, "fileId": id}))
            }
            Step::Export => {
                post(admin, "rooms.export", &json!({"rid": ROOM, "type": "file", "format": "json"}))
            }
            Step::Mails => {
                let body = json!({
                    "rid": ROOM, "type": "email", "toUsers": [], "toEmails": ["a@b.cd", "e@f.gh"],
                    "subject": "Minutes", "messages": [said],
                });
                post(admin, "rooms.export", &body)
            }
        }
    }

    /// Whether something is there, or gone, as its success says.
    pub(crate) fn holds(&self, server: &TestServer, step: Step) -> bool {
        let message = |what| server.app.store.message(&MessageId::new(self.name(what))).expect("readable");
        let file = |what| {
            let upload = upload(server, &self.name(what))?;
            let bytes = std::fs::read_to_string(server.app.store.blobs().path(&upload.sha256)).ok();
            assert_eq!(bytes, Some(bytes_of(&upload.name)), "a record without its bytes");
            Some(upload)
        };
        let is_shown = |file: Upload| file.confirmed && shows(server, file.id.as_str());
        match step {
            Step::Room => server.app.store.room_by_name(&self.name("room")).expect("readable").is_some(),
            Step::Message => message("said").is_some(),
            Step::Edit => message("said").is_some_and(|said| said.text == "second"),
            Step::Reaction => message("said").is_some_and(|said| said.reactions.len() == 1),
            Step::Reply => {
                let told = message("said").and_then(|said| said.replies).map_or(0, |replies| replies.count);
                assert_eq!(told == 1, message("reply").is_some(), "the thread counts its replies");
                told == 1
            }
            Step::File => file("sent").is_some_and(is_shown),
            Step::FileToConfirm => file("kept").is_some(),
            Step::Confirmation => file("kept").is_some_and(is_shown),
            Step::Deletion => message("doomed").is_none(),
            Step::DeletionOfFile => file("doomed").is_none(),
            Step::Export | Step::Mails => {
                let mut jobs = self.jobs.iter().filter(|(asked, _)| *asked == step).map(|(_, id)| id);
                jobs.next().is_some_and(|id| is_kept(server, step, id))
            }
        }
    }
}

fn post(caller: &Caller<'_>, endpoint: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    caller.raw("POST", &format!("/api/v1/{endpoint}"), &headers, body.to_string())
}

fn send_file(admin: &Caller<'_>, endpoint: &str, name: &str) -> Answer {
    let form = format!(
        "--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: text/plain\r\n\r\n{}\r\n--limit--\r\n",
        bytes_of(name)
    );
    let headers = [("content-type", "multipart/form-data; boundary=limit")];
    admin.raw("POST", &format!("/api/v1/{endpoint}/{ROOM}"), &headers, form)
}

fn bytes_of(name: &str) -> String {
    format!("the bytes of {name}")
}

fn upload(server: &TestServer, name: &str) -> Option<Upload> {
    let uploads = server.app.store.list::<Upload>(Span::all(), Direction::Ascending, 0, usize::MAX);
    uploads.expect("readable").into_iter().map(|(_, upload)| upload).find(|upload| upload.name == name)
}

/// Whether one message shows a file.
fn shows(server: &TestServer, file: &str) -> bool {
    let mut showing = 0;
    let room = RoomId::new(ROOM);
    let (from, until) = [i64::MIN, i64::MAX].map(roomscribe::domain::Time::from_millis).into();
    let walked = server.app.store.history::<Error>(&room, from, until, Direction::Ascending, |message| {
        showing += usize::from(message.file_ids().iter().any(|id| id.as_str() == file));
        Ok(std::ops::ControlFlow::Continue(()))
    });
    walked.expect("readable");
    assert!(showing <= 1, "file {file} is shown {showing} times");
    showing == 1
}

/// Whether an accepted job is there, and if it is done what it made.
fn is_kept(server: &TestServer, step: Step, id: &str) -> bool {
    let job = server.app.store.job(&roomscribe::domain::JobId::new(id)).expect("readable");
    let Some(job) = job else { return false };
    if job.state == JobState::Done && step == Step::Export {
        verify(&server.file_of(&job), &Progress::default()).expect("what is done is whole");
    }
    true
}

fn has_mails(directory: &Path, id: &str) -> bool {
    [0, 1].iter().all(|number| directory.join(format!("outbox/{id}-{number}.eml")).exists())
}

/// Waits until a job and its mails are at their end, or the store has failed.
fn await_end(server: &TestServer, id: &str, mails: bool) {
    let began = Instant::now();
    let is_done = || {
        let id = roomscribe::domain::JobId::new(id);
        let job = server.app.store.job(&id).expect("readable");
        job.is_some_and(|job| job.state.is_final()) && server.app.running.of(&id).is_none()
    };
    while !(server.app.store.has_failed() || is_done() && (!mails || has_mails(server.directory(), id))) {
        assert!(began.elapsed() < PATIENCE, "neither an end nor a failure of job {id}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
