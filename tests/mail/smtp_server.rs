//! Starts `smtp_server.py`, a real SMTP server in a process of its own, and reads what it received.
//!
//! The Python packages are installed once, into `target/`.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpSocket;

const PACKAGE: &str = "aiosmtpd==1.4.6";
/// For a machine under load; nothing waits that long when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server; it ends when it is dropped.
pub(crate) struct SmtpServer {
    process: Child,
    lines: Receiver<String>,
    pub(crate) port: u16,
}

impl SmtpServer {
    /// Starts a server with these arguments of `smtp_server.py`, on a free port unless one is given.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/smtp_server.py");
        let mut process = Command::new(python())
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the Python of the virtual environment starts");
        let output = BufReader::new(process.stdout.take().expect("piped"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut server = Self { process, lines, port: 0 };
        let listening = server.next();
        server.port = listening["listening"].as_u64().and_then(|port| port.try_into().ok()).expect("a port");
        server
    }

    /// The next mail; waits for it.
    pub(crate) fn next(&self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).expect("the SMTP server has something to say");
        serde_json::from_str(&line).expect("a line of JSON")
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        drop(self.process.stdin.take()); // its sign to end
        self.process.wait().expect("the SMTP server ends");
    }
}

/// A port for a server that is started later; until then connections to it are refused.
pub(crate) fn reserve_port() -> (TcpSocket, u16) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("the server may take the port over");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let port = socket.local_addr().expect("bound").port();
    (socket, port)
}

/// The Python of a virtual environment that has the package; made by whoever comes first.
fn python() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..");
    let environment = target.join("smtp-venv");
    let python = environment.join("bin/python");
    let ready = environment.join("ready");
    let lock = File::create(target.join("smtp-venv.lock")).expect("target/ is writable");
    lock.lock().expect("the other tests let go of the lock");
    if fs::read_to_string(&ready).is_ok_and(|package| package == PACKAGE) {
        return python;
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", PACKAGE]));
    fs::write(ready, PACKAGE).expect("target/ is writable");
    python
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; install Python 3"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed; these tests need Python 3 with pip: {errors}");
}
