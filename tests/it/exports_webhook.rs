//! Exports by webhook, to a receiver on this machine: signed, repeated until it is there, cancelled.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use roomscribe::domain::{JobState, RoomId};
use roomscribe::export::spool::Progress;
use roomscribe::export::verify::verify;
use serde_json::{Map, Value, json};
use tokio::net::TcpSocket;

use crate::support::TestServer;
use crate::support::exports::{accepted, export, unpack};

/// A server that may post to this machine and has a mail server that nobody reaches.
fn posting() -> TestServer {
    posting_at_most(8)
}

/// The same with so many tries.
fn posting_at_most(attempts: u32) -> TestServer {
    TestServer::start_with(|config| {
        config.export.attempts = attempts;
        let settings = "secret = \"hush\"\nhosts = [\"127.0.0.1\"]\nallow_private = true\nallow_http = true\n\
                        timeout_seconds = 3600";
        config.plugins.insert("webhook".to_owned(), settings.parse().expect("TOML"));
        config.mail.url = "smtp://127.0.0.1:1?tls=none".to_owned();
    })
}

fn posted_to(room: &RoomId, port: u16) -> Value {
    let options = json!({"url": format!("http://127.0.0.1:{port}/rooms")});
    json!({"rid": room.as_str(), "type": "webhook", "format": "json", "deliveryOptions": options})
}

/// A port where nobody listens yet, and nobody else can.
fn reserve() -> (TcpSocket, u16) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let port = socket.local_addr().expect("bound").port();
    (socket, port)
}

fn listen(server: &TestServer, socket: TcpSocket) -> TcpListener {
    let _inside = server.runtime().enter();
    let listener = socket.listen(8).and_then(tokio::net::TcpListener::into_std).expect("the reserved port");
    listener.set_nonblocking(false).expect("a plain listener");
    listener
}

/// The headers of a request, their names in lower case; what follows is its body.
fn head(stream: &mut impl BufRead) -> Map<String, Value> {
    let lines = stream.lines().map(|line| line.expect("a line")).take_while(|line| !line.is_empty());
    let header = |line: String| {
        let (name, value) = line.split_once(": ").expect("a header");
        (name.to_ascii_lowercase(), value.into())
    };
    lines.skip(1).map(header).collect()
}

/// Takes one request and answers it.
fn answer(listener: &TcpListener, status: &str) -> (Map<String, Value>, Vec<u8>) {
    let (stream, _) = listener.accept().expect("a connection");
    let mut stream = BufReader::new(stream);
    let headers = head(&mut stream);
    let size = headers["content-length"].as_str().expect("text").parse().expect("a number");
    let mut body = vec![0; size];
    stream.read_exact(&mut body).expect("the body");
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
    stream.get_mut().write_all(answer.as_bytes()).expect("the other side reads");
    (headers, body)
}

/// Runs the check that README shows.
fn is_genuine(secret: &str, headers: &Map<String, Value>, body: &[u8]) -> bool {
    let readme = include_str!("../../README.md");
    let (_, check) = readme.split_once("```python\n").expect("the check");
    let (check, _) = check.split_once("```").expect("its end");
    let program = format!(
        "{check}\nimport json, sys\n\
         class Headers(dict):\n    def __getitem__(self, name): return dict.__getitem__(self, name.lower())\n\
         print(is_genuine(sys.argv[1], Headers(json.loads(sys.argv[2])), sys.stdin.buffer.read()))"
    );
    let headers = Value::from(headers.clone()).to_string();
    let mut python = Command::new("python3")
        .args(["-c", &program, secret, &headers])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python 3");
    python.stdin.take().expect("a pipe").write_all(body).expect("Python reads");
    let output = python.wait_with_output().expect("Python ends");
    match String::from_utf8_lossy(&output.stdout).trim() {
        "True" => true,
        "False" => false,
        other => panic!("Python says {other:?}"),
    }
}

