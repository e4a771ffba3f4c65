//! How a program is started: by a copy of this one, which first takes limits upon itself.
//!
//! Limits must be there before the first instruction of the program is, and only the process that
//! becomes the program can set them.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::settings::Program;

/// The subcommand that the copy is started with.
const SUBCOMMAND: &str = "launch";

/// Between the two signals that tell a program of the end of its time on a processor.
const GRACE_SECONDS: u64 = 1;

/// A program as it is started, with the limits that it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    memory: u64,
    cpu_seconds: u64,
    file: u64,
    open_files: u64,
    command: Vec<OsString>,
}

impl Launch {
    pub(crate) fn new(program: &Program) -> Self {
        Self {
            memory: program.memory(),
            cpu_seconds: program.cpu_seconds,
            file: program.file(),
            open_files: program.open_files,
            command: program.command.iter().map(OsString::from).collect(),
        }
    }

    /// Starts it in `directory`, without environment, as the head of a process group, with three pipes.
    pub(crate) fn start(&self, directory: &Path) -> io::Result<Child> {
        let limits = [self.memory, self.cpu_seconds, self.file, self.open_files];
        let mut command = Command::new(this_program()?);
        command.arg(SUBCOMMAND).args(limits.map(|limit| limit.to_string())).args(&self.command);
        command.env_clear().current_dir(directory).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn()
    }

    /// What the arguments of this process say is to be launched, if they do.
    pub fn read(mut arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        arguments.next()?;
        arguments.next().filter(|word| word == SUBCOMMAND)?;
        let mut number = || arguments.next()?.to_str()?.parse().ok();
        let (memory, cpu_seconds, file, open_files) = (number()?, number()?, number()?, number()?);
        let command: Vec<OsString> = arguments.collect();
        (!command.is_empty()).then_some(Self { memory, cpu_seconds, file, open_files, command })
    }

    /// Becomes the program. Comes back only if that cannot be, with the reason.
    pub fn run(&self) -> io::Error {
        let [program, arguments @ ..] = self.command.as_slice() else {
            return io::Error::from(io::ErrorKind::InvalidInput);
        };
        match self.bind() {
            Ok(()) => Command::new(program).args(arguments).exec(),
            Err(error) => error,
        }
    }

    fn bind(&self) -> io::Result<()> {
        for (resource, most, hard) in [
            // What is merely reserved, as many runtimes do by the gigabyte, does not count.
            (Resource::Data, self.memory, self.memory),
            (Resource::Cpu, self.cpu_seconds, self.cpu_seconds.saturating_add(GRACE_SECONDS)),
            (Resource::Fsize, self.file, self.file),
            (Resource::Nofile, self.open_files, self.open_files),
            (Resource::Core, 0, 0),
        ] {
            // Nobody but root may allow more than was allowed to this process.
            let most_here = getrlimit(resource).maximum.unwrap_or(u64::MAX);
            let limit = |wanted: u64| Some(wanted.min(most_here));
            setrlimit(resource, Rlimit { current: limit(most), maximum: limit(hard) })?;
        }
        #[cfg(target_os = "linux")]
        {
            // It cannot become another user, and does not outlive a server that is killed.
            rustix::thread::set_no_new_privs(true)?;
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
        }
        Ok(())
    }
}

/// This program, even if its file was replaced or deleted since it was started.
fn this_program() -> io::Result<PathBuf> {
    let itself = PathBuf::from("/proc/self/exe");
    if itself.exists() { Ok(itself) } else { std::env::current_exe() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Option<Launch> {
        Launch::read(arguments.iter().map(OsString::from))
    }

    #[test]
    fn only_whole_orders_are_taken() {
        let launch = read(&["roomscribe", "launch", "1", "2", "3", "4", "/bin/x", "--", "a b"]);
        let command = ["/bin/x", "--", "a b"].map(OsString::from).to_vec();
        assert_eq!(launch, Some(Launch { memory: 1, cpu_seconds: 2, file: 3, open_files: 4, command }));
        for other in [
            &["roomscribe"][..],
            &["roomscribe", "serve"],
            &["roomscribe", "launch", "1", "2", "3", "/bin/x"],
            &["roomscribe", "launch", "1", "2", "3", "4"],
        ] {
            assert_eq!(read(other), None, "{other:?}");
        }
    }
}
