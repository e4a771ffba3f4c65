//! Keeps a finished file under its final name: all of it, or nothing.
//!
//! The server looks for what a job left behind, whole or in part, under these very names.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use crate::{Attempt, Cancelled, Error, ErrorKind, Export, Result};

/// Keeps the one file of an export in `directory`, as `<key>.<extension>`. Returns its path, for
/// [`Receipt::with_file`](crate::Receipt::with_file). However often it is tried with one key, there is
/// one file; dropping the future leaves none that is not whole. `plugin` names the table of config.toml
/// whose `directory` this is, for the error if it cannot be made. Needs a tokio runtime.
pub async fn keep_file(
    plugin: &'static str,
    directory: &Path,
    export: &Export,
    attempt: &Attempt<'_>,
) -> Result<PathBuf> {
    let [artifact] = export.artifacts.as_slice() else {
        let message = format!("one file was expected to keep, not {}", export.artifacts.len());
        return Err(Error::new(ErrorKind::Internal, message));
    };
    let name = match artifact.path.as_str().rsplit_once('.') {
        Some((_, extension)) => format!("{}.{extension}", attempt.key),
        None => attempt.key.to_owned(),
    };
    // Lives as long as this future: dropping the future tells the thread to stop.
    let wanted = Arc::new(());
    let keep = Keep {
        plugin,
        source: artifact.file.clone(),
        size: artifact.size,
        directory: directory.to_owned(),
        name,
        attempt: attempt.number,
        wanted: Arc::downgrade(&wanted),
    };
    let kept = tokio::task::spawn_blocking(move || keep.run()).await;
    kept.map_err(|panic| Error::new(ErrorKind::Internal, "the export could not be kept").because(panic))?
}

/// One file to keep. Blocks on the disk.
struct Keep {
    plugin: &'static str,
    source: PathBuf,
    size: u64,
    directory: PathBuf,
    name: String,
    /// The number of the attempt.
    attempt: u32,
    /// Dead when nobody waits for the file any more.
    wanted: Weak<()>,
}

impl Keep {
    /// Returns the final path. The name is derived from the job's key, so a file of that name and
    /// size is this very export, kept by an earlier attempt.
    fn run(&self) -> Result<PathBuf> {
        let target = self.directory.join(&self.name);
        fs::create_dir_all(&self.directory).map_err(|error| {
            let (directory, plugin) = (self.directory.display(), self.plugin);
            let message = format!("{directory} cannot be made; check `directory` of [plugins.{plugin}]");
            Error::new(ErrorKind::Internal, message).because(error)
        })?;
        let kept = fs::metadata(&target).is_ok_and(|found| found.is_file() && found.len() == self.size);
        if !kept {
            let part = self.part(self.attempt);
            let moved = self.write(&part).and_then(|()| fs::rename(&part, &target));
            if let Err(error) = moved {
                // The first error says what went wrong; the next attempt removes what stays.
                let _ = fs::remove_file(&part);
                return Err(error.into());
            }
        }
        for earlier in 1..self.attempt {
            // Mostly there is none.
            let _ = fs::remove_file(self.part(earlier));
        }
        sync(&self.directory)?;
        Ok(target)
    }

    /// Every attempt has its own: the thread of one that nobody waits for may still be writing.
    fn part(&self, attempt: u32) -> PathBuf {
        self.directory.join(format!(".{}.{attempt}.part", self.name))
    }

    fn write(&self, part: &Path) -> io::Result<()> {
        match fs::remove_file(part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // A link costs nothing, but needs the same file system and one that knows links.
        if fs::hard_link(&self.source, part).is_err() {
            fs::copy(&self.source, part)?;
        }
        sync(part)?;
        let size = fs::metadata(part)?.len();
        if size != self.size {
            return Err(io::Error::other(format!("{size} bytes instead of {}", self.size)));
        }
        if self.wanted.strong_count() == 0 {
            return Err(io::Error::other(Cancelled));
        }
        Ok(())
    }
}

/// A directory is synced like a file: afterwards its names survive a power cut.
fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Case {
        dir: tempfile::TempDir,
        wanted: Arc<()>,
    }

    impl Case {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("source"), "export").unwrap();
            Self { dir, wanted: Arc::new(()) }
        }

        fn keep(&self) -> Keep {
            Keep {
                plugin: "file",
                source: self.dir.path().join("source"),
                size: 6,
                directory: self.dir.path().join("made/exports"),
                name: "job1.zip".into(),
                attempt: 2,
                wanted: Arc::downgrade(&self.wanted),
            }
        }

        fn names(&self) -> Vec<String> {
            let Ok(entries) = fs::read_dir(self.dir.path().join("made/exports")) else { return Vec::new() };
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        }
    }

    #[test]
    fn half_written_parts_of_this_and_earlier_attempts_do_not_stay() {
        let case = Case::new();
        let keep = case.keep();
        fs::create_dir_all(&keep.directory).unwrap();
        for attempt in [1, 2] {
            fs::write(keep.part(attempt), "exp").unwrap();
        }
        assert_eq!(fs::read_to_string(keep.run().unwrap()).unwrap(), "export");
        assert_eq!(case.names(), ["job1.zip"]);
    }

    #[test]
    fn a_final_file_of_another_size_is_replaced() {
        let case = Case::new();
        let keep = case.keep();
        fs::create_dir_all(&keep.directory).unwrap();
        fs::write(keep.directory.join("job1.zip"), "older and longer").unwrap();
        assert_eq!(fs::read_to_string(keep.run().unwrap()).unwrap(), "export");
    }

    #[test]
    fn nothing_stays_when_the_source_is_gone_or_short() {
        let case = Case::new();
        let mut keep = case.keep();
        keep.size = 7;
        assert_eq!(keep.run().expect_err("short").kind(), ErrorKind::Internal);
        keep.source = case.dir.path().join("gone");
        assert_eq!(keep.run().expect_err("gone").kind(), ErrorKind::Internal);
        assert_eq!(case.names(), Vec::<String>::new());
    }

    #[test]
    fn nothing_stays_when_the_final_name_cannot_be_taken() {
        let case = Case::new();
        let keep = case.keep();
        fs::create_dir_all(keep.directory.join("job1.zip/in the way")).unwrap();
        assert!(keep.run().is_err());
        assert_eq!(case.names(), ["job1.zip"], "the directory that was there, and no part");
    }

    #[test]
    fn nothing_stays_when_nobody_waits_any_more() {
        let case = Case::new();
        let mut keep = case.keep();
        keep.wanted = Weak::new();
        assert_eq!(keep.run().expect_err("cancelled").kind(), ErrorKind::Cancelled);
        assert_eq!(case.names(), Vec::<String>::new());
    }

    #[test]
    fn one_that_nobody_waits_for_leaves_the_part_of_the_next_attempt_alone() {
        let case = Case::new();
        let (mut late, next) = (case.keep(), case.keep());
        (late.attempt, late.wanted) = (1, Weak::new());
        fs::create_dir_all(&next.directory).unwrap();
        next.write(&next.part(2)).unwrap();
        assert_eq!(late.run().expect_err("nobody waits").kind(), ErrorKind::Cancelled);
        assert_eq!(case.names(), [".job1.zip.2.part"]);
    }
}
