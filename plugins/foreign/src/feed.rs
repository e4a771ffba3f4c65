//! A room that lies there as a document of `roomscribe-ndjson`, for authors who try their format.

use std::io::{BufRead, Read, Write};

use export_sdk::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

use crate::{Failure, Foreign, Log, MOST_BYTES, MOST_RECORDS, Machine, Sink};

/// Bytes that a line may have.
pub const LONGEST_LINE: usize = 16 * 1024 * 1024;

impl<M: Machine> Foreign<M> {
    /// Writes the room in `input` to `output`, as an export does. The options that were chosen take the
    /// place of those in the header, if it has any. Answers how many lines there were.
    pub fn feed(
        &self,
        options: &Map<String, Value>,
        mut input: impl BufRead,
        output: Box<dyn Write + Send>,
    ) -> Result<u64> {
        let options = self.description.options.choose(&self.description.name, options)?;
        let mut line = Vec::new();
        read_line(&mut input, &mut line, 1)?;
        let mut header: Map<String, Value> = serde_json::from_slice(&line).unwrap_or_default();
        if header.get("type") != Some(&Value::from("header")) {
            return Err(refused("line 1 is no header; begin with a room that was exported as ndjson"));
        }
        header.insert("options".to_owned(), Value::Object(options));
        let mut header = serde_json::to_vec(&header)?;
        header.push(b'\n');

        let mut sink = Sink::new(output, self.description.binary, self.limits.output_ratio);
        let log = Log::new(&self.description.name, self.limits.log_lines);
        let fed = |failure: Failure| self.failed(failure);
        let mut run = self.machine.open(&log).map_err(fed)?;
        sink.give(header.len());
        run.begin(&header, &mut sink).map_err(fed)?;
        let (mut lines, mut records, mut number) = (Vec::new(), 0, 1);
        loop {
            let is_last = !read_line(&mut input, &mut lines, number + 1)?;
            if !is_last {
                (records, number) = (records + 1, number + 1);
            }
            if records > 0 && (is_last || records >= MOST_RECORDS || lines.len() >= MOST_BYTES) {
                sink.give(lines.len());
                run.write(&lines, records, &mut sink).map_err(fed)?;
                lines.clear();
                records = 0;
            }
            if is_last {
                break;
            }
        }
        run.finish(&mut sink).and_then(|()| sink.end()).map_err(fed)?;
        sink.check().map_err(fed)?;
        Ok(number)
    }
}

/// Appends the next line with its line feed. `false`: there is none.
fn read_line(input: &mut impl BufRead, lines: &mut Vec<u8>, number: u64) -> Result<bool> {
    let broken =
        |error| Error::new(ErrorKind::Rejected, format!("line {number} cannot be read")).because(error);
    let most = LONGEST_LINE as u64;
    let read = input.take(most).read_until(b'\n', lines).map_err(broken)?;
    if read == LONGEST_LINE && !lines.ends_with(b"\n") {
        return Err(refused(&format!("line {number} is longer than {LONGEST_LINE} bytes")));
    }
    if read > 0 && !lines.ends_with(b"\n") {
        lines.push(b'\n');
    }
    Ok(read > 0)
}

fn refused(why: &str) -> Error {
    Error::new(ErrorKind::Rejected, why)
}
