//! Checks a packed export: every file against its hash, every byte against the hash of the whole.
//!
//! It accepts what [`pack`](super::pack) writes and nothing else. It reads from front to back and
//! extracts nothing; in memory it keeps the hash of each name and a few buffers, whatever the zip
//! claims to hold. It proves that an export is intact, not who made it: for that, compare
//! [`Verified::manifest_sha256`] with one that was kept elsewhere.

mod listing;
mod structure;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use export_sdk::{ArtifactPath, Cancelled};
use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use sha2::{Digest, Sha256};

use self::listing::Listing;
use self::structure::{Directory, Method, Record, Records};
use super::pack::comment;
use super::spool::{MANIFEST, Names, Progress, Use};

/// What an intact export holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// How many files, without the manifest.
    pub files: u64,
    /// Their bytes, unpacked.
    pub bytes: u64,
    /// The hash of the manifest, and so of everything.
    pub manifest_sha256: [u8; 32],
}

/// Why an export is not intact. The message is one line.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It could not be read.
    #[error("the export cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// Somebody stopped the check.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// There is no end as every packed export has it.
    #[error("this is not a complete zip of an export: {0}; fetch the original again")]
    NotAnExport(&'static str),
    /// One file is not what was exported.
    #[error("{name:?} is damaged: {complaint}")]
    File {
        /// Its name inside the zip.
        name: String,
        /// What is wrong.
        complaint: &'static str,
    },
    /// Something between the files is not what was packed.
    #[error("the zip was changed outside its files: {0}")]
    Changed(&'static str),
}

type Result<T> = std::result::Result<T, VerifyError>;

/// Checks the packed export at `path`; the error names the first file that is wrong.
pub fn verify(path: &Path, progress: &Progress) -> Result<Verified> {
    let mut file = File::open(path)?;
    let directory = Directory::find(&mut file)?;
    let manifest = check_directory(path, &directory, progress)?;
    let mut listing = Listing::open(path, &manifest)?;
    let mut records = Records::open(path, &directory)?;
    file.seek(SeekFrom::Start(0))?;
    let whole =
        Hashing { inner: file.take(directory.hashed), hasher: Sha256::new(), progress: progress.clone() };
    let mut walk = Walk { reader: BufReader::with_capacity(64 * 1024, whole), position: 0 };

    let mut verified = Verified { files: 0, bytes: 0, manifest_sha256: [0; 32] };
    while let Some(record) = records.next()? {
        let sha256 = walk.entry(&record)?;
        if record.name == MANIFEST {
            listing.expect_end()?;
            verified.manifest_sha256 = sha256;
        } else {
            listing.expect(&record, sha256)?;
            verified.files += 1;
            verified.bytes += record.size;
        }
    }
    if walk.position != directory.start {
        return Err(VerifyError::Changed("there is something between the files and their directory"));
    }
    walk.finish(&directory.comment)?;
    Ok(verified)
}

/// Checks names and shape of all records; returns the manifest's, which is the last.
fn check_directory(path: &Path, directory: &Directory, progress: &Progress) -> Result<Record> {
    let mut records = Records::open(path, directory)?;
    let mut names = Names::new();
    let mut last = None;
    while let Some(record) = records.next()? {
        progress.check().map_err(read_error)?;
        if let Some(before) = last.replace(record.clone()) {
            let name = ArtifactPath::new(&before.name).map_err(|_| before.fault("its name is not safe"))?;
            let taken = names.claim(&name, Use::Written);
            taken.map_err(|_| before.fault("another file has the same name"))?;
        }
    }
    match last {
        Some(record) if record.name == MANIFEST => Ok(record),
        Some(_) | None => Err(VerifyError::NotAnExport("the list of hashes is not its last file")),
    }
}

/// The walk over local headers and contents, from the first byte on.
struct Walk<R: Read> {
    reader: BufReader<Hashing<R>>,
    position: u64,
}

impl<R: Read> Walk<R> {
    /// Checks one entry, which must begin right here, and returns the hash of its content.
    fn entry(&mut self, record: &Record) -> Result<[u8; 32]> {
        if record.offset != self.position {
            return Err(record.fault("it does not begin where the file before it ends"));
        }
        let header = structure::read_local(&mut self.reader, record)?;
        let sha256 = content(&mut self.reader, record)?;
        let descriptor = structure::read_descriptor(&mut self.reader, record, header.wide)?;
        self.position += header.length + record.packed + descriptor;
        Ok(sha256)
    }

    /// Reads the rest, whose shape the directory has shown, for the hash of the whole.
    fn finish(mut self, expected: &[u8]) -> Result<()> {
        io::copy(&mut self.reader, &mut io::sink()).map_err(read_error)?;
        let found = comment(self.reader.into_inner().hasher);
        if found.as_bytes() == expected { Ok(()) } else { Err(VerifyError::Changed("its hash is wrong")) }
    }
}

/// Unpacks a content into nothing: size, checksum and hash.
fn content(reader: &mut impl BufRead, record: &Record) -> Result<[u8; 32]> {
    let mut unpacked = unpack(reader, record);
    let (mut hasher, mut checksum, mut size) = (Sha256::new(), Crc::new(), 0);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = unpacked.read(&mut buffer).map_err(|error| content_error(record, error))?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
        checksum.update(&buffer[..count]);
        size += count as u64;
        if size > record.size {
            return Err(record.fault("it is longer than it should be"));
        }
    }
    if size != record.size {
        return Err(record.fault("it is shorter than it should be"));
    }
    if !unpacked.is_exhausted() {
        return Err(record.fault("something follows its compressed data"));
    }
    if checksum.sum() != record.checksum {
        return Err(record.fault("its checksum is wrong"));
    }
    Ok(hasher.finalize().into())
}

/// The content of an entry, unpacked while it is read.
enum Unpacked<R: BufRead> {
    Stored(io::Take<R>),
    Deflated(DeflateDecoder<io::Take<R>>),
}

fn unpack<R: BufRead>(reader: R, record: &Record) -> Unpacked<R> {
    let packed = reader.take(record.packed);
    match record.method {
        Method::Stored => Unpacked::Stored(packed),
        Method::Deflated => Unpacked::Deflated(DeflateDecoder::new(packed)),
    }
}

impl<R: BufRead> Unpacked<R> {
    /// Whether the unpacked content used up all packed bytes.
    fn is_exhausted(&self) -> bool {
        match self {
            Self::Stored(packed) => packed.limit() == 0,
            Self::Deflated(decoder) => decoder.get_ref().limit() == 0,
        }
    }
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stored(packed) => packed.read(buffer),
            Self::Deflated(decoder) => decoder.read(buffer),
        }
    }
}

/// Hashes and counts what is read, and stops when told to.
struct Hashing<R> {
    inner: R,
    hasher: Sha256,
    progress: Progress,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.progress.check()?;
        let count = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        self.progress.add(count as u64);
        Ok(count)
    }
}

/// The decoder calls broken data invalid input; all else comes from below.
fn content_error(record: &Record, error: io::Error) -> VerifyError {
    if error.kind() == io::ErrorKind::InvalidInput {
        return record.fault("its compressed data are broken");
    }
    read_error(error)
}

fn read_error(error: io::Error) -> VerifyError {
    if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Cancelled>) {
        return VerifyError::Cancelled(Cancelled);
    }
    VerifyError::Unreadable(error)
}

#[cfg(test)]
mod tests;
