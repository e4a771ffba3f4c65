//! `[plugins.wasm]`: how much a file may use up.

use std::time::Duration;

use export_foreign::Limits;
use export_sdk::{Error, ErrorKind, Result, Settings};
use serde::Deserialize;

const MEGABYTE: u64 = 1024 * 1024;

/// The table, as it stands in config.toml.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Table {
    file_mb: u64,
    memory_mb: u64,
    instructions_per_call: u64,
    instructions_per_record: u64,
    call_milliseconds: u64,
    output_mb_per_call: u64,
    output_ratio: u64,
    log_lines: u32,
    concurrency: usize,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            file_mb: 16,
            memory_mb: 64,
            instructions_per_call: 1_000_000_000,
            instructions_per_record: 100_000,
            call_milliseconds: 2000,
            output_mb_per_call: 16,
            output_ratio: 64,
            log_lines: 100,
            concurrency: 4,
        }
    }
}

/// What a file may use up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Bytes of a file.
    pub(crate) file: u64,
    /// Bytes of its memory.
    pub(crate) memory: usize,
    /// Instructions, as the interpreter counts them, that every call may take.
    pub(crate) fuel: u64,
    /// And so many more for each record it is given.
    pub(crate) fuel_per_record: u64,
    /// How long a call may take.
    pub(crate) call: Duration,
    /// Bytes that a call may write.
    pub(crate) output: u64,
    /// What every foreign format is held to.
    pub(crate) limits: Limits,
    /// How many may work at the same time, each with memory of its own.
    pub(crate) places: usize,
}

impl Bounds {
    /// Reads the table.
    pub(crate) fn read(settings: &Settings) -> Result<Self> {
        Self::of(&settings.parse()?)
    }

    /// Those of a config.toml that says nothing about them.
    pub(crate) fn usual() -> Self {
        Self::of(&Table::default()).expect("the defaults are within their own ranges")
    }

    fn of(table: &Table) -> Result<Self> {
        // A pointer has 31 bits: the highest one marks an error.
        let ranges = [
            ("file_mb", table.file_mb, 1, 1024),
            ("memory_mb", table.memory_mb, 1, 2047),
            ("instructions_per_call", table.instructions_per_call, 1_000_000, u64::MAX / 4),
            ("instructions_per_record", table.instructions_per_record, 0, u64::MAX / 1_000_000),
            ("call_milliseconds", table.call_milliseconds, 10, 600_000),
            ("output_mb_per_call", table.output_mb_per_call, 1, 2047),
            ("output_ratio", table.output_ratio, 1, 1_000_000),
            ("concurrency", table.concurrency as u64, 1, 1024),
        ];
        for (key, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                let message = format!(
                    "config.toml, table [plugins.wasm]: {key} must be {least} to {most}, not {value}"
                );
                return Err(Error::new(ErrorKind::BadSettings, message));
            }
        }
        Ok(Self {
            file: table.file_mb * MEGABYTE,
            memory: usize::try_from(table.memory_mb * MEGABYTE).unwrap_or(usize::MAX),
            fuel: table.instructions_per_call,
            fuel_per_record: table.instructions_per_record,
            call: Duration::from_millis(table.call_milliseconds),
            output: table.output_mb_per_call * MEGABYTE,
            limits: Limits { output_ratio: table.output_ratio, log_lines: table.log_lines },
            places: table.concurrency,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Bounds> {
        Bounds::read(&Settings::new("wasm", text.parse::<toml::Table>().expect("TOML"), "data"))
    }

    #[test]
    fn bounds_are_bounded_themselves() {
        assert_eq!(read("memory_mb = 2047").unwrap().memory, 2047 * 1024 * 1024);
        for (text, key) in [
            ("memory_mb = 2048", "memory_mb"),
            ("memory_mb = 0", "memory_mb"),
            ("concurrency = 0", "concurrency"),
            ("call_milliseconds = 1", "call_milliseconds"),
            ("fuel = 1", "fuel"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BadSettings);
            assert!(
                error.to_string().contains("[plugins.wasm]") && error.to_string().contains(key),
                "{error}"
            );
        }
    }
}
