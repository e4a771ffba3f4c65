//! The real binary as a process, and clients that survive its death.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

const PASSWORD: &str = "crash-password";

/// A running server.
pub(crate) struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts it on a data directory, at any port, and waits until it is ready.
    pub(crate) fn start(directory: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_roomscribe"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(directory)
            .env("ADMIN_PASS", PASSWORD)
            .env("RUST_LOG", "info")
            .current_dir(directory)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let address = loop {
            let line = lines.next().expect("the server becomes ready").expect("text");
            if let Some((_, rest)) = line.split_once("ready address=") {
                break rest.split(' ').next().unwrap_or_default().to_owned();
            }
        };
        // Somebody must read what it says, or it stops at a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: format!("http://{address}") }
    }

    /// Logs the administrator in.
    pub(crate) fn log_in(&self) -> Client {
        let mut client = self.client("", "");
        let body = json!({"user": "admin", "password": PASSWORD});
        let reply = client.post("login", &body).expect("the administrator logs in");
        client.id = reply["data"]["userId"].as_str().expect("an id").to_owned();
        client.token = reply["data"]["authToken"].as_str().expect("a token").to_owned();
        client
    }

    /// A client with credentials of an earlier login.
    pub(crate) fn client(&self, id: &str, token: &str) -> Client {
        let agent = Agent::config_builder().timeout_global(Some(Duration::from_secs(60))).build().into();
        Client { agent, address: self.address.clone(), id: id.to_owned(), token: token.to_owned() }
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("dead");
    }

    /// SIGTERM; it must end well, and soon.
    pub(crate) fn stop(mut self) {
        let told = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(told.success());
        let status = self.child.wait().expect("an end");
        assert!(status.success(), "{status}");
    }
}

/// A program that calls the server.
#[derive(Clone)]
pub(crate) struct Client {
    agent: Agent,
    address: String,
    pub(crate) id: String,
    pub(crate) token: String,
}

impl Client {
    /// The reply to a success; `None` if there was none.
    pub(crate) fn post(&self, endpoint: &str, body: &Value) -> Option<Value> {
        let request = self.agent.post(format!("{}/api/v1/{endpoint}", self.address));
        let request = request.header("X-User-Id", &self.id).header("X-Auth-Token", &self.token);
        request.send_json(body).ok()?.body_mut().read_json().ok()
    }

    /// The reply to a success; `None` if there was none.
    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        let request = self.agent.get(format!("{}{path}", self.address));
        let request = request.header("X-User-Id", &self.id).header("X-Auth-Token", &self.token);
        request.call().ok()?.body_mut().read_json().ok()
    }
}

/// `roomscribe check` must find nothing.
pub(crate) fn check(directory: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_roomscribe"))
        .args(["check", "--data"])
        .arg(directory)
        .output()
        .expect("the binary starts");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
