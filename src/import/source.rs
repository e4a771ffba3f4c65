//! Where an import reads: a stream, a zip of an export, or a directory with the same files.
//!
//! Nothing is unpacked to a place that the zip names: its names are compared with those that an
//! export has, and are never paths here.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::file::FilePath;
use super::inflated::Inflated;
use super::intact;
use super::zip::Zip;
use crate::export::bag::MANIFEST;

/// What documents are called.
pub(super) const EXTENSION: &str = ".ndjson";
/// The directory of the documents where an export has several formats.
pub(super) const OWN_DIRECTORY: &str = "ndjson";
/// What lies beside `data` in a bag.
pub(super) const BAG: &str = "bagit.txt";
/// Where the payload of a bag lies.
const PAYLOAD: &str = "data";

const BUFFER: usize = 256 * 1024;

/// What is imported.
pub struct Source(Kind);

enum Kind {
    Stream { reader: Box<dyn Read + Send>, beside: Option<PathBuf> },
    Directory(PathBuf),
    Zip(PathBuf),
}

/// What a document is read by, and what finds the files it names.
pub(super) type Each<'a, E> = dyn FnMut(Option<&str>, &mut dyn BufRead, &mut dyn Files) -> Result<(), E> + 'a;

/// What a list of hashes is read by.
pub(super) type EachList<'a> = dyn FnMut(&str, &mut dyn Read) -> io::Result<()> + 'a;

/// Where the files of messages are.
pub(super) trait Files {
    /// Opens a file; `None` if there is no such.
    fn open(&mut self, path: &FilePath) -> io::Result<Option<Box<dyn Read + '_>>>;
}

impl Source {
    /// Lines of one document, plain or gzip, without files.
    pub fn stream(reader: impl Read + Send + 'static) -> Self {
        Self(Kind::Stream { reader: Box::new(reader), beside: None })
    }

    /// A document, plain or gzip, with its files beside it; a zip of an export; or a directory with the
    /// same content.
    pub fn open(path: &Path) -> io::Result<Self> {
        let kind = fs::metadata(path)?.file_type();
        if kind.is_dir() {
            return Ok(Self(Kind::Directory(path.to_owned())));
        }
        let mut reader = BufReader::new(File::open(path)?);
        // A pipe can be opened only once, so it is never a zip.
        if kind.is_file() && reader.fill_buf()?.starts_with(b"PK") {
            return Ok(Self(Kind::Zip(path.to_owned())));
        }
        let beside = path.parent().filter(|_| kind.is_file()).map(Path::to_owned);
        Ok(Self(Kind::Stream { reader: Box::new(reader), beside }))
    }

    /// Whether it is all of an export, with its lists of hashes, and not one document.
    pub fn is_export(&self) -> bool {
        !matches!(self.0, Kind::Stream { .. })
    }

    /// Checks that every document can be read to its end, and is what the list of hashes beside it
    /// says, if there is one. A stream has none, and can be read only once.
    pub fn check(&self) -> io::Result<()> {
        intact::check(self)
    }

    /// Calls `each` with every list of hashes, and the beginning of the names it speaks of.
    pub(super) fn lists(&self, each: &mut EachList<'_>) -> io::Result<()> {
        match &self.0 {
            Kind::Stream { .. } => Ok(()),
            Kind::Directory(path) => lists(path, each),
            Kind::Zip(path) => Zip::open(path)?.lists(each),
        }
    }

    /// The same as [`Source::documents`] for what can be read twice. A stream has only one document,
    /// and nothing happens.
    pub(super) fn documents_ahead<E: From<io::Error>>(&self, each: &mut Each<'_, E>) -> Result<(), E> {
        match &self.0 {
            Kind::Stream { .. } => Ok(()),
            Kind::Directory(path) => directory(path, each),
            Kind::Zip(path) => Zip::open(path)?.documents(each),
        }
    }

    /// Calls `each` with every document, in the order of their names.
    pub(super) fn documents<E: From<io::Error>>(self, each: &mut Each<'_, E>) -> Result<(), E> {
        match self.0 {
            Kind::Stream { reader, beside } => each(None, &mut *plain(reader)?, &mut Directory(beside)),
            Kind::Directory(path) => directory(&path, each),
            Kind::Zip(path) => Zip::open(&path)?.documents(each),
        }
    }
}

/// The lines, whether they are compressed or not.
fn plain(source: Box<dyn Read + Send>) -> io::Result<Box<dyn BufRead>> {
    let mut source = BufReader::with_capacity(BUFFER, source);
    let zipped = source.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    if zipped {
        return Ok(Box::new(BufReader::with_capacity(BUFFER, Inflated::new(source))));
    }
    Ok(Box::new(source))
}

/// The error where there is no document.
pub(super) fn no_document() -> io::Error {
    io::Error::other("there is no room as ndjson in it; export the room in the format `ndjson`")
}

fn directory<E: From<io::Error>>(path: &Path, each: &mut Each<'_, E>) -> Result<(), E> {
    let mut found = Vec::new();
    for top in tops(path)? {
        let root = if top.join(BAG).try_exists()? { top.join(PAYLOAD) } else { top };
        for directory in [root.clone(), root.join(OWN_DIRECTORY)] {
            // Only whoever gave the path may have it lead elsewhere.
            if directory == path || is_plain(&directory, fs::FileType::is_dir)? {
                documents_in(&directory, &mut found)?;
            }
        }
    }
    if found.is_empty() {
        return Err(no_document().into());
    }
    found.sort();
    for document in found {
        let mut reader = BufReader::with_capacity(BUFFER, File::open(&document)?);
        let mut beside = Directory(document.parent().map(Path::to_owned));
        each(Some(&shown(path, &document)), &mut reader, &mut beside)?;
    }
    Ok(())
}

/// A path in the export, as its lists spell it.
fn shown(path: &Path, inside: &Path) -> String {
    let parts = inside.strip_prefix(path).unwrap_or(inside).iter();
    parts.map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn lists(path: &Path, each: &mut EachList<'_>) -> io::Result<()> {
    for top in tops(path)? {
        let list = top.join(MANIFEST);
        if is_plain(&list, fs::FileType::is_file)? {
            let before = if top == path { String::new() } else { shown(path, &top) + "/" };
            each(&before, &mut File::open(list)?)?;
        }
    }
    Ok(())
}

/// Where exports begin in a directory: in the bags in it, or right there.
fn tops(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path.join(BAG).try_exists()? {
        return Ok(vec![path.to_owned()]);
    }
    let mut bags = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && entry.path().join(BAG).try_exists()? {
            bags.push(entry.path());
        }
    }
    Ok(if bags.is_empty() { vec![path.to_owned()] } else { bags })
}

fn documents_in(directory: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_document = name.ends_with(EXTENSION) && !name.starts_with('.') && !name.contains('\\');
        if is_document && entry.file_type()?.is_file() {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// Whether there is something of that type, and no link to it.
fn is_plain(path: &Path, is: impl Fn(&fs::FileType) -> bool) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(is(&metadata.file_type())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The files beside a document; none if it lies nowhere.
struct Directory(Option<PathBuf>);

impl Files for Directory {
    fn open(&mut self, path: &FilePath) -> io::Result<Option<Box<dyn Read + '_>>> {
        let Some(beside) = &self.0 else { return Ok(None) };
        let directory = beside.join(path.directory());
        let file = directory.join(path.name());
        // A link could lead anywhere.
        if !is_plain(&directory, fs::FileType::is_dir)? || !is_plain(&file, fs::FileType::is_file)? {
            return Ok(None);
        }
        Ok(Some(Box::new(File::open(file)?)))
    }
}
