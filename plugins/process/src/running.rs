//! A program that runs: three pipes, a process group, and an end that comes in any case.
//!
//! One thread does it all: it waits for whichever pipe can go on, so that neither side ever waits for
//! the other, and looks up now and then to see whether anybody still wants the export.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, ExitStatus};
use std::time::{Duration, Instant};

use export_foreign::{Failure, Log};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionbio};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tempfile::TempDir;

use crate::launch::Launch;
use crate::words::LastWords;

/// Read at once: what a pipe holds.
const BUFFER: usize = 64 * 1024;
/// The most that is read after the program's end. What it had written lies in a pipe, which is no larger.
const REMAINDER: usize = 1024 * 1024;
/// Between two looks at what no pipe tells.
const TICK: Duration = Duration::from_millis(100);
/// The same where no pipe is left: the end is near.
const LAST_TICK: Duration = Duration::from_millis(2);
/// For a program that has closed its input, to say why by its exit code.
const GRACE: Duration = Duration::from_secs(2);

/// Takes what a program writes.
pub(crate) trait Taker {
    /// Takes the next bytes.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Failure>;

    /// Whether anybody still wants them.
    fn check(&mut self) -> Result<(), Failure>;
}

/// How long a program may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// For which it may neither read nor write.
    pub(crate) silent: Duration,
    /// For everything.
    pub(crate) whole: Duration,
}

/// A program under way. Dropping it kills it, and all that it has started in its process group.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    words: LastWords,
    buffer: Vec<u8>,
    patience: Patience,
    /// Its end was waited for: its number may be another's by now.
    buried: bool,
    began: Instant,
    /// When it last read or wrote, while it should.
    moved: Instant,
    /// Dropped after the program was killed.
    _directory: TempDir,
}

