//! The way of a foreign format's bytes into the export's file.

use std::io::Write;

use crate::Failure;
use crate::utf8::Utf8;

/// Every room may come to so much: a short one may need a long frame around it.
const ALWAYS: u64 = 4 * 1024 * 1024;

/// Takes what a foreign format writes, as long as it is what it said and not too much.
pub struct Sink {
    file: Box<dyn Write + Send>,
    /// Set for a format that says it writes text.
    text: Option<Utf8>,
    ratio: u64,
    given: u64,
    taken: u64,
}

impl Sink {
    /// Leads into `file`. `binary`: the bytes need not be text. `ratio`: bytes for each byte that the
    /// format is given.
    pub fn new(file: Box<dyn Write + Send>, binary: bool, ratio: u64) -> Self {
        Self { file, text: (!binary).then(Utf8::default), ratio, given: 0, taken: 0 }
    }

    /// Notes what the format is given.
    pub(crate) fn give(&mut self, bytes: usize) {
        self.given += bytes as u64;
    }

    /// Bytes that the format may still write, as far as it was given something to write about.
    pub fn left(&self) -> u64 {
        self.given.saturating_mul(self.ratio).max(ALWAYS).saturating_sub(self.taken)
    }

    /// Takes the next bytes of the file.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if bytes.len() as u64 > self.left() {
            let (ratio, given) = (self.ratio, self.given);
            return Err(Failure::fault(format!(
                "wrote more than {ratio} times the {given} bytes it was given (output_ratio)"
            )));
        }
        self.taken += bytes.len() as u64;
        if self.text.as_mut().is_some_and(|text| !text.goes_on_with(bytes)) {
            return Err(not_text());
        }
        Ok(self.file.write_all(bytes)?)
    }

    /// Whether the export still goes on; for a machine that waits.
    pub fn check(&mut self) -> Result<(), Failure> {
        Ok(self.file.flush()?)
    }

    /// Nothing follows.
    pub(crate) fn end(&self) -> Result<(), Failure> {
        if self.text.as_ref().is_some_and(|text| !text.may_end()) { Err(not_text()) } else { Ok(()) }
    }
}

fn not_text() -> Failure {
    Failure::fault("wrote bytes that are not UTF-8, although its description does not say \"binary\": true")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn words(result: Result<(), Failure>) -> String {
        match result {
            Err(Failure::Fault(words)) => words,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_says_it_is_text_must_be_text() {
        let mut sink = Sink::new(Box::new(io::sink()), false, 1);
        assert!(sink.take(&"ä".as_bytes()[..1]).is_ok());
        assert!(words(sink.end()).contains("UTF-8"));
        assert!(sink.take(&"ä".as_bytes()[1..]).is_ok() && sink.end().is_ok());
        assert!(words(sink.take(b"\xff")).contains("UTF-8"));
        let mut sink = Sink::new(Box::new(io::sink()), true, 1);
        assert!(sink.take(b"\xff\xc3").is_ok() && sink.end().is_ok());
    }

    #[test]
    fn it_takes_a_frame_and_then_in_proportion() {
        let part = vec![b'x'; 1024 * 1024];
        let mut sink = Sink::new(Box::new(io::sink()), false, 2);
        (0..4).for_each(|_| assert!(sink.take(&part).is_ok()));
        assert!(words(sink.take(b"x")).contains("2 times the 0 bytes"));
        sink.give(3 * 1024 * 1024);
        assert_eq!(sink.left(), 2 * 1024 * 1024);
        assert!(sink.take(&part).is_ok() && sink.take(&part).is_ok() && sink.take(b"x").is_err());
    }
}
