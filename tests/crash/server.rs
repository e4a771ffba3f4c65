//! The real binary as a process, killed or stopped.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::client::Client;

/// The password of everybody.
pub(crate) const PASSWORD: &str = "crash-password";

/// A server that does not end by then hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server.
pub(crate) struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts it on a data directory, at any port, and waits until it is ready.
    pub(crate) fn start(directory: &Path) -> Self {
        Self::start_with(Command::new(env!("CARGO_BIN_EXE_roomscribe")), directory)
    }

    /// The same where no file can grow beyond so many blocks of 512 bytes: to a program a full disk
    /// looks like that, but for the name of the error.
    pub(crate) fn start_on_small_disk(directory: &Path, blocks: u64) -> Self {
        let mut shell = Command::new("sh");
        // Who ignores the signal is told by an error instead.
        shell.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""));
        shell.arg(env!("CARGO_BIN_EXE_roomscribe"));
        Self::start_with(shell, directory)
    }

    fn start_with(program: Command, directory: &Path) -> Self {
        let mut child = spawn(program, directory);
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let mut said = String::new();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("the server did not become ready: {said}"));
            let line = line.expect("text");
            if let Some((_, rest)) = line.split_once("ready address=") {
                break rest.split(' ').next().unwrap_or_default().to_owned();
            }
            said.push_str(&line);
        };
        // Somebody must read what it says, or it stops at a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: format!("http://{address}") }
    }

    /// Starts it and kills it after `moment`, wherever its start is by then.
    pub(crate) fn start_in_vain(directory: &Path, moment: Duration) {
        let mut child = spawn(Command::new(env!("CARGO_BIN_EXE_roomscribe")), directory);
        std::thread::sleep(moment);
        child.kill().expect("killed");
        child.wait().expect("dead");
    }

    /// Logs somebody in.
    pub(crate) fn log_in(&self, username: &str) -> Client {
        Client::log_in(&self.address, username)
    }

    /// Where it is reached.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("dead");
    }

    /// SIGHUP.
    #[cfg(feature = "wasm-plugins")]
    pub(crate) fn hang_up(&self) {
        let told = Command::new("kill").arg("-HUP").arg(self.child.id().to_string()).status();
        assert!(told.expect("kill runs").success());
    }

    /// SIGTERM; it must end well, and soon.
    pub(crate) fn stop(self) {
        let told = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(told.success());
        let status = self.ended();
        assert!(status.success(), "{status}");
    }

    /// Waits until it has ended by itself.
    pub(crate) fn ended(mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("an own child") {
                return status;
            }
            if began.elapsed() > PATIENCE {
                self.child.kill().expect("killed");
                panic!("the server did not end within {PATIENCE:?}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn spawn(mut program: Command, directory: &Path) -> Child {
    // Packing begins 300 ms after the start, so that most lives end during or after it.
    std::fs::write(directory.join("config.toml"), "[store]\npack_pause_ms = 5\n").expect("written");
    program
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(directory)
        .env("ADMIN_PASS", PASSWORD)
        .env("RUST_LOG", "info")
        .current_dir(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts")
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
