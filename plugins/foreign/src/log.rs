//! What a foreign format says to the server's log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use export_sdk::plain_line;

/// Bytes of a line that are looked at.
const LONGEST_LINE: usize = 1024;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For authors.
    Debug,
    /// For operators.
    Info,
    /// For operators who have to do something.
    Warn,
}

/// Takes a bounded number of lines, of bounded length. Clones share the number.
#[derive(Debug, Clone)]
pub struct Log {
    format: Arc<str>,
    left: Arc<AtomicU32>,
}

impl Log {
    /// Takes so many lines of that format.
    pub fn new(format: &str, lines: u32) -> Self {
        Self { format: format.into(), left: Arc::new(AtomicU32::new(lines)) }
    }

    /// Logs a line, cut off after 1 KiB, in which nothing acts. `false`: there were too many already.
    pub fn line(&self, level: Level, text: &[u8]) -> bool {
        let less = |left: u32| left.checked_sub(1);
        let Ok(left) = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) else {
            return false;
        };
        let (format, text) = (&*self.format, &text[..text.len().min(LONGEST_LINE)]);
        let text = plain_line(&String::from_utf8_lossy(text));
        match level {
            Level::Debug => tracing::debug!(format, text, "a plug-in says"),
            Level::Info => tracing::info!(format, text, "a plug-in says"),
            Level::Warn => tracing::warn!(format, text, "a plug-in says"),
        }
        if left == 1 {
            tracing::warn!(format, "a plug-in says too much; the rest of this export is not logged");
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_lines_that_are_left() {
        let log = Log::new("tsv", 3);
        let other = log.clone();
        assert!(log.line(Level::Info, b"\xff\xfe") && other.line(Level::Debug, &[b'x'; 5000]));
        assert!(log.line(Level::Warn, b""));
        assert!(!log.line(Level::Info, b"more") && !other.line(Level::Info, b"more"));
    }
}
