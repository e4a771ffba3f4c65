//! A program as what runs a foreign format.

use std::time::Duration;

use export_foreign::{
    Description, Failure, Foreign, LONGEST_DESCRIPTION, Limits, Log, Machine, Run, Sink, shown,
};

use crate::launch::Launch;
use crate::running::{Patience, Running, Taker};
use crate::settings::Program;

/// How long a program may take to say what it is.
const DESCRIBING: Duration = Duration::from_secs(10);
/// Lines a program may have logged in one export.
const LOG_LINES: u32 = 100;
/// What asks a program for its description.
const DESCRIBE: &[u8] = b"{\"type\":\"describe\"}\n";

/// Starts a program for each room.
#[derive(Debug)]
pub struct Starter {
    launch: Launch,
    patience: Patience,
}

/// Asks a program what it is, and makes a format of it. `place` is what people know it by. The error
/// says, in words that follow "it ", why that cannot be.
pub fn open(program: &Program, place: &str) -> Result<Foreign<Starter>, String> {
    if let Some(complaint) = program.complaint() {
        return Err(complaint.to_owned());
    }
    let launch = Launch::new(program);
    let description = describe(&launch)?;
    let patience = Patience {
        silent: Duration::from_secs(program.silent_seconds),
        whole: Duration::from_secs(program.run_seconds),
    };
    let limits = Limits { output_ratio: program.output_ratio, log_lines: LOG_LINES };
    Ok(Foreign::new(description, place, Starter { launch, patience }, limits))
}

fn describe(launch: &Launch) -> Result<Description, String> {
    let patience = Patience { silent: DESCRIBING, whole: DESCRIBING };
    let mut running =
        Running::start(launch, patience).map_err(|error| format!("cannot be started: {error}"))?;
    let mut answer = Answer::default();
    let asked = running.give(DESCRIBE, &mut answer).and_then(|()| running.finish(&mut answer));
    match asked {
        Ok(()) => Description::parse(answer.0.trim_ascii()),
        Err(failure) => {
            let last = running.last_words().map(|words| String::from_utf8_lossy(words).into_owned());
            let last = last.map_or_else(String::new, |words| format!(": {}", shown(&words)));
            Err(format!("was asked to describe itself, and {}{last}", failure.words()))
        }
    }
}

/// What a program says it is.
#[derive(Default)]
struct Answer(Vec<u8>);

impl Taker for Answer {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if self.0.len() + bytes.len() > LONGEST_DESCRIPTION {
            return Err(Failure::fault(format!("answered with more than {LONGEST_DESCRIPTION} bytes")));
        }
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn check(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

impl Machine for Starter {
    fn open(&self, log: &Log) -> Result<Box<dyn Run>, Failure> {
        let running = Running::start(&self.launch, self.patience);
        let running = running.map_err(|error| Failure::Busy(format!("cannot be started: {error}")))?;
        Ok(Box::new(ProgramRun { running, log: log.clone() }))
    }
}

/// A program at work on one room.
struct ProgramRun {
    running: Running,
    log: Log,
}

impl ProgramRun {
    fn told(&self, result: Result<(), Failure>) -> Result<(), Failure> {
        match result {
            Err(Failure::Fault(words)) if self.running.tell(&self.log) => {
                Err(Failure::Fault(format!("{words}; its last words are in the log")))
            }
            other => other,
        }
    }
}

impl Run for ProgramRun {
    fn begin(&mut self, header: &[u8], sink: &mut Sink) -> Result<(), Failure> {
        self.write(header, 1, sink)
    }

    fn write(&mut self, lines: &[u8], _: usize, sink: &mut Sink) -> Result<(), Failure> {
        let given = self.running.give(lines, sink);
        self.told(given)
    }

    fn finish(&mut self, sink: &mut Sink) -> Result<(), Failure> {
        let finished = self.running.finish(sink);
        self.told(finished)
    }
}

impl Taker for Sink {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Sink::take(self, bytes)
    }

    fn check(&mut self) -> Result<(), Failure> {
        Sink::check(self)
    }
}
