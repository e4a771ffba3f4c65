//! A zip of an export, read where it lies.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::file::FilePath;
use super::source::{BAG, EXTENSION, Each, EachList, Files, OWN_DIRECTORY, no_document};
use crate::export::bag::MANIFEST;

/// Up to here nobody asks how small something was packed.
pub(super) const HARMLESS: u64 = 1 << 30;
/// Above, nothing that people wrote or sent is packed as small as this part of it.
pub(super) const MOST_SQUEEZED: u64 = 200;

type Archive = ZipArchive<BufReader<File>>;

/// A zip of an export. It is open twice, so that a document and a file that it names can be read in
/// turns; of each only the table of contents is in memory.
pub(super) struct Zip {
    documents: Archive,
    files: Archive,
}

impl Zip {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let open = || ZipArchive::new(BufReader::new(File::open(path)?)).map_err(broken);
        let documents = open()?;
        if documents.has_duplicate_names() {
            return Err(io::Error::other("two files in the zip have the same name"));
        }
        Ok(Self { documents, files: open()? })
    }

    /// Calls `each` with every document, in the order of their names.
    pub(super) fn documents<E: From<io::Error>>(mut self, each: &mut Each<'_, E>) -> Result<(), E> {
        let names = documents(&self.documents);
        if names.is_empty() {
            return Err(no_document().into());
        }
        for name in names {
            let directory = name.rfind('/').map_or("", |end| &name[..=end]).to_owned();
            let Some(entry) = entry(&mut self.documents, &name)? else { continue };
            let mut beside = Packed { archive: &mut self.files, directory };
            each(Some(&name), &mut BufReader::with_capacity(256 * 1024, entry), &mut beside)?;
        }
        Ok(())
    }

    /// Calls `each` with every list of hashes, and what stands before the names it speaks of.
    pub(super) fn lists(mut self, each: &mut EachList<'_>) -> io::Result<()> {
        let mut tops = bags(&self.documents);
        if tops.is_empty() {
            tops.push(String::new());
        }
        for top in tops {
            if let Some(mut list) = entry(&mut self.documents, &format!("{top}{MANIFEST}"))? {
                each(&top, &mut list)?;
            }
        }
        Ok(())
    }
}

/// The names in the zip. What is no text is no name of ours.
fn names(archive: &Archive) -> impl Iterator<Item = Cow<'_, str>> {
    archive.file_names().filter_map(Result::ok)
}

/// What stands before the names of every bag: its directory and `/`.
fn bags(archive: &Archive) -> Vec<String> {
    let bags = names(archive).filter_map(|name| {
        let top = name.strip_suffix(BAG)?;
        (top.find('/') == Some(top.len().checked_sub(1)?)).then(|| top.to_owned())
    });
    bags.collect()
}

/// The names of all rooms' documents: what lies where an export has them.
fn documents(archive: &Archive) -> Vec<String> {
    let mut roots: Vec<String> = bags(archive).into_iter().map(|top| top + "data/").collect();
    if roots.is_empty() {
        roots.push(String::new());
    }
    let mut found: Vec<String> = names(archive)
        .filter(|name| roots.iter().any(|root| is_document(name, root)))
        .map(Cow::into_owned)
        .collect();
    found.sort();
    found
}

fn is_document(name: &str, root: &str) -> bool {
    let Some(inside) = name.strip_prefix(root) else { return false };
    let own = inside.strip_prefix(OWN_DIRECTORY).and_then(|rest| rest.strip_prefix('/'));
    let stem = own.unwrap_or(inside).strip_suffix(EXTENSION);
    stem.is_some_and(|stem| !stem.is_empty() && !stem.starts_with('.') && !stem.contains(['/', '\\']))
}

/// Opens a plain file; `None` if there is no such.
fn entry<'a>(
    archive: &'a mut Archive,
    name: &str,
) -> io::Result<Option<Whole<ZipFile<'a, BufReader<File>>>>> {
    let entry = match archive.by_name(name) {
        Ok(entry) => entry,
        Err(ZipError::FileNotFound) => return Ok(None),
        Err(error) => return Err(broken(error)),
    };
    let refused = |reason: &str| Err(io::Error::other(format!("{name:?} in the zip {reason}")));
    if !entry.is_file() || entry.is_symlink() {
        return refused("is no plain file");
    }
    let (size, packed) = (entry.size(), entry.compressed_size());
    if size > HARMLESS && size / packed.max(1) > MOST_SQUEEZED {
        return refused("is packed smaller than anything real");
    }
    Ok(Some(Whole { entry, left: size }))
}

/// Gives as many bytes as the zip says, and no end before the reader below has told it: only then are
/// they compared with their checksum.
struct Whole<R> {
    entry: R,
    left: u64,
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            let more = self.entry.read(&mut [0])?;
            let longer = || io::Error::other("it is longer than the zip says");
            return if more == 0 { Ok(0) } else { Err(longer()) };
        }
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let length = self.entry.read(&mut buffer[..most])?;
        if length == 0 {
            return Err(io::Error::other("it is shorter than the zip says"));
        }
        self.left -= length as u64;
        Ok(length)
    }
}

/// The files of one document.
struct Packed<'a> {
    archive: &'a mut Archive,
    directory: String,
}

impl Files for Packed<'_> {
    fn open(&mut self, path: &FilePath) -> io::Result<Option<Box<dyn Read + '_>>> {
        let Some(name) = path.beside(&self.directory) else { return Ok(None) };
        Ok(entry(self.archive, &name)?.map(|entry| Box::new(entry) as Box<dyn Read>))
    }
}

fn broken(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => error,
        ZipError::Io(_) | ZipError::InvalidArchive(_) => {
            io::Error::other("it is not a whole zip file; fetch it again")
        }
        error => io::Error::other(error),
    }
}
