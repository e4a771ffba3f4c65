//! Reading sled's log before sled does.
//!
//! When sled opens a log it passes over what it cannot read, as if a crash had left it, and shows
//! older data in its place. What its last snapshot covers it reads by address, and there it notices
//! damage; what came after is gone over here. Only what a crash can leave is let through: what
//! comes behind the last [mark](super::mark) was acknowledged to nobody, and an old segment may have
//! been written anew from its middle on.
//!
//! The layout is that of sled 0.34: segments of 512 KiB, each with its number, and in them messages
//! with a checksum, the number of the segment again, and a page.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crc32fast::Hasher;

use crate::store::Error;

const SEGMENT_LENGTH: usize = 512 * 1024;
const SEGMENT: u64 = SEGMENT_LENGTH as u64;
/// Checksum, number of its first byte in the log, and up to where the log was on disk by then.
const SEGMENT_HEADER: usize = 20;
/// A message does not begin nearer to the end of a segment.
const RED_ZONE: usize = 32;
/// Kinds of messages: there are so many, and of this one nothing comes behind.
const KINDS: std::ops::RangeInclusive<u8> = 1..=11;
const CAP: u8 = 2;

/// A snapshot of where the pages are that cannot be read. sled makes it anew from the log.
pub(super) fn damaged_snapshot(dir: &Path) -> io::Result<Option<PathBuf>> {
    match newest_snapshot(dir)? {
        Some(path) if reach(&path).is_none() || !is_whole(&path)? => Ok(Some(path)),
        Some(_) | None => Ok(None),
    }
}

/// Whether the checksum at the end of a snapshot is that of what stands before it.
fn is_whole(snapshot: &Path) -> io::Result<bool> {
    let mut file = File::open(snapshot)?;
    // The length and then the checksum of the rest.
    let Some(length) = file.metadata()?.len().checked_sub(12).filter(|length| *length > 0) else {
        return Ok(false);
    };
    let mut hasher = Hasher::new();
    let mut rest = (&mut file).take(length);
    let mut part = vec![0; 64 * 1024];
    loop {
        match rest.read(&mut part)? {
            0 => break,
            count => hasher.update(&part[..count]),
        }
    }
    let mut foot = [0; 12];
    file.read_exact(&mut foot)?;
    Ok(foot[8..] == hasher.finalize().to_le_bytes())
}

/// The snapshot that sled will take: the last by name, finished or not.
fn newest_snapshot(dir: &Path) -> io::Result<Option<PathBuf>> {
    let mut newest = None;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            newest = newest.max(Some(entry.path()));
        }
    }
    Ok(newest)
}

/// How far in the log a snapshot reaches: its name tells.
fn reach(snapshot: &Path) -> Option<u64> {
    let name = snapshot.file_name()?.to_str()?.strip_prefix("snap.")?;
    u64::from_str_radix(name.split('.').next()?, 16).ok()
}

/// Fails if the log between the newest snapshot and this mark, the last one, has damage that sled
/// would pass over.
pub(super) fn verify(dir: &Path, mark: &str) -> Result<(), Error> {
    let log = match File::open(dir.join("db")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        log => log?,
    };
    let covered = newest_snapshot(dir)?.and_then(|path| reach(&path)).unwrap_or(0) / SEGMENT * SEGMENT;
    let (mut segments, mut stable) = (Vec::new(), covered);
    for offset in (0..log.metadata()?.len()).step_by(SEGMENT_LENGTH) {
        let mut header = [0; SEGMENT_HEADER];
        if read(&log, &mut header, offset)? < SEGMENT_HEADER {
            break;
        }
        match Header::parse(&header) {
            Header::Unused => {}
            Header::Damaged => return Err(damaged(offset)),
            Header::Of { begin, .. } if begin < covered => {}
            Header::Of { begin, stable: known } => {
                segments.push((begin, offset));
                stable = stable.max(known);
            }
        }
    }
    segments.sort_unstable();
    let newest = segments.last().map_or(0, |(begin, _)| begin / SEGMENT);
    let mut bytes = vec![0; SEGMENT_LENGTH];
    let mut gap = None;
    for (begin, offset) in &segments {
        let length = read(&log, &mut bytes, *offset)?;
        let number = begin / SEGMENT;
        // sled itself ends the log at what it cannot read further behind.
        if gap.is_none() && *begin < stable / SEGMENT * SEGMENT {
            gap = unreadable(&bytes[..length], number)
                .filter(|at| !was_overwritten(&bytes[*at..length], number, newest))
                .map(|at| (begin + at as u64, offset + at as u64));
        }
        if let Some((since, place)) = gap {
            let marks = bytes[..length].windows(mark.len()).enumerate();
            let mut marks = marks.filter(|(_, bytes)| *bytes == mark.as_bytes());
            if marks.any(|(at, _)| begin + at as u64 > since) {
                return Err(damaged(place));
            }
        }
    }
    Ok(())
}

fn damaged(offset: u64) -> Error {
    Error::Corrupt(format!("its log cannot be read at byte {offset} of the file `db`"))
}

