//! What the administrator says about the programs: `[plugins.process.NAME]`.

use std::collections::BTreeMap;

use export_sdk::{Error, ErrorKind, Result, Settings};
use serde::Deserialize;

/// Bytes of what the settings call MB.
const MEGABYTE: u64 = 1024 * 1024;

/// A program, and what it may use up for one room.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Program {
    /// Its absolute path, and its arguments.
    pub command: Vec<String>,
    /// MB of memory that each of its processes may write to.
    pub memory_mb: u64,
    /// Seconds of a processor that each of its processes may take.
    pub cpu_seconds: u64,
    /// MB of each file that it writes.
    pub file_mb: u64,
    /// Files that each of its processes may have open.
    pub open_files: u64,
    /// Seconds for which it may neither read nor write while it should.
    pub silent_seconds: u64,
    /// Seconds it may take altogether.
    pub run_seconds: u64,
    /// Bytes it may write for each byte it was given.
    pub output_ratio: u64,
}

impl Default for Program {
    fn default() -> Self {
        Self {
            command: Vec::new(),
            memory_mb: 512,
            cpu_seconds: 600,
            file_mb: 256,
            open_files: 64,
            silent_seconds: 30,
            run_seconds: 3600,
            output_ratio: 64,
        }
    }
}

impl Program {
    /// What is wrong with it, in words that follow its name.
    pub(crate) fn complaint(&self) -> Option<&'static str> {
        let zero = [self.memory_mb, self.cpu_seconds, self.open_files, self.silent_seconds, self.run_seconds];
        match self.command.first() {
            None => Some("needs a command: [\"/usr/bin/python3\", \"/etc/roomscribe/tsv.py\"]"),
            // There is no PATH to look in, and the directory is one that is made for each run.
            Some(program) if !program.starts_with('/') => {
                Some("has a command that does not begin with an absolute path")
            }
            Some(_) if zero.contains(&0) => Some("has a limit of 0, with which nothing can run"),
            Some(_) => None,
        }
    }

    /// Bytes of memory.
    pub(crate) fn memory(&self) -> u64 {
        self.memory_mb.saturating_mul(MEGABYTE)
    }

    /// Bytes of a file.
    pub(crate) fn file(&self) -> u64 {
        self.file_mb.saturating_mul(MEGABYTE)
    }
}

/// The programs by the names of their formats.
pub(crate) fn programs(settings: &Settings) -> Result<BTreeMap<String, Program>> {
    let programs: BTreeMap<String, Program> = settings.parse()?;
    for (name, program) in &programs {
        if let Some(complaint) = program.complaint() {
            let message = format!("config.toml, table [plugins.process.{name}]: it {complaint}");
            return Err(Error::new(ErrorKind::BadSettings, message));
        }
    }
    Ok(programs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(table: &str) -> String {
        let settings = Settings::new("process", table.parse().expect("TOML"), "data");
        programs(&settings).expect_err("refused").to_string()
    }

    #[test]
    fn what_cannot_run_is_refused_with_its_table() {
        for (table, words) in [
            ("[tsv]", "needs a command"),
            ("[tsv]\ncommand = [\"python3\", \"tsv.py\"]", "absolute path"),
            ("[tsv]\ncommand = [\"/bin/x\"]\nmemory_mb = 0", "limit of 0"),
        ] {
            let complaint = complaint(table);
            assert!(complaint.contains("[plugins.process.tsv]") && complaint.contains(words), "{complaint}");
        }
        assert!(complaint("[tsv]\ncommand = [\"/bin/x\"]\nmemory = 1").contains("memory"));
    }

    #[test]
    fn a_command_is_enough() {
        let table = "[tsv]\ncommand = [\"/bin/x\", \"a b\"]\n[other]\ncommand = [\"/bin/y\"]\nfile_mb = 0";
        let programs =
            programs(&Settings::new("process", table.parse().expect("TOML"), "data")).expect("read");
        assert_eq!(programs["tsv"].command, ["/bin/x", "a b"]);
        assert_eq!((programs["tsv"].file(), programs["other"].file()), (256 << 20, 0));
    }
}
