//! What is logged while a request is served carries its id.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use roomscribe::domain::RoomKind;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::TestServer;

/// What was logged, a JSON object a line.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
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
    let lines = Lines::default();
    let log = tracing_subscriber::fmt().json().with_writer(lines.clone()).finish();
    let body = json!({"message": {"rid": room.as_str(), "msg": "hello"}}).to_string();
    let headers = [("content-type", "application/json")];
    let answer = tracing::subscriber::with_default(log, || {
        bob.raw("POST", "/api/v1/chat.sendMessage", &headers, body)
    });
    assert_eq!(answer.status(), 500, "{}", answer.text());
    let lines = lines.0.lock().unwrap().clone();
    let lines: Vec<Value> = lines
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let [error, request] = lines.as_slice() else { panic!("{lines:#?}") };
    assert_eq!((&error["level"], &request["level"]), (&"ERROR".into(), &"INFO".into()));
    assert_eq!(request["fields"]["status"], 500);
    for line in [error, request] {
        assert_eq!(line["span"]["request_id"], answer.header("x-request-id"), "{line}");
        assert!(!line.to_string().contains("hello") && !line.to_string().contains(bob.token()), "{line}");
    }
}
