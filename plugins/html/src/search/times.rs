//! When messages were sent: to order results and to answer dates, some ten kilobytes a file.

use std::ops::RangeInclusive;

use export_sdk::{Output, Result};

use super::numbers;
use super::script::{self, Script};

/// Messages in a file. The script learns it from the index.
pub(super) const BLOCK: u64 = 16_384;

/// The file that is being filled, and from when until when the earlier ones are.
#[derive(Default)]
pub(super) struct Times {
    /// Sixteen bytes for every sixteen thousand messages.
    ranges: Vec<RangeInclusive<i64>>,
    range: Option<RangeInclusive<i64>>,
    count: u64,
    last: i64,
    code: Vec<u8>,
}

impl Times {
    /// Adds the minute of a message, counted from 1970 on the clock of the archive.
    pub(super) fn add(&mut self, output: &mut dyn Output, minute: i64) -> Result<()> {
        numbers::push_signed(&mut self.code, minute - self.last);
        self.last = minute;
        let range = self.range.take().unwrap_or(minute..=minute);
        self.range = Some(minute.min(*range.start())..=minute.max(*range.end()));
        self.count += 1;
        if self.count == BLOCK { self.write(output) } else { Ok(()) }
    }

    /// Writes what is left. Returns the ranges of all files as code.
    pub(super) fn finish(mut self, output: &mut dyn Output) -> Result<Vec<u8>> {
        self.write(output)?;
        let ranges = self.ranges.iter().map(|range| format!("{},{}", range.start(), range.end()));
        Ok(ranges.collect::<Vec<_>>().join(",").into_bytes())
    }

    fn write(&mut self, output: &mut dyn Output) -> Result<()> {
        let Some(range) = self.range.take() else { return Ok(()) };
        self.ranges.push(range);
        let mut script = Script::create(output, &script::name('m', self.ranges.len() as u64))?;
        script.write(b"\"")?;
        script.write(&self.code)?;
        script.write(b"\"")?;
        (self.count, self.last) = (0, 0);
        self.code.clear();
        script.close()
    }
}