#[test]
fn a_receiver_that_was_down_and_busy_gets_the_export_under_one_key() {
    let server = posting();
    let room = server.talkative_room();
    let (reserved, port) = reserve();
    let admin = server.as_admin();
    let id = accepted(&admin, posted_to(&room, port));
    server.work();
    server.wait_until("it was tried", || server.job(&id).attempts == 1);
    assert_eq!(server.job(&id).failure.as_deref(), Some("127.0.0.1 cannot be reached"));

    let listener = listen(&server, reserved);
    server.later(3_600_000);
    let (first, _) = answer(&listener, "503 Busy");
    server.wait_until("it was tried again", || server.job(&id).attempts == 2);
    assert_eq!(server.job(&id).failure.as_deref(), Some("127.0.0.1 answered 503"));
    server.later(3_600_000);
    let (second, body) = answer(&listener, "201 Created");
    let job = server.finished(&id);
    assert_eq!((job.state, job.attempts, job.file), (JobState::Done, 3, None));
    assert_eq!(job.receipt.as_deref(), Some("posted to 127.0.0.1: 201"));

    for (headers, attempt) in [(&first, "2"), (&second, "3")] {
        assert_eq!(headers["x-roomscribe-attempt"], attempt);
        assert_eq!(headers["idempotency-key"], id.as_str());
        assert_eq!(headers["x-roomscribe-export"], id.as_str());
    }
    assert!(is_genuine("hush", &second, &body));
    assert!(!is_genuine("guess", &second, &body));
    assert!(!is_genuine("hush", &second, &body[1..]));
    let mut later = second.clone();
    later.insert("x-roomscribe-timestamp".to_owned(), "1".into());
    assert!(!is_genuine("hush", &later, &body));

    let zip = server.directory().join("posted.zip");
    std::fs::write(&zip, body).unwrap();
    verify(&zip, &Progress::default()).expect("an intact export");
    let document: Value = serde_json::from_slice(&unpack(&zip)["talk.json"]).unwrap();
    assert_eq!(document["messages"].as_array().unwrap().len(), 3);
    assert_eq!(server.names_in("spool"), [""; 0]);
    assert_eq!(server.names_in("mails"), [""; 0], "there is nothing to fetch here");
}

#[test]
fn an_export_is_cancelled_while_its_receiver_is_silent() {
    let server = posting();
    let room = server.talkative_room();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = server.as_admin();
    let id = accepted(&admin, posted_to(&room, listener.local_addr().unwrap().port()));
    server.work();
    let (stream, _): (TcpStream, _) = listener.accept().unwrap();
    let mut stream = BufReader::new(stream);
    assert_eq!(head(&mut stream)["x-roomscribe-attempt"], "1");
    admin.post("exports.cancel", json!({"exportId": id})).ok();
    assert_eq!(server.finished(&id).state, JobState::Cancelled);
    // It has hung up.
    let _ = stream.read_to_end(&mut Vec::new());
    assert_eq!(server.names_in("spool"), [""; 0]);
}

#[test]
fn an_export_under_way_goes_on_after_a_restart() {
    let server = posting();
    let room = server.talkative_room();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let id = accepted(&server.as_admin(), posted_to(&room, listener.local_addr().unwrap().port()));
    server.work();
    let (held, _) = listener.accept().unwrap();
    server.rest();
    assert!(!server.job(&id).state.is_final());
    drop(held);
    let server = server.reopen();
    server.work();
    let (headers, _) = answer(&listener, "200 OK");
    assert_eq!(headers["idempotency-key"], id.as_str());
    assert_eq!(server.finished(&id).state, JobState::Done);
}

#[test]
fn without_settings_it_is_refused_at_once_and_says_what_is_missing() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let answer = export(&server.as_admin(), posted_to(&room, 1));
    let expected = "the delivery `webhook` is off: the administrator must set `hosts` of [plugins.webhook] in \
                    config.toml to the hosts that exports may be posted to [error-invalid-params]";
    assert_eq!(answer.refusal(), expected);
    let elsewhere = posting();
    let room = elsewhere.talkative_room();
    let mut body = posted_to(&room, 1);
    body["deliveryOptions"]["url"] = "http://localhost/".into();
    let answer = export(&elsewhere.as_admin(), body);
    assert!(answer.refusal().starts_with("`url`: localhost is not among the hosts"), "{}", answer.refusal());
}

#[test]
fn what_was_given_up_is_posted_by_a_retry_under_the_same_key_and_not_rendered_again() {
    let server = posting_at_most(1);
    let room = server.talkative_room();
    let (reserved, port) = reserve();
    let admin = server.as_admin();
    let id = accepted(&admin, posted_to(&room, port));
    server.work();
    let job = server.finished(&id);
    assert_eq!((job.state, job.sealed, job.attempts), (JobState::Failed, true, 1));
    assert_eq!(job.failure.as_deref(), Some("127.0.0.1 cannot be reached"));
    server.delete_room(&room);
    let listener = listen(&server, reserved);
    admin.post("exports.retry", json!({"exportId": id})).ok();
    let (headers, body) = answer(&listener, "200 OK");
    let job = server.finished(&id);
    assert_eq!((job.state, job.attempts, job.messages), (JobState::Done, 1, 3));
    assert_eq!(headers["idempotency-key"], id.as_str());
    let digest: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(&body).into();
    assert_eq!(job.digest, Some(digest), "what was handed over");
    assert_eq!(server.names_in("spool"), [""; 0]);
    assert_eq!(server.names_in("exports"), [""; 0]);
}
