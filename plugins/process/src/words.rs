//! What a program says on standard error: the end of it is kept.

use export_foreign::{Level, Log};

/// Bytes that are kept.
const KEPT: usize = 4096;
/// Lines of them that go into the log.
const LINES: usize = 10;

/// The end of what a program has said.
#[derive(Debug, Default)]
pub(crate) struct LastWords(Vec<u8>);

impl LastWords {
    /// Takes what comes next.
    pub(crate) fn hear(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(&bytes[bytes.len().saturating_sub(KEPT)..]);
        if self.0.len() > 2 * KEPT {
            self.0.drain(..self.0.len() - KEPT);
        }
    }

    /// The last lines that are not empty, in their order.
    fn lines(&self) -> Vec<&[u8]> {
        let kept = &self.0[self.0.len().saturating_sub(KEPT)..];
        let lines = kept.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
        let mut last: Vec<&[u8]> = lines.rev().take(LINES).collect();
        last.reverse();
        last
    }

    /// The last line, if anything was said.
    pub(crate) fn last(&self) -> Option<&[u8]> {
        self.lines().pop()
    }

    /// Hands the last lines to the log.
    pub(crate) fn tell(&self, log: &Log) {
        for line in self.lines() {
            log.line(Level::Warn, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_much_is_kept() {
        let mut words = LastWords::default();
        assert_eq!(words.last(), None);
        for number in 0..10_000 {
            words.hear(format!("line {number}\r\n\n").as_bytes());
        }
        assert!(words.0.len() <= 2 * KEPT);
        assert_eq!((words.last(), words.lines().len()), (Some(&b"line 9999"[..]), LINES));
        assert_eq!(words.lines()[0], b"line 9990");
        words.hear(&vec![b'x'; 3 * KEPT]);
        assert_eq!(words.last().map(<[u8]>::len), Some(KEPT));
    }
}
