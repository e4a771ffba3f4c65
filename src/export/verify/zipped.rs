//! A packed export as one zip.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use sha2::{Digest, Sha256};

use super::listing::Listing;
use super::structure::{self, Directory, Method, Record, Records};
use super::tags::Tags;
use super::{Archive, Result, Verified, VerifyError, content_error, read_error};
use crate::export::bag::{Layout, MANIFEST, SIGNATURE, Shape, TAG_MANIFEST};
use crate::export::merkle::{Hash, LineTree};
use crate::export::pack::comment;
use crate::export::spool::{Names, Progress, Use};

pub(super) struct Zip {
    path: PathBuf,
    directory: Directory,
    shape: Shape,
    /// What stands before every name.
    top: String,
    /// The last files, which lie beside the payload.
    tags: Vec<Record>,
}

impl Zip {
    /// Finds the layout by the last files.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let directory = Directory::find(&mut File::open(path)?)?;
        let mut records = Records::open(path, &directory)?;
        let longest = Shape::Bag.tags(true).len();
        let mut tags = VecDeque::with_capacity(longest + 1);
        while let Some(record) = records.next()? {
            tags.push_back(record);
            if tags.len() > longest {
                tags.pop_front();
            }
        }
        let unknown = VerifyError::NotAnExport("its last files are not those of an export");
        let last = tags.back().map(|record| record.name.as_str()).unwrap_or_default();
        let signed = last.ends_with(SIGNATURE);
        let Some(top) = last.strip_suffix(if signed { SIGNATURE } else { TAG_MANIFEST }) else {
            return Err(unknown);
        };
        let layout = match top.strip_suffix('/') {
            Some(name) => Layout::Bag { name: name.to_owned() },
            None => Layout::Plain,
        };
        if layout.top().as_deref() != Some(top) {
            return Err(unknown);
        }
        let (shape, top) = (layout.shape(), top.to_owned());
        let names = shape.tags(signed);
        let tags: Vec<_> = tags.split_off(tags.len().saturating_sub(names.len())).into();
        let found = tags.iter().map(|record| record.name.strip_prefix(&top));
        if !found.eq(names.iter().map(|name| Some(*name))) {
            return Err(unknown);
        }
        Ok(Self { path: path.to_owned(), directory, shape, top, tags })
    }

    /// The name in the manifests.
    fn name<'a>(&self, record: &'a Record) -> Option<&'a str> {
        record.name.strip_prefix(&self.top)
    }

    fn content(&self, record: &Record) -> Result<Unpacked<BufReader<File>>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(record.offset))?;
        let mut reader = BufReader::new(file);
        structure::read_local(&mut reader, record)?;
        Ok(unpack(reader, record))
    }

    /// Checks the names of the payload.
    fn check_names(&self, progress: &Progress) -> Result<()> {
        let mut records = Records::open(&self.path, &self.directory)?;
        let mut names = Names::new();
        for _ in 0..self.payload() {
            let Some(record) = records.next()? else { break };
            progress.check().map_err(read_error)?;
            let path = self.name(&record).and_then(|name| self.shape.payload_path(name));
            let path = path.ok_or_else(|| record.fault("its name is not safe"))?;
            let taken = names.claim(&path, Use::Written);
            taken.map_err(|_| record.fault("another file has the same name"))?;
        }
        Ok(())
    }

    /// How many files the payload has.
    fn payload(&self) -> u64 {
        self.directory.entries - self.tags.len() as u64
    }
}

impl Archive for Zip {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn read(&self, name: &str) -> Result<Option<Box<dyn Read>>> {
        if let Some(record) = self.tags.iter().find(|record| self.name(record) == Some(name)) {
            return Ok(Some(Box::new(self.content(record)?)));
        }
        let mut records = Records::open(&self.path, &self.directory)?;
        while let Some(record) = records.next()? {
            if self.name(&record) == Some(name) {
                return Ok(Some(Box::new(self.content(&record)?)));
            }
        }
        Ok(None)
    }

    fn check(&self, progress: &Progress) -> Result<Verified> {
        self.check_names(progress)?;
        let tags = Tags::read(self)?;
        let mut expected = tags.expected(self.shape)?;
        let mut listing =
            self.read(MANIFEST)?.map(Listing::new).ok_or(VerifyError::NotAnExport("no list"))?;
        let mut records = Records::open(&self.path, &self.directory)?;
        let mut walk = Walk::new(&self.path, &self.directory, progress)?;
        let (mut left, mut manifest_sha256) = (self.payload(), Hash::default());
        while let Some(record) = records.next()? {
            let name = self.name(&record).unwrap_or_default();
            let mut tree = expected.tree(name).filter(|_| left > 0);
            let sha256 = walk.entry(&record, tree.as_mut())?;
            if left > 0 {
                compare(listing.next()?, &record, name, &sha256)?;
                expected.saw(name, record.size, tree)?;
                left -= 1;
            } else if name == MANIFEST {
                manifest_sha256 = sha256;
            }
        }
        if let Some((_, name)) = listing.next()? {
            return Err(VerifyError::File { name, complaint: "it is in the list of hashes, but missing" });
        }
        if walk.position != self.directory.start {
            return Err(VerifyError::Changed("there is something between the files and their directory"));
        }
        walk.finish(&self.directory.comment)?;
        tags.conclude(expected, manifest_sha256)
    }
}

/// The line of the manifest must be about this file and its hash.
fn compare(line: Option<(String, String)>, record: &Record, name: &str, sha256: &Hash) -> Result<()> {
    match line {
        None => Err(VerifyError::Foreign { name: name.to_owned() }),
        Some((_, listed)) if listed != name => {
            Err(record.fault("the list of hashes names another file in its place"))
        }
        Some((hash, _)) if hash != hex::encode(sha256) => {
            Err(record.fault("its hash is not the one in the list of hashes"))
        }
        Some(_) => Ok(()),
    }
}

/// The walk over local headers and contents, from the first byte on.
struct Walk {
    reader: BufReader<Hashing<io::Take<File>>>,
    position: u64,
}

impl Walk {
    fn new(path: &Path, directory: &Directory, progress: &Progress) -> Result<Self> {
        let inner = File::open(path)?.take(directory.hashed);
        let whole = Hashing { inner, hasher: Sha256::new(), progress: progress.clone() };
        Ok(Self { reader: BufReader::with_capacity(64 * 1024, whole), position: 0 })
    }

    /// Checks one entry, which must begin right here, and returns the hash of its content.
    fn entry(&mut self, record: &Record, tree: Option<&mut LineTree>) -> Result<Hash> {
        if record.offset != self.position {
            return Err(record.fault("it does not begin where the file before it ends"));
        }
        let header = structure::read_local(&mut self.reader, record)?;
        let sha256 = content(&mut self.reader, record, tree)?;
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

/// Unpacks a content into nothing: size, checksum and hash, and the tree over its lines.
fn content(reader: &mut impl BufRead, record: &Record, mut tree: Option<&mut LineTree>) -> Result<Hash> {
    let mut unpacked = unpack(reader, record);
    let (mut hasher, mut checksum, mut size) = (Sha256::new(), Crc::new(), 0);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = unpacked.read(&mut buffer).map_err(|error| content_error(&record.name, error))?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
        checksum.update(&buffer[..count]);
        if let Some(tree) = &mut tree {
            tree.write_all(&buffer[..count])?;
        }
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
