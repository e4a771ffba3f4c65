//! Outgoing integrations: called once, again after a failure and after a restart, answered in the room.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

use roomscribe::config::Config;
use serde_json::{Value, json};

use crate::integrations::{outgoing, with};
use crate::support::TestServer;

/// A program on this machine that is called.
pub(crate) struct Receiver(TcpListener);

impl Receiver {
    pub(crate) fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").expect("a free port"))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/in?x=1", self.0.local_addr().expect("bound"))
    }

    /// Takes one call and answers it.
    pub(crate) fn answer(&self, status: &str, body: &str) -> Value {
        let (stream, _) = self.0.accept().expect("a connection");
        let mut stream = BufReader::new(stream);
        let mut size = 0;
        for (number, line) in stream.by_ref().lines().map(|line| line.expect("a line")).enumerate() {
            let line = line.to_ascii_lowercase();
            if number == 0 {
                assert_eq!(line, "post /in?x=1 http/1.1");
            }
            if let Some(length) = line.strip_prefix("content-length: ") {
                size = length.parse().expect("a number");
            }
            if line.is_empty() {
                break;
            }
        }
        let mut told = vec![0; size];
        stream.read_exact(&mut told).expect("the body");
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}");
        stream.get_mut().write_all(answer.as_bytes()).expect("the other side reads");
        serde_json::from_slice(&told).expect("JSON")
    }
}

pub(crate) fn private(config: &mut Config) {
    config.integrations.allow_private = true;
}

/// Makes an integration; answers it.
pub(crate) fn made(server: &TestServer, given: Value) -> Value {
    server.as_admin().post("integrations.create", given).ok()["integration"].clone()
}

/// What is known about the calls of an integration, latest first.
pub(crate) fn history(server: &TestServer, integration: &Value) -> Vec<Value> {
    let id = integration["_id"].as_str().expect("an id");
    let answer = server.as_admin().get("integrations.history", &format!("id={id}"));
    let rows = answer.ok()["history"].as_array().expect("rows").clone();
    assert_eq!(answer.ok()["items"], rows.len());
    rows
}

pub(crate) fn say(server: &TestServer, text: &str) -> Value {
    let body = json!({"channel": "#general", "text": text});
    server.as_admin().post("chat.postMessage", body).ok()["message"].clone()
}

fn waiting(server: &TestServer) -> u64 {
    use roomscribe::domain::WaitingCall;
    server.app.store.count::<WaitingCall>(roomscribe::store::Span::all(), 1000).expect("counted")
}

/// The texts of people and programs in #general, latest first.
fn texts(server: &TestServer) -> Vec<Value> {
    let answer = server.as_admin().get("channels.messages", "roomId=GENERAL");
    let rows = answer.ok()["messages"].as_array().expect("rows").clone();
    rows.into_iter().filter(|row| row["t"].is_null()).collect()
}

