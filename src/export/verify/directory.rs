//! A packed export as loose files.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::listing::Listing;
use super::tags::{Expected, Tags};
use super::{Archive, Result, Verified, VerifyError, fault, read_error};
use crate::export::bag::{BAGIT, MANIFEST, Shape};
use crate::export::merkle::Hash;
use crate::export::spool::Progress;

pub(super) struct LooseFiles {
    directory: PathBuf,
    shape: Shape,
}

/// Names by their hashes, so that many long ones fit into memory.
#[derive(Default)]
struct NameSet(HashSet<[u8; 16]>);

impl NameSet {
    fn insert(&mut self, name: &str) -> bool {
        self.0.insert(fingerprint(name))
    }

    fn contains(&self, name: &str) -> bool {
        self.0.contains(&fingerprint(name))
    }
}

fn fingerprint(name: &str) -> [u8; 16] {
    Sha256::digest(name)[..16].try_into().expect("a SHA-256 has 32 bytes")
}

impl LooseFiles {
    pub(super) fn open(directory: &Path) -> Result<Self> {
        let has = |name| fs::symlink_metadata(directory.join(name)).is_ok();
        let shape = if has(Shape::Plain.info()) {
            Shape::Plain
        } else if has(BAGIT) {
            Shape::Bag
        } else {
            return Err(VerifyError::NotAnExport("there is neither bagit.txt nor export-info.txt in it"));
        };
        Ok(Self { directory: directory.to_owned(), shape })
    }

    fn file(&self, name: &str) -> Result<Option<File>> {
        let place = self.directory.join(name);
        match fs::symlink_metadata(&place) {
            // A pipe would never end, a link leads elsewhere.
            Ok(found) if !found.is_file() => Err(fault(name, "it is not a plain file")),
            Ok(_) => Ok(Some(File::open(place)?)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn listing(&self) -> Result<Listing<Hashing>> {
        let file = self.file(MANIFEST)?.ok_or_else(|| fault(MANIFEST, "it is missing"))?;
        Ok(Listing::new(Hashing { file, hasher: Sha256::new() }))
    }

    /// The names in the manifest, all of them safe and each there once.
    fn listed(&self, progress: &Progress) -> Result<NameSet> {
        let mut listed = NameSet::default();
        let mut listing = self.listing()?;
        while let Some((_, name)) = listing.next()? {
            progress.check().map_err(read_error)?;
            if self.shape.payload_path(&name).is_none() {
                return Err(fault(&name, "its name is not safe"));
            }
            if !listed.insert(&name) {
                return Err(fault(&name, "it is in the list of hashes twice"));
            }
        }
        Ok(listed)
    }

    /// Nothing may lie here but what is listed, and the files beside it.
    fn check_names(&self, listed: &NameSet, progress: &Progress) -> Result<()> {
        let tags = self.shape.tags(true);
        let mut waiting = vec![String::new()];
        while let Some(before) = waiting.pop() {
            for entry in fs::read_dir(self.directory.join(&before))? {
                progress.check().map_err(read_error)?;
                let entry = entry?;
                let name = format!("{before}{}", entry.file_name().to_string_lossy());
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    waiting.push(name + "/");
                } else if !kind.is_file() {
                    return Err(fault(&name, "it is not a plain file"));
                } else if !listed.contains(&name) && !tags.contains(&name.as_str()) {
                    return Err(VerifyError::Foreign { name });
                }
            }
        }
        Ok(())
    }

    /// Reads the payload in the order of the manifest; returns the hash of that.
    fn check_contents(&self, expected: &mut Expected, progress: &Progress) -> Result<Hash> {
        let mut listing = self.listing()?;
        let mut buffer = vec![0; 64 * 1024];
        while let Some((hash, name)) = listing.next()? {
            let Some(mut file) = self.file(&name)? else {
                return Err(fault(&name, "it is in the list of hashes, but missing"));
            };
            let (mut hasher, mut size, mut tree) = (Sha256::new(), 0, expected.tree(&name));
            loop {
                progress.check().map_err(read_error)?;
                let count = file.read(&mut buffer)?;
                if count == 0 {
                    break;
                }
                hasher.update(&buffer[..count]);
                if let Some(tree) = &mut tree {
                    tree.write_all(&buffer[..count])?;
                }
                size += count as u64;
                progress.add(count as u64);
            }
            if hash != hex::encode(hasher.finalize()) {
                return Err(fault(&name, "its hash is not the one in the list of hashes"));
            }
            expected.saw(&name, size, tree)?;
        }
        Ok(listing.into_inner().hasher.finalize().into())
    }
}

impl Archive for LooseFiles {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn read(&self, name: &str) -> Result<Option<Box<dyn Read>>> {
        Ok(self.file(name)?.map(|file| Box::new(file) as Box<dyn Read>))
    }

    fn check(&self, progress: &Progress) -> Result<Verified> {
        let tags = Tags::read(self)?;
        let mut expected = tags.expected(self.shape)?;
        self.check_names(&self.listed(progress)?, progress)?;
        let manifest_sha256 = self.check_contents(&mut expected, progress)?;
        tags.conclude(expected, manifest_sha256)
    }
}

/// Hashes what is read.
struct Hashing {
    file: File,
    hasher: Sha256,
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}
