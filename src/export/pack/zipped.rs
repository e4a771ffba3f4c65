//! A zip that is being written, entry by entry.

use std::fs::File;
use std::io::{self, Write};

use export_sdk::Timestamp;
use zip::result::ZipError;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::contents::Target;
use super::sink::{SealingSink, placeholder};

/// The Unix mode of every entry: a plain file that all may read.
pub(crate) const MODE: u32 = 0o644;
/// From this size on, an entry gets 64-bit sizes. Well below 4 GiB, because what cannot be
/// compressed grows a little.
const LARGE: u64 = 0xF000_0000;

pub(super) struct Zip {
    writer: ZipWriter<StreamWriter<SealingSink>>,
    /// What stands before every name.
    top: String,
    level: u8,
    time: DateTime,
}

impl Zip {
    pub(super) fn new(file: File, top: String, level: u8, stamp: Timestamp) -> io::Result<Self> {
        let mut writer = ZipWriter::new_stream(SealingSink::new(file));
        writer.set_comment(placeholder()).map_err(io_error)?;
        Ok(Self { writer, top, level, time: entry_time(stamp) })
    }

    /// Completes the file; returns its size and the hash of all of it.
    pub(super) fn finish(self) -> io::Result<(u64, [u8; 32])> {
        self.writer.finish().map_err(io_error)?.into_inner().finish()
    }
}

impl Target for Zip {
    fn begin(&mut self, name: &str, media_type: &str, size: u64) -> io::Result<()> {
        let level = if is_compressed(media_type) { 0 } else { self.level };
        let options = options(level, self.time).large_file(size >= LARGE);
        self.writer.start_file(format!("{}{name}", self.top), options).map_err(io_error)
    }
}

impl Write for Zip {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

fn options(level: u8, time: DateTime) -> SimpleFileOptions {
    let method = if level == 0 { CompressionMethod::Stored } else { CompressionMethod::Deflated };
    let level = (level > 0).then(|| i64::from(level.min(9)));
    SimpleFileOptions::default()
        .compression_method(method)
        .compression_level(level)
        .last_modified_time(time)
        .unix_permissions(MODE)
}

/// The entry time in UTC. A zip knows only the years 1980 to 2107, and even seconds.
fn entry_time(stamp: Timestamp) -> DateTime {
    let time = stamp.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let part = |number: i8| u8::try_from(number).unwrap_or_default();
    let year = u16::try_from(time.year()).unwrap_or_default();
    let (month, day) = (part(time.month()), part(time.day()));
    DateTime::from_date_and_time(
        year,
        month,
        day,
        part(time.hour()),
        part(time.minute()),
        part(time.second()),
    )
    .unwrap_or_default()
}

/// Media that deflate would only slow down.
fn is_compressed(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (family, kind) = essence.split_once('/').unwrap_or_default();
    match family {
        "image" => {
            matches!(kind, "png" | "apng" | "jpeg" | "gif" | "webp" | "avif" | "heic" | "heif" | "jxl")
        }
        "audio" => !matches!(kind, "wav" | "x-wav" | "vnd.wave" | "aiff" | "x-aiff" | "midi"),
        "video" => true,
        "font" => matches!(kind, "woff" | "woff2"),
        "application" => {
            matches!(kind, "zip" | "gzip" | "x-gzip" | "zstd" | "x-7z-compressed" | "x-xz" | "x-bzip2")
                || matches!(kind, "vnd.rar" | "x-rar-compressed" | "epub+zip" | "java-archive")
                || kind.starts_with("vnd.openxmlformats-officedocument.")
                || kind.starts_with("vnd.oasis.opendocument.")
        }
        _ => false,
    }
}

fn io_error(error: ZipError) -> io::Error {
    match error {
        // Unwrapped, because the error inside says whether the work was cancelled.
        ZipError::Io(error) => error,
        error => io::Error::other(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_no_zip_knows_becomes_the_first_it_knows() {
        assert_eq!(entry_time(Timestamp::from_millis(0)), DateTime::default());
        assert_eq!(entry_time(Timestamp::from_millis(i64::MAX)), DateTime::default());
    }
}
