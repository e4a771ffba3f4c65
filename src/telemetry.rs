//! What the program says while it runs: to standard error, never message texts or secrets.
//!
//! The last lines are kept, for administrators who look at them through the API.

use std::collections::VecDeque;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use tracing_subscriber::EnvFilter;

/// So many lines are kept.
const MOST_LINES: usize = 1000;
/// A line is kept up to so many bytes.
const LONGEST_LINE: usize = 4096;

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

/// Writes to standard error and keeps what it writes.
struct Tee(LogLines);

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A line comes as a whole.
        self.0.note(&String::from_utf8_lossy(bytes));
        io::stderr().write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Starts logging. `RUST_LOG` chooses what; the default is `info`, or `warn` for one-shot commands.
/// Answers the lines that will be kept.
pub fn start(default: &str) -> LogLines {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let lines = LogLines::default();
    let kept = lines.clone();
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || Tee(kept.clone()))
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .try_init();
    // A second start, as in tests, changes nothing.
    drop(started);
    lines
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
