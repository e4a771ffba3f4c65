//! From a sealed export to what leaves the server: one zip, or a directory of loose files.
//!
//! Both are written aside and renamed, both carry the hashes of all files in
//! `manifest-sha256.txt`, and both refuse a file that has changed since it was sealed.
//! Equal exports give equal bytes. The zip ends with its own hash; see [`verify`](super::verify).

mod sink;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use export_sdk::{Artifact, ArtifactPath, Timestamp, safe_file_name};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use self::sink::SealingSink;
pub(crate) use self::sink::{COMMENT_LENGTH, HASH_LENGTH, LABEL, comment};
use super::spool::{MANIFEST, Progress, Sealed, copy_checked, sync_directory};

/// The Unix mode of every entry: a plain file that all may read.
pub(crate) const MODE: u32 = 0o644;
/// From this size on, an entry gets 64-bit sizes. Well below 4 GiB, because what cannot be
/// compressed grows a little.
const LARGE: u64 = 0xF000_0000;

/// Packs an export into one zip at `to`.
///
/// `level` is 0 (stored) to 9; what is compressed already is stored anyway. `stamp` becomes the
/// time of all entries. The zip crate keeps its table of contents in memory until the end, some
/// hundred bytes per file; contents pass through.
pub fn pack(
    sealed: &Sealed,
    to: &Path,
    level: u8,
    stamp: Timestamp,
    progress: &Progress,
) -> io::Result<Artifact> {
    let aside = beside(to, "", ".part")?;
    let packed = write_zip(sealed, &aside, level, stamp, progress).and_then(|packed| {
        fs::rename(&aside, to)?;
        sync_directory(parent(to))?;
        Ok(packed)
    });
    let (size, sha256) = packed.inspect_err(|_| discard(fs::remove_file(&aside)))?;
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let path = ArtifactPath::new(safe_file_name(&name)).map_err(io::Error::other)?;
    Ok(Artifact { path, media_type: "application/zip".to_owned(), size, sha256, file: to.to_owned() })
}

fn write_zip(
    sealed: &Sealed,
    aside: &Path,
    level: u8,
    stamp: Timestamp,
    progress: &Progress,
) -> io::Result<(u64, [u8; 32])> {
    let mut zip = ZipWriter::new_stream(SealingSink::new(File::create(aside)?));
    zip.set_comment(sink::placeholder()).map_err(io_error)?;
    let time = entry_time(stamp);
    for artifact in sealed.artifacts()? {
        let artifact = artifact?;
        let level = if is_compressed(&artifact.media_type) { 0 } else { level };
        let options = options(level, time).large_file(artifact.size >= LARGE);
        zip.start_file(artifact.path.as_str(), options).map_err(io_error)?;
        copy_checked(&artifact, &mut zip, progress)?;
    }
    zip.start_file(MANIFEST, options(level, time)).map_err(io_error)?;
    write_manifest(sealed, &mut zip)?;
    zip.finish().map_err(io_error)?.into_inner().finish()
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

/// Lays an export out as loose files in `directory`, which must be empty or not exist.
pub fn lay_out(sealed: &Sealed, directory: &Path, progress: &Progress) -> io::Result<()> {
    if directory.try_exists()? && fs::read_dir(directory)?.next().is_some() {
        let message = format!("{} is not empty; choose another directory", directory.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
    }
    let aside = beside(directory, ".", &format!(".{}.part", std::process::id()))?;
    fs::create_dir_all(parent(directory))?;
    fs::create_dir(&aside)?;
    let done = copy_files(sealed, &aside, progress).and_then(|()| {
        if directory.try_exists()? {
            fs::remove_dir(directory)?;
        }
        fs::rename(&aside, directory)?;
        sync_directory(parent(directory))
    });
    done.inspect_err(|_| discard(fs::remove_dir_all(&aside)))
}

fn copy_files(sealed: &Sealed, aside: &Path, progress: &Progress) -> io::Result<()> {
    for artifact in sealed.artifacts()? {
        let artifact = artifact?;
        let place = aside.join(artifact.path.as_str());
        fs::create_dir_all(parent(&place))?;
        let mut file = File::create_new(place)?;
        copy_checked(&artifact, &mut file, progress)?;
        file.sync_all()?;
    }
    let mut manifest = BufWriter::new(File::create_new(aside.join(MANIFEST))?);
    write_manifest(sealed, &mut manifest)?;
    manifest.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    super::spool::sync_tree(aside)
}

/// One line per file, as `sha256sum` writes and checks them.
fn write_manifest(sealed: &Sealed, out: &mut impl Write) -> io::Result<()> {
    for artifact in sealed.artifacts()? {
        let artifact = artifact?;
        writeln!(out, "{}  {}", hex::encode(artifact.sha256), artifact.path)?;
    }
    Ok(())
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

/// `directory/name` -> `directory/<before>name<after>`.
fn beside(path: &Path, before: &str, after: &str) -> io::Result<PathBuf> {
    let Some(name) = path.file_name() else {
        let message = format!("{} does not end in a name", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    };
    let mut aside = std::ffi::OsString::from(before);
    aside.push(name);
    aside.push(after);
    Ok(path.with_file_name(aside))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    }
}

/// For the tidying after a failure, which is the one to report.
fn discard(tidied: io::Result<()>) {
    if let Err(error) = tidied {
        tracing::debug!(%error, "could not remove what a failed export left");
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
mod tests;
