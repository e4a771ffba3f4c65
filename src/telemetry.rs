//! What the program says while it runs: to standard error, never message texts or secrets.
//!
//! The last lines are kept, for administrators who look at them through the API.

use std::collections::VecDeque;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde::Deserialize;
use tokio::task::JoinHandle;
use tracing::{Level, Metadata, Span};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// What the lines about requests are filed under, in `RUST_LOG` for example.
pub const REQUESTS: &str = "requests";

/// So many lines are kept.
const MOST_LINES: usize = 1000;
/// A line is kept up to so many bytes.
const LONGEST_LINE: usize = 4096;

/// `[log]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// How lines look.
    pub format: Format,
    /// Whether every request is told of, or only slow ones.
    pub requests: bool,
}

/// How lines of the log look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    Text,
    /// For programs: a JSON object a line.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: Format::Text, requests: true }
    }
}

/// The last lines of the log.
#[derive(Debug, Clone, Default)]
pub struct LogLines(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    /// How many there were before these.
    gone: u64,
    lines: VecDeque<Line>,
}

/// A line of the log.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its number since the start.
    pub number: u64,
    /// The text, without colours.
    pub text: String,
    /// When it was written.
    pub at: SystemTime,
}

impl LogLines {
    /// Keeps a line.
    pub fn note(&self, text: &str) {
        let text: String = plain(text.trim_end()).chars().take(LONGEST_LINE).collect();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.lines.len() == MOST_LINES {
            kept.lines.pop_front();
            kept.gone += 1;
        }
        let number = kept.gone + kept.lines.len() as u64;
        kept.lines.push_back(Line { number, text, at: SystemTime::now() });
    }

    /// The lines that are kept, the oldest first.
    pub fn last(&self) -> Vec<Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).lines.iter().cloned().collect()
    }
}

/// A text without the sequences that colour it.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = rest.find('m').map_or("", |end| &rest[end + 1..]);
    }
    plain + rest
}

/// Where lines go: to standard error, and most of them to those that are kept.
struct Output(LogLines);

impl<'a> MakeWriter<'a> for Output {
    type Writer = Tee;

    fn make_writer(&'a self) -> Tee {
        Tee(Some(self.0.clone()))
    }

    fn make_writer_for(&'a self, about: &Metadata<'_>) -> Tee {
        // A line for every request would soon leave nothing else.
        let is_usual = about.target() == REQUESTS && *about.level() == Level::INFO;
        if is_usual { Tee(None) } else { self.make_writer() }
    }
}

/// Writes to standard error and keeps what it writes.
struct Tee(Option<LogLines>);

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A line comes as a whole.
        if let Some(kept) = &self.0 {
            kept.note(&String::from_utf8_lossy(bytes));
        }
        io::stderr().write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Starts logging. `RUST_LOG` chooses what; the default is `info`, or `warn` for one-shot commands.
/// Answers the lines that will be kept.
pub fn start(default: &str, log: &Log) -> LogLines {
    let mut filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    if !log.requests {
        let only_slow = format!("{REQUESTS}=warn").parse();
        filter = filter.add_directive(only_slow.expect("a directive"));
    }
    let lines = LogLines::default();
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Output(lines.clone()))
        .with_ansi(log.format == Format::Text && io::stderr().is_terminal())
        .with_target(false);
    let started = match log.format {
        Format::Text => started.try_init(),
        Format::Json => started.json().flatten_event(true).with_span_list(false).try_init(),
    };
    // A second start, as in tests, changes nothing.
    drop(started);
    lines
}

/// Runs a task that blocks on a thread for those; what it logs belongs to the request at hand.
pub fn spawn_blocking<T: Send + 'static>(task: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let span = Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(task))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_without_colours() {
        let lines = LogLines::default();
        for number in 0..=MOST_LINES {
            lines.note(&format!("\u{1b}[2mline\u{1b}[0m {number}\n"));
        }
        let last = lines.last();
        assert_eq!(last.len(), MOST_LINES);
        assert_eq!((last[0].number, last[0].text.as_str()), (1, "line 1"));
        assert_eq!(plain("cut \u{1b}[3"), "cut ");
    }
}
