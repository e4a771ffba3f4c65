//! The files of a room's days: `<channel>/<YYYY-MM-DD>.json`, one open at a time.

use std::io::Write;

use export_sdk::{ArtifactPath, Output, Result, Timestamp};

use crate::MEDIA_TYPE;

/// A day that is being written.
pub(crate) struct Days {
    folder: String,
    open: Option<Day>,
}

struct Day {
    end: Timestamp,
    file: Box<dyn Write + Send>,
}

const DAY: i64 = 86_400_000;

impl Days {
    pub(crate) fn new(folder: &str) -> Self {
        Self { folder: folder.to_owned(), open: None }
    }

    /// Adds a message, the JSON of which is `parts`. Messages come oldest first.
    pub(crate) fn write(
        &mut self,
        output: &mut dyn Output,
        sent_at: Timestamp,
        parts: &[&[u8]],
    ) -> Result<()> {
        if self.open.as_ref().is_some_and(|day| sent_at >= day.end) {
            self.finish()?;
        }
        let (day, separator): (&mut Day, &[u8]) = match &mut self.open {
            Some(day) => (day, b",\n"),
            closed => {
                let path = ArtifactPath::new(format!("{}/{}.json", self.folder, sent_at.day()))?;
                let end = Timestamp::from_millis((sent_at.millis().div_euclid(DAY) + 1) * DAY);
                (closed.insert(Day { end, file: output.create(&path, MEDIA_TYPE)? }), b"[\n")
            }
        };
        day.file.write_all(separator)?;
        for part in parts {
            day.file.write_all(part)?;
        }
        Ok(())
    }

    /// Closes the day that is open.
    pub(crate) fn finish(&mut self) -> Result<()> {
        match self.open.take() {
            Some(mut day) => Ok(day.file.write_all(b"\n]\n")?),
            None => Ok(()),
        }
    }
}
