//! The real binary as a process, and connections that show each byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const PASSWORD: &str = "shutdown-password";
/// Whatever takes longer is stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server; it does not outlive this.
pub(crate) struct Server {
    child: Child,
    log: Receiver<String>,
    pub(crate) address: String,
}

impl Server {
    /// Starts it on a data directory, at any port, and waits until it is ready.
    pub(crate) fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_roomscribe"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .current_dir(data)
            .env_clear()
            .env("ADMIN_PASS", PASSWORD)
            .env("OVERWRITE_SETTING_API_Enable_Rate_Limiter", "false")
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let (sender, log) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let mut server = Self { child, log, address: String::new() };
        while let Ok(line) = server.log.recv_timeout(PATIENCE) {
            if let Some((_, rest)) = line.split_once("ready address=") {
                rest.split(' ').next().expect("an address").clone_into(&mut server.address);
                return server;
            }
        }
        panic!("the server is not ready")
    }

    /// SIGTERM.
    pub(crate) fn ask_to_stop(&self) {
        let told = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(told.success());
    }

    /// Waits until nobody can connect any more.
    pub(crate) fn refuses(&self) {
        let began = Instant::now();
        while TcpStream::connect(&self.address).is_ok() {
            assert!(began.elapsed() < PATIENCE, "it still listens");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for its end. Answers its status and what it logged.
    pub(crate) fn ended(&mut self) -> (ExitStatus, String) {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("waited for") {
                return (status, self.log.iter().collect::<Vec<_>>().join("\n"));
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for a good end, with nothing cut off.
    pub(crate) fn ended_well(&mut self) {
        let (status, log) = self.ended();
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(!log.contains("still under way"), "{log}");
    }

    /// The administrator, logged in.
    pub(crate) fn log_in(&self) -> Caller {
        let mut caller =
            Caller { address: self.address.clone(), credentials: [String::new(), String::new()] };
        let login = caller.post("login", &json!({"user": "admin", "password": PASSWORD}));
        let text = |name: &str| login["data"][name].as_str().expect("a text").to_owned();
        caller.credentials = [text("userId"), text("authToken")];
        caller
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already where a test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody who calls the server.
#[derive(Clone)]
pub(crate) struct Caller {
    address: String,
    credentials: [String; 2],
}

impl Caller {
    /// A connection that is kept.
    pub(crate) fn connect(&self) -> Connection {
        let stream = TcpStream::connect(&self.address).expect("connected");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Connection { stream: BufReader::new(stream) }
    }

    /// A whole request.
    pub(crate) fn request(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Vec<u8> {
        let [id, token] = &self.credentials;
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nX-User-Id: {id}\r\nX-Auth-Token: {token}\r\n\
             Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
        );
        [head.as_bytes(), body].concat()
    }

    /// A whole `POST` of JSON.
    pub(crate) fn posting(&self, endpoint: &str, body: &Value) -> Vec<u8> {
        let path = format!("/api/v1/{endpoint}");
        self.request("POST", &path, "application/json", body.to_string().as_bytes())
    }

    /// The reply to a success.
    pub(crate) fn post(&self, endpoint: &str, body: &Value) -> Value {
        self.successful(&self.posting(endpoint, body))
    }

    /// The reply to a success.
    pub(crate) fn get(&self, path: &str) -> Value {
        self.successful(&self.request("GET", path, "application/json", b""))
    }

    /// The reply to a request that succeeds.
    pub(crate) fn successful(&self, request: &[u8]) -> Value {
        let mut connection = self.connect();
        connection.send(request).expect("sent");
        let Answer::Whole { status, body, .. } = connection.answer() else { panic!("no answer") };
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).expect("JSON")
    }
}

/// One connection.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

/// What came back for a request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Every byte of it, and whether it said that the connection ends.
    Whole { status: u16, is_last: bool, body: Vec<u8> },
    /// The connection was closed, and not a byte came.
    Nothing,
}

impl Connection {
    /// Sends bytes.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// The head of an answer; empty if the connection was closed.
    pub(crate) fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            match self.stream.read_line(&mut head) {
                Ok(1..) => {}
                Ok(0) | Err(_) if head.is_empty() => break,
                end => panic!("half a head, then {end:?}: {head}"),
            }
        }
        head
    }

    /// The body that a head speaks of.
    pub(crate) fn body(&mut self, head: &str) -> Vec<u8> {
        let length = header(head, "content-length").parse().expect("a number");
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("all of the body");
        body
    }

    /// The answer to what was sent; half of one fails the test.
    pub(crate) fn answer(&mut self) -> Answer {
        let head = self.head();
        if head.is_empty() {
            return Answer::Nothing;
        }
        let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
        let is_last = header(&head, "connection") == "close";
        Answer::Whole { status, is_last, body: self.body(&head) }
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let mut found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    found.next().map_or("", |(_, value)| value)
}
