//! The bones of a zip, as strictly as our packer writes them: no gaps, no second truths.
//!
//! A zip says everything twice, before each file and in the directory at the end. Programs differ
//! in what they believe; here both must agree. Field orders are those of APPNOTE.TXT, section 4.3.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};
use std::path::Path;

use super::{Result, VerifyError, read_error};
use crate::export::pack::{COMMENT_LENGTH, HASH_LENGTH, LABEL, MODE};

const LOCAL: u32 = 0x0403_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const WIDE_END: u32 = 0x0606_4b50;
const WIDE_LOCATOR: u32 = 0x0706_4b50;
const END_LENGTH: usize = 22 + COMMENT_LENGTH;
/// The end record with 64-bit numbers and its locator, which stand before the end.
const WIDE_LENGTH: usize = 56 + 20;
/// How much of that record follows the number that says so.
const WIDE_REST: u64 = 56 - 12;
/// The extra field with 64-bit sizes.
const WIDE_SIZES: u16 = 1;
/// Sizes follow the content; the name is UTF-8.
const FLAGS: [u16; 2] = [0x0008, 0x0808];
const FILE_TYPE: u32 = 0o100_000;
const LONGEST_NAME: u16 = 1024;

/// Where the directory stands.
pub(super) struct Directory {
    pub(super) start: u64,
    length: u64,
    pub(super) entries: u64,
    /// The comment at the very end, which holds the hash.
    pub(super) comment: Vec<u8>,
    /// How many bytes the hash covers: all before it.
    pub(super) hashed: u64,
}

impl Directory {
    pub(super) fn find(file: &mut File) -> Result<Self> {
        let not_an_export = VerifyError::NotAnExport;
        let length = file.seek(SeekFrom::End(0))?;
        let end = length.checked_sub(END_LENGTH as u64).ok_or(not_an_export("it is too short"))?;
        let bytes: [u8; END_LENGTH] = read_at(file, end)?;
        let (fixed, comment) = bytes.split_at(22);
        let mut fields = Fields(fixed);
        if fields.u32() != END || !comment.starts_with(LABEL.as_bytes()) {
            return Err(not_an_export("its end is missing"));
        }
        let disks = (fields.u16(), fields.u16());
        let here = fields.u16();
        let mut entries = u64::from(fields.u16());
        let mut size = u64::from(fields.u32());
        let mut start = u64::from(fields.u32());
        if disks != (0, 0) || u64::from(here) != entries || usize::from(fields.u16()) != COMMENT_LENGTH {
            return Err(not_an_export("its end is damaged"));
        }
        let mut directory_end = end;
        if size == u64::from(u32::MAX) {
            directory_end = end.checked_sub(WIDE_LENGTH as u64).ok_or(not_an_export("it is too short"))?;
            (entries, size, start) = wide_end(&read_at(file, directory_end)?, directory_end)?;
        }
        if start.checked_add(size) != Some(directory_end) {
            return Err(not_an_export("its directory does not stand where its end says"));
        }
        let hashed = length - HASH_LENGTH as u64;
        Ok(Self { start, length: size, entries, comment: comment.to_vec(), hashed })
    }
}

fn wide_end(bytes: &[u8; WIDE_LENGTH], position: u64) -> Result<(u64, u64, u64)> {
    let mut fields = Fields(bytes);
    let (signature, rest) = (fields.u32(), fields.u64());
    fields.skip(2 + 2);
    let (disks, here) = ((fields.u32(), fields.u32()), fields.u64());
    let numbers = (fields.u64(), fields.u64(), fields.u64());
    let locator = (fields.u32(), fields.u32(), fields.u64(), fields.u32());
    let agrees = (signature, rest) == (WIDE_END, WIDE_REST)
        && disks == (0, 0)
        && here == numbers.0
        && locator == (WIDE_LOCATOR, 0, position, 1);
    if agrees { Ok(numbers) } else { Err(VerifyError::NotAnExport("its end is damaged")) }
}

fn read_at<const N: usize>(file: &mut File, position: u64) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.seek(SeekFrom::Start(position))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// How a content is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    Deflated,
}

/// What the directory says about one file.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) method: Method,
    pub(super) checksum: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    pub(super) offset: u64,
    /// Flags, method, time and date as they stand there; the local header must have the same.
    common: [u8; 8],
}

impl Record {
    pub(super) fn fault(&self, complaint: &'static str) -> VerifyError {
        VerifyError::File { name: self.name.clone(), complaint }
    }
}

/// The records of the directory, one at a time.
pub(super) struct Records {
    reader: BufReader<Take<File>>,
    length: u64,
    left: u64,
}

impl Records {
    pub(super) fn open(path: &Path, directory: &Directory) -> Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(directory.start))?;
        let reader = BufReader::new(file.take(directory.length));
        Ok(Self { reader, length: directory.length, left: directory.entries })
    }

    /// The next record; `None` if all the announced ones have come and nothing else follows.
    pub(super) fn next(&mut self) -> Result<Option<Record>> {
        if self.left == 0 {
            let whole = self.length == 0;
            return if whole { Ok(None) } else { Err(VerifyError::Changed("its directory is too long")) };
        }
        self.left -= 1;
        let (record, length) = read_record(&mut self.reader)?;
        let left = self.length.checked_sub(length);
        self.length = left.ok_or(VerifyError::Changed("its directory is too short"))?;
        Ok(Some(record))
    }
}