impl Running {
    /// Starts a program in an empty directory of its own.
    pub(crate) fn start(launch: &Launch, patience: Patience) -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix("roomscribe-").tempdir()?;
        let mut child = launch.start(directory.path())?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let now = Instant::now();
        let running = Self {
            child,
            stdin,
            stdout,
            stderr,
            words: LastWords::default(),
            buffer: vec![0; BUFFER],
            patience,
            buried: false,
            began: now,
            moved: now,
            _directory: directory,
        };
        // After that, so that an error ends what was started.
        running.stdin.iter().try_for_each(|pipe| ioctl_fionbio(pipe, true))?;
        running.stdout.iter().try_for_each(|pipe| ioctl_fionbio(pipe, true))?;
        running.stderr.iter().try_for_each(|pipe| ioctl_fionbio(pipe, true))?;
        Ok(running)
    }

    /// Hands the program's last words to the log. `false`: there are none.
    pub(crate) fn tell(&self, log: &Log) -> bool {
        self.words.tell(log);
        self.words.last().is_some()
    }

    /// The program's last line on standard error.
    pub(crate) fn last_words(&self) -> Option<&[u8]> {
        self.words.last()
    }

    /// Gives all of it to the program, and takes what it writes meanwhile.
    pub(crate) fn give(&mut self, mut bytes: &[u8], to: &mut dyn Taker) -> Result<(), Failure> {
        self.moved = Instant::now();
        while !bytes.is_empty() {
            let given = self.turn(bytes, to)?;
            bytes = &bytes[given..];
            let gone = self.stdin.is_none() || (given == 0 && self.has_ended()?);
            if gone && !bytes.is_empty() {
                return Err(self.why_it_stopped_reading());
            }
        }
        Ok(())
    }

    /// Tells the program that nothing follows, takes all that it still writes, and waits for its end.
    pub(crate) fn finish(&mut self, to: &mut dyn Taker) -> Result<(), Failure> {
        self.stdin = None;
        self.moved = Instant::now();
        while !self.has_ended()? {
            self.turn(&[], to)?;
        }
        let status = self.end()?;
        // What others hold open is of no interest once the program itself has ended.
        let mut left = REMAINDER;
        while left > 0 {
            let (taken, heard) = (self.read_output(to)?, self.read_words()?);
            left = left.saturating_sub(taken + heard);
            if taken + heard == 0 {
                break;
            }
        }
        self.judge(status)
    }

    /// One step of all that can go on; waits for it, but not for long. Answers how much was given.
    fn turn(&mut self, bytes: &[u8], to: &mut dyn Taker) -> Result<usize, Failure> {
        self.wait(!bytes.is_empty()).map_err(broken)?;
        let given = self.write_input(bytes)?;
        let taken = self.read_output(to)?;
        self.read_words()?;
        let now = Instant::now();
        if given + taken > 0 {
            self.moved = now;
        } else {
            to.check()?;
            let seconds = self.patience.silent.as_secs();
            if now.duration_since(self.moved) > self.patience.silent {
                let words = format!("neither read nor wrote for {seconds} seconds (silent_seconds)");
                return Err(Failure::fault(words));
            }
        }
        if now.duration_since(self.began) > self.patience.whole {
            let seconds = self.patience.whole.as_secs();
            return Err(Failure::fault(format!("took more than {seconds} seconds (run_seconds)")));
        }
        Ok(given)
    }

    fn wait(&self, to_give: bool) -> io::Result<()> {
        let input = self.stdin.as_ref().filter(|_| to_give);
        let input = input.map(|pipe| PollFd::new(pipe, PollFlags::OUT));
        let output = self.stdout.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN));
        let words = self.stderr.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN));
        let mut pipes: Vec<PollFd<'_>> = [input, output, words].into_iter().flatten().collect();
        let tick = if pipes.is_empty() { LAST_TICK } else { TICK };
        let tick = Timespec { tv_sec: 0, tv_nsec: tick.subsec_nanos().into() };
        match poll(&mut pipes, Some(&tick)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn write_input(&mut self, bytes: &[u8]) -> Result<usize, Failure> {
        let Some(pipe) = self.stdin.as_mut().filter(|_| !bytes.is_empty()) else { return Ok(0) };
        match pipe.write(bytes) {
            Ok(given) => Ok(given),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.stdin = None;
                Ok(0)
            }
            Err(error) if is_pause(&error) => Ok(0),
            Err(error) => Err(broken(error)),
        }
    }

    fn read_output(&mut self, to: &mut dyn Taker) -> Result<usize, Failure> {
        let taken = read(&mut self.stdout, &mut self.buffer).map_err(broken)?;
        if taken > 0 {
            to.take(&self.buffer[..taken])?;
        }
        Ok(taken)
    }

    fn read_words(&mut self) -> Result<usize, Failure> {
        let heard = read(&mut self.stderr, &mut self.buffer).map_err(broken)?;
        self.words.hear(&self.buffer[..heard]);
        Ok(heard)
    }

    fn group(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Whether the program itself has ended. It stays a zombie, so that its number is not given away.
    fn has_ended(&self) -> Result<bool, Failure> {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match waitid(WaitId::Pid(self.group()), look) {
            Ok(ended) => Ok(ended.is_some()),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(broken(error.into())),
        }
    }

    /// Kills all that still runs and buries the program.
    fn end(&mut self) -> Result<ExitStatus, Failure> {
        // There may be nothing left to kill.
        let _ = kill_process_group(self.group(), Signal::KILL);
        self.buried = true;
        self.child.wait().map_err(broken)
    }

    /// What the program's end says, if it ends soon; only for one that reads no more.
    fn why_it_stopped_reading(&mut self) -> Failure {
        let early = "before it had read everything";
        self.stdin = None;
        let began = Instant::now();
        while began.elapsed() < GRACE {
            if let Ok(true) | Err(_) = self.has_ended() {
                let judged = self.end().and_then(|status| {
                    let _ = self.read_words();
                    self.judge(status)
                });
                return judged.err().unwrap_or_else(|| Failure::fault(format!("ended {early}")));
            }
            // What it writes now belongs to an export that has failed, and it may keep silent.
            self.moved = Instant::now();
            if let Err(failure) = self.turn(&[], &mut Nowhere) {
                return failure;
            }
        }
        Failure::fault(format!("closed its input {early}"))
    }

    fn judge(&self, status: ExitStatus) -> Result<(), Failure> {
        use std::os::unix::process::ExitStatusExt;
        let complaint = self.words.last().filter(|line| line.starts_with(b"{"));
        match (status.code(), complaint) {
            (Some(0), _) => return Ok(()),
            (Some(2), Some(complaint)) => return Err(Failure::said(complaint)),
            (Some(_) | None, _) => {}
        }
        let signal = status.signal();
        let limit = if signal == Some(Signal::XCPU.as_raw()) {
            ": it took more of a processor than cpu_seconds allows"
        } else if signal == Some(Signal::XFSZ.as_raw()) {
            ": it wrote a file larger than file_mb allows"
        } else {
            ""
        };
        Err(Failure::fault(format!("ended with {status}{limit}")))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.buried {
            let _ = self.end();
        }
    }
}

/// Takes everything and keeps nothing.
struct Nowhere;

impl Taker for Nowhere {
    fn take(&mut self, _: &[u8]) -> Result<(), Failure> {
        Ok(())
    }

    fn check(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Reads what there is. At its end the pipe is closed.
fn read(pipe: &mut Option<impl Read + AsFd>, buffer: &mut [u8]) -> io::Result<usize> {
    let Some(open) = pipe else { return Ok(0) };
    match open.read(buffer) {
        Ok(0) => {
            *pipe = None;
            Ok(0)
        }
        Ok(taken) => Ok(taken),
        Err(error) if is_pause(&error) => Ok(0),
        Err(error) => Err(error),
    }
}

fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// The system's doing, not the program's.
fn broken(error: io::Error) -> Failure {
    Failure::Busy(format!("cannot be talked to: {error}"))
}
