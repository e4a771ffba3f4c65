//! The files of an export in their order: the payload, then what lies beside it.

use std::io::{self, Write};

use export_sdk::Artifact;
use sha2::{Digest, Sha256};

use super::Packing;
use crate::export::bag::{
    BAGIT, BAGIT_TEXT, LONGEST_TAG, LineRoot, MANIFEST, PAYLOAD_OXUM, SIGNATURE, Shape, TAG_MANIFEST,
    hash_line, is_provable,
};
use crate::export::merkle::{Hash, LineTree};
use crate::export::spool::{Progress, Sealed, copy_checked};

/// Where the files go, one after the other: what is written belongs to the file begun last.
pub(super) trait Target: Write {
    fn begin(&mut self, name: &str, media_type: &str, size: u64) -> io::Result<()>;

    /// Takes over a file of the payload as it lies, if it can: instead of being begun and written.
    fn take_over(&mut self, name: &str, artifact: &Artifact) -> io::Result<bool> {
        let _ = (name, artifact);
        Ok(false)
    }
}

/// All files of a packed export, one after the other.
pub(super) struct Contents<T> {
    target: T,
    shape: Shape,
    files: u64,
    bytes: u64,
    roots: Vec<LineRoot>,
}

impl<T: Target> Contents<T> {
    pub(super) fn begin(target: T, shape: Shape) -> Self {
        Self { target, shape, files: 0, bytes: 0, roots: Vec::new() }
    }

    /// The next file of the payload. Of one that is fresh the target need not be asked for what is known.
    pub(super) fn add(&mut self, artifact: &Artifact, is_fresh: bool, progress: &Progress) -> io::Result<()> {
        let name = format!("{}{}", self.shape.payload(), artifact.path);
        let is_taken = self.target.take_over(&name, artifact)?;
        if !is_taken {
            self.target.begin(&name, &artifact.media_type, artifact.size)?;
        }
        // One that was taken over is read all the same, to see that it is what was sealed; unless it has
        // only just been sealed.
        let mut out: &mut dyn Write = if is_taken { &mut io::sink() } else { &mut self.target };
        if is_provable(&artifact.path, &artifact.media_type) {
            let mut both = Both(out, LineTree::default());
            copy_checked(artifact, &mut both, progress)?;
            let (root, lines) = both.1.finish();
            self.roots.push(LineRoot { root, lines, name });
        } else if is_taken && is_fresh {
            progress.check()?;
            progress.add(artifact.size);
        } else {
            copy_checked(artifact, &mut out, progress)?;
        }
        self.files += 1;
        self.bytes += artifact.size;
        Ok(())
    }

    /// What lies beside the payload, which is that of `sealed`.
    pub(super) fn finish(mut self, sealed: &Sealed, packing: &Packing<'_>) -> io::Result<T> {
        let (target, shape) = (&mut self.target, self.shape);
        let mut info = packing.info.clone();
        info.add("Bagging-Date", &packing.stamp.day().to_string());
        info.add("Bag-Software-Agent", concat!("roomscribe ", env!("CARGO_PKG_VERSION")));
        info.add(PAYLOAD_OXUM, &format!("{}.{}", self.bytes, self.files));
        for root in &self.roots {
            info.add_root(root);
        }

        let mut tags = String::new();
        if shape.listed().contains(&BAGIT) {
            tags += &hash_line(&put(target, BAGIT, BAGIT_TEXT)?, BAGIT);
        }
        tags += &hash_line(&put(target, shape.info(), info.text())?, shape.info());
        tags += &hash_line(&put_manifest(sealed, shape, target)?, MANIFEST);
        put(target, TAG_MANIFEST, &tags)?;
        if let Some(signer) = packing.signer {
            put(target, SIGNATURE, &signer.sign(tags.as_bytes()).to_json())?;
        }
        Ok(self.target)
    }
}

/// Writes a small file; returns its hash.
fn put(target: &mut impl Target, name: &str, text: &str) -> io::Result<Hash> {
    if text.len() as u64 > LONGEST_TAG {
        return Err(io::Error::other(format!(
            "{name} would be too long: the export has too many files of lines"
        )));
    }
    target.begin(name, "text/plain", text.len() as u64)?;
    target.write_all(text.as_bytes())?;
    Ok(Sha256::digest(text).into())
}

/// Writes a line for each file of the payload.
fn put_manifest(sealed: &Sealed, shape: Shape, target: &mut impl Target) -> io::Result<Hash> {
    // Nobody makes so many files that their names fill the 4 GiB of a small entry.
    target.begin(MANIFEST, "text/plain", 0)?;
    let mut hasher = Sha256::new();
    for artifact in sealed.artifacts()? {
        let artifact = artifact?;
        let line = hash_line(&artifact.sha256, &format!("{}{}", shape.payload(), artifact.path));
        target.write_all(line.as_bytes())?;
        hasher.update(line);
    }
    Ok(hasher.finalize().into())
}

/// Writes to both.
struct Both<A, B>(A, B);

impl<A: Write, B: Write> Write for Both<A, B> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(bytes)?;
        self.1.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