fn read_record(reader: &mut impl Read) -> Result<(Record, u64)> {
    let changed = |complaint| Err(VerifyError::Changed(complaint));
    let bytes: [u8; 46] = take(reader, "its directory is too short")?;
    let mut fields = Fields(&bytes);
    if fields.u32() != CENTRAL {
        return changed("a record of its directory is damaged");
    }
    fields.skip(2 + 2);
    let common: [u8; 8] = bytes[8..16].try_into().expect("eight bytes");
    let (flags, method) = (fields.u16(), fields.u16());
    fields.skip(2 + 2);
    let checksum = fields.u32();
    let (packed, size) = (fields.u32(), fields.u32());
    let (name_length, extra_length, comment_length) = (fields.u16(), fields.u16(), fields.u16());
    let disk = fields.u16();
    fields.skip(2);
    let (attributes, offset) = (fields.u32(), fields.u32());
    if name_length > LONGEST_NAME || extra_length > 28 || comment_length != 0 || disk != 0 {
        return changed("a record of its directory is damaged");
    }
    let mut rest = vec![0; usize::from(name_length) + usize::from(extra_length)];
    fill(reader, &mut rest, "its directory is too short")?;
    let (name, extra) = rest.split_at(usize::from(name_length));
    let Ok(name) = str::from_utf8(name) else { return changed("a name is not UTF-8") };
    let method = match method {
        0 => Method::Stored,
        8 => Method::Deflated,
        _ => return changed("a file is compressed in an unknown way"),
    };
    let mut record =
        Record { name: name.to_owned(), method, checksum, packed: 0, size: 0, offset: 0, common };
    if attributes != (FILE_TYPE | MODE) << 16 || !FLAGS.contains(&flags) {
        return Err(record.fault("it is not marked as a plain file"));
    }
    let mut wide = WideNumbers::parse(extra).ok_or_else(|| record.fault("it has unknown extra fields"))?;
    let sizes = (wide.widen(size), wide.widen(packed), wide.widen(offset));
    let (Some(size), Some(packed), Some(offset)) = sizes else {
        return Err(record.fault("its sizes are missing"));
    };
    if !wide.0.is_empty() {
        return Err(record.fault("it has unknown extra fields"));
    }
    (record.size, record.packed, record.offset) = (size, packed, offset);
    Ok((record, 46 + rest.len() as u64))
}

/// What the header before a content tells beyond what the directory says.
pub(super) struct Local {
    /// The length of the header itself.
    pub(super) length: u64,
    /// Whether the sizes after the content have 64 bits.
    pub(super) wide: bool,
}

/// Reads the header before a content, which must agree with the directory.
pub(super) fn read_local(reader: &mut impl Read, record: &Record) -> Result<Local> {
    let bytes: [u8; 30] = take(reader, "it ends too early")?;
    let mut fields = Fields(&bytes);
    let signature = fields.u32();
    fields.skip(2 + 8);
    let sizes = (fields.u32(), fields.u32(), fields.u32());
    let (name_length, extra_length) = (fields.u16(), fields.u16());
    let agrees = signature == LOCAL
        && bytes[6..14] == record.common
        && sizes == (0, 0, 0)
        && usize::from(name_length) == record.name.len()
        && matches!(extra_length, 0 | 20);
    if !agrees {
        return Err(record.fault("its header and the directory differ"));
    }
    let mut rest = vec![0; usize::from(name_length) + usize::from(extra_length)];
    fill(reader, &mut rest, "it ends too early")?;
    let (name, extra) = rest.split_at(usize::from(name_length));
    if name != record.name.as_bytes() || WideNumbers::parse(extra).is_none() {
        return Err(record.fault("its header and the directory differ"));
    }
    Ok(Local { length: 30 + rest.len() as u64, wide: extra_length > 0 })
}

/// Reads what stands after a content; returns its length.
pub(super) fn read_descriptor(reader: &mut impl Read, record: &Record, wide: bool) -> Result<u64> {
    let length = if wide { 24 } else { 16 };
    let mut bytes = [0; 24];
    fill(reader, &mut bytes[..length], "it ends too early")?;
    let mut fields = Fields(&bytes);
    let (signature, checksum) = (fields.u32(), fields.u32());
    let mut number = || if wide { fields.u64() } else { u64::from(fields.u32()) };
    if (signature, checksum, number(), number()) == (DESCRIPTOR, record.checksum, record.packed, record.size)
    {
        return Ok(length as u64);
    }
    Err(record.fault("its trailer and the directory differ"))
}

/// The 64-bit numbers in place of those that did not fit.
struct WideNumbers<'a>(&'a [u8]);

impl<'a> WideNumbers<'a> {
    /// Accepts no extra fields, or this one alone.
    fn parse(extra: &'a [u8]) -> Option<Self> {
        if extra.is_empty() {
            return Some(Self(extra));
        }
        let (head, numbers) = extra.split_at_checked(4)?;
        let mut fields = Fields(head);
        let known = fields.u16() == WIDE_SIZES && usize::from(fields.u16()) == numbers.len();
        known.then_some(Self(numbers))
    }

    fn widen(&mut self, narrow: u32) -> Option<u64> {
        if narrow != u32::MAX {
            return Some(u64::from(narrow));
        }
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }
}

fn take<const N: usize>(reader: &mut impl Read, complaint: &'static str) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    fill(reader, &mut bytes, complaint)?;
    Ok(bytes)
}

fn fill(reader: &mut impl Read, bytes: &mut [u8], complaint: &'static str) -> Result<()> {
    reader.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => VerifyError::Changed(complaint),
        _ => read_error(error),
    })
}

/// Little-endian numbers from the front of a header of known length.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn skip(&mut self, count: usize) {
        self.0 = &self.0[count..];
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (bytes, rest) = self.0.split_first_chunk().expect("the header is long enough for its fields");
        self.0 = rest;
        *bytes
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
}
