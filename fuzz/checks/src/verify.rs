//! Zips that somebody says are exports.
//!
//! An input that begins like a zip is one. Any other holds files, of which an export is forged: all
//! its checksums and hashes are right, so that what is behind them is reached.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use roomscribe::export::bag::{MANIFEST, TAG_MANIFEST};
use roomscribe::export::spool::Progress;
use roomscribe::export::verify::verify;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use zip::ZipArchive;

use crate::parts::{parts, zipped};

/// What stands before the hash at the end of an export, and how long the hash is.
const LABEL: &str = "roomscribe sha256 ";
const HASH_LENGTH: usize = 64;

thread_local! {
    static DIRECTORY: RefCell<Option<TempDir>> = const { RefCell::new(None) };
}

/// Checking comes to an end, and what is called intact is intact for everybody else, too.
pub fn check(bytes: &[u8]) {
    DIRECTORY.with_borrow_mut(|directory| {
        let directory = directory.get_or_insert_with(|| TempDir::new().expect("a temporary directory"));
        let path = directory.path().join("room.zip");
        if bytes.starts_with(b"PK") {
            judge(&path, bytes);
            judge(&path, &sealed(bytes.to_vec()));
        } else if let Some(zip) = forged(parts(bytes)) {
            judge(&path, &zip);
        }
    });
}

fn judge(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("the temporary directory takes files");
    let Ok(verified) = verify(path, &Progress::default()) else { return };
    let file = File::open(path).expect("written above");
    let mut zip = ZipArchive::new(file).expect("what is verified can be opened");
    let (mut files, mut size) = (0, 0);
    for number in 0..zip.len() {
        let mut entry = zip.by_index(number).expect("what is verified can be unpacked");
        size += io::copy(&mut entry, &mut io::sink()).expect("what is verified has the right checksums");
        files += 1;
    }
    assert!(verified.files < files && verified.bytes <= size, "{verified:?} of {files} files, {size} bytes");
    assert!(verified.lines <= verified.bytes, "{verified:?}");
}

/// The zip with its own hash at its end, as an export has it.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len().saturating_sub(HASH_LENGTH);
    let hash = hex::encode(Sha256::digest(&bytes[..end]));
    let length = bytes.len() - end;
    bytes[end..].copy_from_slice(&hash.as_bytes()[..length]);
    bytes
}

/// An export of these files. The lists of hashes are made for those that bring none.
fn forged(mut parts: Vec<(String, Vec<u8>)>) -> Option<Vec<u8>> {
    let has = |parts: &[(String, Vec<u8>)], wanted: &str| parts.iter().any(|(name, _)| name == wanted);
    if !has(&parts, MANIFEST) {
        let size: usize = parts.iter().map(|(_, content)| content.len()).sum();
        let info = format!("Payload-Oxum: {size}.{}\n", parts.len());
        let manifest = listed(&parts);
        parts.push(("export-info.txt".to_owned(), info.into_bytes()));
        parts.push((MANIFEST.to_owned(), manifest));
    }
    if !has(&parts, TAG_MANIFEST) {
        let tags = listed(&parts[parts.len().saturating_sub(2)..]);
        parts.push((TAG_MANIFEST.to_owned(), tags));
    }
    zipped(&parts, &format!("{LABEL}{}", "0".repeat(HASH_LENGTH))).map(sealed)
}

fn listed(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let line =
        |(name, content): &(String, Vec<u8>)| format!("{}  {name}\n", hex::encode(Sha256::digest(content)));
    parts.iter().map(line).collect::<String>().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forged_well_is_believed() {
        let directory = TempDir::new().expect("a temporary directory");
        let path = directory.path().join("room.zip");
        let files = parts(b"== a.txt\nhello\n== b.ndjson\n{}\n");
        fs::write(&path, forged(files).expect("a zip")).expect("the temporary directory takes files");
        let verified = verify(&path, &Progress::default()).expect("an export");
        assert_eq!((verified.files, verified.bytes), (2, 9));
    }
}