#[test]
fn a_message_is_told_and_its_answer_posted_once() {
    let server = TestServer::start_with(private);
    let receiver = Receiver::new();
    let given = with(outgoing("sendMessage", "#general", &receiver.url()), json!({"alias": "R2"}));
    let integration = made(&server, given);
    server.work();
    let message = say(&server, "hello");
    let told = receiver.answer("200 OK", r#"{"text":"hello yourself"}"#);
    let expected = json!({
        "bot": false, "channel_id": "GENERAL", "channel_name": "general",
        "timestamp": "2024-03-15T10:20:30.123Z", "user_id": server.as_admin().id(),
        "user_name": "admin", "message_id": message["_id"], "text": "hello",
        "siteUrl": "http://chat.example",
        "integration": {"_id": integration["_id"], "name": "teller"}, "token": integration["token"],
    });
    assert_eq!(told, expected);
    server.wait_until("the call is noted", || !history(&server, &integration).is_empty());
    let record = history(&server, &integration).remove(0);
    let mut data = expected;
    data.as_object_mut().unwrap().shift_remove("token");
    let at = "2024-03-15T10:20:30.123Z";
    let expected = json!({
        "_id": record["_id"], "type": "outgoing-webhook", "step": "finished",
        "integration": {"_id": integration["_id"]}, "event": "sendMessage", "_createdAt": at,
        "_updatedAt": at, "url": receiver.url(), "data": data, "tries": 1, "error": false,
        "finished": true, "httpStatus": 200, "httpResult": r#"{"text":"hello yourself"}"#,
    });
    assert_eq!(record, expected);
    let posted = texts(&server);
    let answer = posted.iter().find(|row| row["msg"] == "hello yourself").expect("an answer");
    assert_eq!((&answer["u"]["username"], &answer["alias"]), (&json!("rocket.cat"), &json!("R2")));
    assert_eq!((&answer["bot"], posted.len()), (&json!({"i": integration["_id"]}), 2));
    assert_eq!(waiting(&server), 0, "an answer causes no call");
}

#[test]
fn a_receiver_that_was_down_is_called_again_also_after_a_restart() {
    let server = TestServer::start_with(private);
    let receiver = Receiver::new();
    let given = outgoing("sendMessage", "#general", &receiver.url());
    let given = with(given, json!({"retryDelay": "powers-of-two", "retryCount": 2}));
    let integration = made(&server, given);
    say(&server, "first");
    assert_eq!(waiting(&server), 1);
    let server = server.reopen();
    assert_eq!(waiting(&server), 1, "what waits survives");
    server.work();
    receiver.answer("503 Busy", "later");
    server.wait_until("the try is noted", || !history(&server, &integration).is_empty());
    let record = history(&server, &integration).remove(0);
    assert_eq!((&record["step"], &record["finished"]), (&json!("waiting-for-retry"), &json!(false)));
    assert_eq!((&record["httpStatus"], &record["httpResult"]), (&json!(503), &json!("later")));
    assert_eq!(record["httpError"], "the receiver answered 503");
    server.rest();
    let server = server.reopen();
    server.work();
    server.later(2000);
    receiver.answer("500 No", "");
    server.wait_until("it was tried twice", || history(&server, &integration)[0]["tries"] == 2);
    server.later(4000);
    receiver.answer("500 No", "");
    server.wait_until("it was tried for the last time", || waiting(&server) == 0);
    let records = history(&server, &integration);
    assert_eq!((records.len(), &records[0]["tries"], &records[0]["step"]), (1, &json!(3), &json!("failed")));
}

#[test]
fn no_call_goes_to_this_machine_unless_that_is_allowed() {
    let server = TestServer::start();
    let receiver = Receiver::new();
    let integration = made(&server, outgoing("sendMessage", "#general", &receiver.url()));
    server.work();
    say(&server, "hello");
    server.wait_until("the call is noted", || !history(&server, &integration).is_empty());
    let record = history(&server, &integration).remove(0);
    assert_eq!((&record["finished"], &record["httpStatus"]), (&json!(true), &Value::Null));
    let error = record["httpError"].as_str().unwrap();
    assert!(error.starts_with("127.0.0.1 has an address that is not of the public internet"), "{error}");
    assert_eq!(waiting(&server), 0);
}

#[test]
fn a_receiver_that_is_gone_switches_its_integration_off() {
    let server = TestServer::start_with(private);
    let receiver = Receiver::new();
    let integration = made(&server, outgoing("sendMessage", "#general", &receiver.url()));
    server.work();
    say(&server, "hello");
    receiver.answer("410 Gone", "");
    server.wait_until("the call is noted", || !history(&server, &integration).is_empty());
    let query = format!("integrationId={}", integration["_id"].as_str().unwrap());
    let now = server.as_admin().get("integrations.get", &query).ok()["integration"].clone();
    assert_eq!(now["enabled"], false);
    say(&server, "nobody hears it");
    assert_eq!(waiting(&server), 0);
}

#[test]
fn nothing_is_written_down_for_nobody_and_no_more_than_fits() {
    let server = TestServer::start_with(|config| config.integrations.queue = 2);
    say(&server, "nobody listens");
    assert_eq!(waiting(&server), 0);
    let off = with(outgoing("sendMessage", "#general", "http://a.b"), json!({"enabled": false}));
    made(&server, off);
    say(&server, "switched off");
    assert_eq!(waiting(&server), 0);
    made(&server, outgoing("sendMessage", "#general", "http://a.b"));
    for text in ["one", "two", "three"] {
        say(&server, text);
    }
    assert_eq!(waiting(&server), 2);
    assert_eq!(texts(&server).len(), 5, "who sends is not bothered");
}

#[test]
fn what_waits_for_a_removed_integration_is_forgotten() {
    let server = TestServer::start_with(private);
    let receiver = Receiver::new();
    let integration = made(&server, outgoing("sendMessage", "#general", &receiver.url()));
    say(&server, "hello");
    let body = json!({"type": "webhook-outgoing", "integrationId": integration["_id"]});
    server.as_admin().post("integrations.remove", body).ok();
    server.work();
    server.wait_until("the queue is empty", || waiting(&server) == 0);
}

#[test]
fn records_of_old_calls_make_room() {
    let server = TestServer::start();
    let integration = made(&server, outgoing("sendMessage", "#general", "http://127.0.0.1:1"));
    for number in 0..103 {
        say(&server, &number.to_string());
        server.clock.advance(1);
    }
    server.work();
    server.wait_until("the queue is empty", || waiting(&server) == 0);
    let id = integration["_id"].as_str().unwrap();
    let answer = server.as_admin().get("integrations.history", &format!("id={id}&count=1"));
    assert_eq!((&answer.ok()["total"], &answer.ok()["count"]), (&json!(100), &json!(1)));
    assert_eq!(answer.ok()["history"][0]["data"]["text"], "102");
}
