//! The small files beside the payload: they must agree with each other, and the payload with them.

use std::collections::BTreeMap;
use std::io::Read;

use sha2::{Digest, Sha256};

use super::{Archive, Result, Verified, content_error, fault};
use crate::export::bag::{
    BAGIT, BAGIT_TEXT, InfoText, LONGEST_TAG, LineRoot, MANIFEST, PAYLOAD_OXUM, SIGNATURE, Shape,
    TAG_MANIFEST, hash_line,
};
use crate::export::merkle::{Hash, LineTree};
use crate::export::signing::{PublicKey, Signature};

/// These files, as far as they can be checked without the payload.
pub(crate) struct Tags {
    pub(crate) info: String,
    pub(crate) tag_manifest: String,
    pub(crate) signature: Option<String>,
    key: Option<PublicKey>,
}

impl Tags {
    /// Reads and checks them: the signature is right, and the lists have the right hashes.
    pub(crate) fn read(archive: &dyn Archive) -> Result<Self> {
        let shape = archive.shape();
        let tag_manifest = required(archive, TAG_MANIFEST)?;
        let signature = text(archive, SIGNATURE)?;
        let key = match &signature {
            Some(signature) => Some(check_signature(&tag_manifest, signature)?),
            None => None,
        };
        let info = required(archive, shape.info())?;
        let mut lines = tag_manifest.split_inclusive('\n');
        for name in shape.listed() {
            let line = lines.next().unwrap_or_default();
            let content = match *name {
                // Its hash is known only when the payload has been read.
                MANIFEST => continue,
                BAGIT => required(archive, BAGIT)?,
                _ => info.clone(),
            };
            if line != hash_line(&Sha256::digest(&content).into(), name) {
                return Err(fault(name, "its hash is not the one in tagmanifest-sha256.txt"));
            }
            if *name == BAGIT && content != BAGIT_TEXT {
                return Err(fault(BAGIT, "it is not that of our bags"));
            }
        }
        if lines.next().is_some() {
            return Err(fault(TAG_MANIFEST, "it lists what is not there"));
        }
        Ok(Self { info, tag_manifest, signature, key })
    }

    /// What the payload must come to.
    pub(super) fn expected(&self, shape: Shape) -> Result<Expected> {
        let mut roots = BTreeMap::new();
        for root in InfoText(&self.info).roots() {
            let root = root.ok_or_else(|| fault(shape.info(), "a line about provable lines is wrong"))?;
            if roots.insert(root.name.clone(), root).is_some() {
                return Err(fault(shape.info(), "two lines are about the same file"));
            }
        }
        Ok(Expected { shape, files: 0, bytes: 0, lines: 0, roots })
    }

    /// The verdict, once all payload files have been seen.
    pub(super) fn conclude(&self, seen: Expected, manifest_sha256: Hash) -> Result<Verified> {
        let listed = self.tag_manifest.split_inclusive('\n').next_back().unwrap_or_default();
        if listed != hash_line(&manifest_sha256, MANIFEST) {
            return Err(fault(MANIFEST, "its hash is not the one in tagmanifest-sha256.txt"));
        }
        let Expected { shape, files, bytes, lines, roots } = seen;
        if !roots.is_empty() {
            return Err(fault(shape.info(), "it tells of a file that is not there"));
        }
        let oxum: Vec<_> = InfoText(&self.info).values(PAYLOAD_OXUM).collect();
        if oxum != [format!("{bytes}.{files}")] {
            return Err(fault(shape.info(), "it tells of other files than there are"));
        }
        Ok(Verified { files, bytes, lines, manifest_sha256, key: self.key })
    }
}

/// What is told about the payload, and what was seen of it.
pub(super) struct Expected {
    shape: Shape,
    files: u64,
    bytes: u64,
    lines: u64,
    /// Of files that were not seen yet.
    roots: BTreeMap<String, LineRoot>,
}

impl Expected {
    /// A tree for the lines of this file, if something is told about them.
    pub(super) fn tree(&self, name: &str) -> Option<LineTree> {
        self.roots.contains_key(name).then(LineTree::default)
    }

    /// A file of the payload was read to its end.
    pub(super) fn saw(&mut self, name: &str, size: u64, tree: Option<LineTree>) -> Result<()> {
        if let (Some(tree), Some(root)) = (tree, self.roots.remove(name)) {
            if tree.finish() != (root.root, root.lines) {
                return Err(fault(self.shape.info(), "a hash over lines is not that of the lines"));
            }
            self.lines += root.lines;
        }
        self.files += 1;
        self.bytes += size;
        Ok(())
    }
}

/// The key that signed this list.
pub(crate) fn check_signature(tag_manifest: &str, signature: &str) -> Result<PublicKey> {
    let parsed =
        Signature::parse(signature).ok_or_else(|| fault(SIGNATURE, "it is not a signature of ours"))?;
    let key = parsed.signer_of(tag_manifest.as_bytes());
    key.ok_or_else(|| fault(SIGNATURE, "it is not the signature of tagmanifest-sha256.txt"))
}

fn required(archive: &dyn Archive, name: &'static str) -> Result<String> {
    text(archive, name)?.ok_or_else(|| fault(name, "it is missing"))
}

fn text(archive: &dyn Archive, name: &'static str) -> Result<Option<String>> {
    let Some(reader) = archive.read(name)? else { return Ok(None) };
    let mut bytes = Vec::new();
    reader.take(LONGEST_TAG + 1).read_to_end(&mut bytes).map_err(|error| content_error(name, error))?;
    if bytes.len() as u64 > LONGEST_TAG {
        return Err(fault(name, "it is too long"));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| fault(name, "it is not UTF-8"))
}
