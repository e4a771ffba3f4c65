//! A zip of an export, read where it lies.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::file::FilePath;
use super::source::{BAG, EXTENSION, Each, Files, OWN_DIRECTORY, no_document};

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
        let open = || ZipArchive::new(BufReader::new(File::open(path)?)).map_err(io_error);
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
}

/// The names of all rooms' documents: what lies where an export has them.
fn documents(archive: &Archive) -> Vec<String> {
    // What is no text is no name of ours.
    let names = || archive.file_names().filter_map(Result::ok);
    let bags = names().filter_map(|name| {
        let top = name.strip_suffix(BAG)?;
        (top.find('/') == Some(top.len().checked_sub(1)?)).then(|| format!("{top}data/"))
    });
    let mut roots: Vec<String> = bags.collect();
    if roots.is_empty() {
        roots.push(String::new());
    }
    let mut found: Vec<String> = names()
        .filter(|name| roots.iter().any(|root| is_document(name, root)))
        .map(std::borrow::Cow::into_owned)
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

/// Opens a plain file; `None` if there is no such. It gives no more bytes than the zip says.
fn entry<'a>(
    archive: &'a mut Archive,
    name: &str,
) -> io::Result<Option<io::Take<ZipFile<'a, BufReader<File>>>>> {
    let entry = match archive.by_name(name) {
        Ok(entry) => entry,
        Err(ZipError::FileNotFound) => return Ok(None),
        Err(error) => return Err(io_error(error)),
    };
    let refused = |reason: &str| Err(io::Error::other(format!("{name:?} in the zip {reason}")));
    if !entry.is_file() || entry.is_symlink() {
        return refused("is no plain file");
    }
    let (size, packed) = (entry.size(), entry.compressed_size());
    if size > HARMLESS && size / packed.max(1) > MOST_SQUEEZED {
        return refused("is packed smaller than anything real");
    }
    Ok(Some(entry.take(size)))
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

fn io_error(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        error => io::Error::other(error),
    }
}
