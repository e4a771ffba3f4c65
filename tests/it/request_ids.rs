//! What is logged while a request is served carries its id.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use roomscribe::domain::RoomKind;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::TestServer;

/// What is logged while somebody listens, by all tests that run at the time: a JSON object a line.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Option<Vec<u8>>>>);

impl Lines {
    /// Those of one request.
    fn of_request(&self, id: &str) -> Vec<Value> {
        let lines = self.0.lock().expect("not poisoned").take().expect("somebody listened");
        let lines = lines.split_inclusive(|byte| *byte == b'\n');
        let lines = lines.map(|line| serde_json::from_slice::<Value>(line).expect("a line is JSON"));
        lines.filter(|line| line["span"]["request_id"] == id).collect()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(lines) = &mut *self.0.lock().expect("not poisoned") {
            lines.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn an_error_is_logged_with_the_id_that_the_client_was_told() {
    let (server, engine) = TestServer::start_faulty();
    let room = server.room(RoomKind::Group, "talk", &["bob"]);
    let bob = server.as_user("bob");
    engine.fail_writes_after(0);
    // Of this process, not of this thread: what other threads find disabled stays so for all.
    let lines = Lines(Arc::new(Mutex::new(Some(Vec::new()))));
    let log = tracing_subscriber::fmt().json().with_writer(lines.clone()).finish();
    tracing::subscriber::set_global_default(log).expect("nobody else listens");
    let body = json!({"message": {"rid": room.as_str(), "msg": "hello"}}).to_string();
    let headers = [("content-type", "application/json")];
    let answer = bob.raw("POST", "/api/v1/chat.sendMessage", &headers, body);
    assert_eq!(answer.status(), 500, "{}", answer.text());
    let id = answer.header("x-request-id");
    let lines = lines.of_request(id);
    let [error, request] = lines.as_slice() else { panic!("{lines:#?}") };
    assert_eq!((&error["level"], &request["level"]), (&"ERROR".into(), &"INFO".into()));
    assert_eq!(request["fields"]["status"], 500);
    for line in [error, request] {
        assert!(!line.to_string().contains("hello") && !line.to_string().contains(bob.token()), "{line}");
    }
}
