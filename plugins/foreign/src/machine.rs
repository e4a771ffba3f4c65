//! What runs a foreign format.

use crate::{Failure, Log, Sink};

/// What runs a foreign format: an interpreter with a module, a way to start a program.
pub trait Machine: Send + Sync + 'static {
    /// Makes ready for one room. `log` takes what the format has to say meanwhile.
    fn open(&self, log: &Log) -> Result<Box<dyn Run>, Failure>;
}

impl Machine for Box<dyn Machine> {
    fn open(&self, log: &Log) -> Result<Box<dyn Run>, Failure> {
        self.as_ref().open(log)
    }
}

/// A foreign format at work on one room.
///
/// After an error nothing more is called. Every method returns within a bounded time.
pub trait Run {
    /// Takes the header: one line, the options within it.
    fn begin(&mut self, header: &[u8], sink: &mut Sink) -> Result<(), Failure>;

    /// Takes whole lines, which came of so many records; the last time with the `end` line.
    fn write(&mut self, lines: &[u8], records: usize, sink: &mut Sink) -> Result<(), Failure>;

    /// There are no more lines.
    fn finish(&mut self, sink: &mut Sink) -> Result<(), Failure>;
}

/// What a foreign format may use up, whatever runs it.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes it may write for each byte it was given, over a room.
    pub output_ratio: u64,
    /// Lines it may log in one export.
    pub log_lines: u32,
}
