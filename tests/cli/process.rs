//! The real program in a directory of its own: arguments in, exit code and words out.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A server that takes longer to start is stuck.
const START: Duration = Duration::from_secs(60);
/// A server that takes longer to stop is stuck.
const STOP: Duration = Duration::from_secs(60);

/// A directory in which the program runs: its data is in `data`.
pub(crate) struct Place(TempDir);

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a temporary directory"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).expect("written");
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).expect("readable")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_roomscribe"));
        // Nothing of the surroundings may count as a setting.
        command.args(arguments).current_dir(&self.0).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a line as a shell does that knows the program by its name.
    pub(crate) fn shell(&self, line: &str) -> Ended {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_roomscribe"));
        let path = format!("{}:/usr/bin:/bin", program.parent().expect("a directory").display());
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(&self.0).env_clear().env("PATH", path).stdin(Stdio::null());
        Ended::of(command.output().expect("sh runs"))
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, b"")
    }

    /// The same with something on its standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &[u8]) -> Ended {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().expect("started");
        let mut stdin = child.stdin.take().expect("piped");
        // A program that does not read its input is no failure.
        let _ = stdin.write_all(input);
        drop(stdin);
        Ended::of(child.wait_with_output().expect("waited for"))
    }

    /// Starts it with an input that does not end, waits for a line on standard error, and presses Ctrl-C.
    pub(crate) fn interrupted(&self, arguments: &[&str], line: &str) -> (Option<i32>, Vec<String>) {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().expect("started");
        let _open = child.stdin.take();
        let stderr = lines_of(child.stderr.take().expect("piped"));
        while !stderr.recv_timeout(START).expect("the line comes").contains(line) {}
        let id = child.id().to_string();
        let asked = Command::new("kill").args(["-INT", &id]).status().expect("kill runs");
        assert!(asked.success());
        (child.wait().expect("waited for").code(), stderr.iter().collect())
    }

    /// Starts a server on any port and waits until it says that it is ready.
    pub(crate) fn serve(&self) -> Serving {
        self.serve_with(&[])
    }

    /// The same with variables of the environment.
    pub(crate) fn serve_with(&self, environment: &[(&str, &str)]) -> Serving {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.envs(environment.iter().copied()).spawn().expect("started");
        let stdout = lines_of(child.stdout.take().expect("piped"));
        let stderr = lines_of(child.stderr.take().expect("piped"));
        let mut serving = Serving { child, stdout, stderr, log: Vec::new(), address: String::new() };
        let began = Instant::now();
        while let Ok(line) = serving.stderr.recv_timeout(START.saturating_sub(began.elapsed())) {
            let ready =
                line.split_once("ready address=").or_else(|| line.split_once(r#""ready","address":""#));
            let address = ready.and_then(|(_, rest)| rest.split([' ', '"']).next()).map(ToOwned::to_owned);
            serving.log.push(line);
            if let Some(address) = address {
                serving.address = address;
                return serving;
            }
        }
        panic!("the server is not ready after {:?}", began.elapsed());
    }
}

/// Reads to the end, whether anybody listens or not, so that the program never waits for a reader.
fn lines_of(source: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

/// A server that runs; it does not outlive this.
pub(crate) struct Serving {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
    /// What it logged until it was ready.
    pub(crate) log: Vec<String>,
    /// Where it listens.
    pub(crate) address: String,
}

impl Serving {
    /// Asks it to stop. Answers all that it logged.
    pub(crate) fn stop_for_log(mut self) -> Vec<String> {
        assert_eq!(self.ended(), Some(0));
        let mut log = std::mem::take(&mut self.log);
        log.extend(self.stderr.iter());
        log
    }

    /// Asks it to stop. Answers its exit code and what it said on standard output.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        let code = self.ended();
        (code, self.stdout.iter().collect::<Vec<_>>().join("\n"))
    }

    /// Its exit code, once it has stopped.
    fn ended(&mut self) -> Option<i32> {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(asked.success());
        let began = Instant::now();
        while began.elapsed() < STOP {
            if let Some(status) = self.child.try_wait().expect("waited for") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the server did not stop within {STOP:?}");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It has stopped already where a test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// What it said on standard error, but for the place of a new data directory.
    fn beside(&self) -> Vec<&str> {
        self.stderr.lines().filter(|line| !line.starts_with("a new data directory was made at ")).collect()
    }

    /// What it said, if all went well and nothing was said beside.
    #[track_caller]
    pub(crate) fn ok(&self) -> &str {
        assert_eq!((self.code, self.beside()), (Some(0), vec![]), "{self:?}");
        &self.stdout
    }

    /// The one line that says why it went wrong.
    #[track_caller]
    pub(crate) fn complaint(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "");
        match self.beside().as_slice() {
            [line] => line.strip_prefix("roomscribe: ").unwrap_or_else(|| panic!("{self:?}")),
            _ => panic!("{self:?}"),
        }
    }
}