/// Reads until the buffer is full or the file is at its end.
fn read(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The head of a segment.
enum Header {
    /// Nothing was written there yet, or it was cleared.
    Unused,
    Damaged,
    /// It has the log from byte `begin` on, which was on disk up to `stable`.
    Of {
        begin: u64,
        stable: u64,
    },
}

impl Header {
    fn parse(bytes: &[u8; SEGMENT_HEADER]) -> Self {
        if bytes.iter().all(|byte| *byte == 0) {
            return Self::Unused;
        }
        let number = |at: usize| {
            let bytes = bytes[at..at + 8].try_into().expect("eight bytes");
            i64::from_le_bytes(bytes) ^ i64::MAX
        };
        let sum = !crc32fast::hash(&bytes[4..]);
        match u64::try_from(number(4)) {
            Ok(begin) if sum.to_le_bytes() == bytes[..4] && begin.is_multiple_of(SEGMENT) => {
                // The first segment says -1: nothing was on disk yet.
                Self::Of { begin, stable: u64::try_from(number(12)).unwrap_or(0) }
            }
            Ok(_) | Err(_) => Self::Damaged,
        }
    }
}

/// The first place in a segment at which a message should be and none can be read.
fn unreadable(segment: &[u8], number: u64) -> Option<usize> {
    let mut at = SEGMENT_HEADER;
    while at + RED_ZONE <= SEGMENT_LENGTH {
        match segment.get(at..).and_then(Message::parse) {
            Some(message) if message.segment == number => {
                if message.kind == CAP {
                    return None;
                }
                at += message.length;
            }
            Some(_) | None => return Some(at.min(segment.len())),
        }
    }
    None
}

/// Whether messages of a later segment begin somewhere in these bytes, and none of this one before.
fn was_overwritten(bytes: &[u8], number: u64, newest: u64) -> bool {
    let mut later = (0..bytes.len()).filter_map(|at| Message::parse(&bytes[at..]));
    later.find(|message| (number..=newest).contains(&message.segment)).is_some_and(|it| it.segment > number)
}

/// What stands before the bytes of a message.
struct Message {
    kind: u8,
    segment: u64,
    /// All of it, in bytes.
    length: usize,
}

impl Message {
    /// The message at the beginning of these bytes, if it is whole.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let kind = *bytes.get(4)?;
        if !KINDS.contains(&kind) {
            return None;
        }
        let mut rest = &bytes[5..];
        let body = usize::try_from(number(&mut rest)?).ok()?;
        let segment = number(&mut rest)?;
        let _page = number(&mut rest)?;
        let head = bytes.len() - rest.len();
        let mut hasher = Hasher::new();
        hasher.update(rest.get(..body)?);
        hasher.update(&bytes[4..head]);
        let sum = !hasher.finalize();
        (sum.to_le_bytes() == bytes[..4]).then_some(Self { kind, segment, length: head + body })
    }
}

/// A number of one to nine bytes; the first tells how many.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let (&first, rest) = bytes.split_first()?;
    let byte = |at: usize| rest.get(at).copied().map(u64::from);
    let (number, length) = match first {
        0..=240 => (first.into(), 0),
        241..=248 => (240 + 256 * u64::from(first - 241) + byte(0)?, 1),
        249 => (2288 + 256 * byte(0)? + byte(1)?, 2),
        250..=255 => {
            let length = usize::from(first - 247);
            let mut number = [0; 8];
            number[..length].copy_from_slice(rest.get(..length)?);
            (u64::from_le_bytes(number), length)
        }
    };
    *bytes = &rest[length..];
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::mark::{line, noted};
    use crate::store::engine::sled::{SledEngine, await_letting_go};
    use crate::store::engine::{Batch, Engine};

    #[test]
    fn only_what_comes_before_the_mark_must_be_whole() {
        let directory = tempfile::tempdir().unwrap();
        let dir = directory.path();
        let engine = SledEngine::open(dir, 1 << 20).unwrap();
        for number in 0..200_u32 {
            let batch: Batch = vec![(number.to_be_bytes().to_vec(), Some(vec![7; 10_000]))];
            engine.apply(batch).unwrap();
            engine.flush().unwrap();
        }
        drop(engine);
        await_letting_go(dir).unwrap();
        let last = line(noted(dir).unwrap().unwrap());
        verify(dir, &last).unwrap();
        let log = dir.join("db");
        let mut bytes = fs::read(&log).unwrap();
        bytes[SEGMENT_LENGTH + 1000] ^= 1;
        fs::write(&log, bytes).unwrap();
        let error = verify(dir, &last).unwrap_err().to_string();
        let place = error.split("at byte ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
        assert!((SEGMENT..=SEGMENT + 1000).contains(&place.parse().unwrap()), "{error}");
        // The first mark is in the first segment: who was told anything was told it before the damage.
        verify(dir, &line(1)).unwrap();
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let cases: [(&[u8], u64); 6] = [
            (&[240], 240),
            (&[241, 0], 240),
            (&[248, 255], 2287),
            (&[249, 0, 1], 2289),
            (&[250, 1, 2, 3], 0x03_02_01),
            (&[255, 1, 0, 0, 0, 0, 0, 0, 1], 0x01_00_00_00_00_00_00_01),
        ];
        for (bytes, expected) in cases {
            let mut rest = bytes;
            assert_eq!(number(&mut rest), Some(expected), "{bytes:?}");
            assert!(rest.is_empty());
            assert_eq!(number(&mut &bytes[..bytes.len() - 1]), None);
        }
    }
}
