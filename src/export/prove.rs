//! Proofs about single messages: that this line was in an export which that key signed.
//!
//! A proof is a small file that needs neither the export nor the server: the line, the hashes beside
//! its way up the tree over all lines, the text that names the root, the list with the hash of that
//! text, and the signature over the list. Nothing in it is believed that does not follow from these.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::bag::{InfoText, LineRoot, Shape, hash_line};
use super::merkle::{self, Hash, PathFinder};
use super::signing::PublicKey;
use super::spool::Progress;
use super::verify::{Archive, Tags, VerifyError, check_signature, open};

const FORMAT: &str = "roomscribe-proof";
const VERSION: u32 = 1;
/// Much longer than any message that the server keeps.
const LONGEST_LINE: u64 = 16 << 20;
/// Much longer than any proof.
const LONGEST_PROOF: u64 = 64 << 20;

/// A proof as it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Proof {
    format: String,
    version: u32,
    /// The name of the file that has the line, as the export's manifest has it.
    file: String,
    /// Which line of how many, from 0.
    index: u64,
    size: u64,
    line: String,
    /// The hashes beside the way up, from the line on.
    path: Vec<String>,
    info: String,
    tag_manifest: String,
    signature: String,
}

/// What follows from a proof. All texts are as their authors typed them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The key that signed the export.
    pub key: PublicKey,
    /// The message's id.
    pub message: String,
    /// Its author's login name.
    pub username: String,
    /// When it was sent.
    pub sent_at: String,
    /// Its text.
    pub text: String,
    /// The file in the export that has it.
    pub file: String,
    /// In which line, from 1.
    pub line: u64,
    /// Of how many.
    pub lines: u64,
    /// What the export says of itself, if it does.
    pub description: Option<String>,
    /// The day of the export.
    pub day: Option<String>,
}

/// Why there is no proof, or why it does not hold. The message is one line.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The export is damaged.
    #[error(transparent)]
    Export(#[from] VerifyError),
    /// There is nothing that can be proven.
    #[error("no message of this export can be proven; export the room with format ndjson")]
    NoLines,
    /// The message is not there.
    #[error("there is no message {0:?} in this export; its id is `_id` in a line of the .ndjson file")]
    Unknown(String),
    /// Nobody vouches for the export.
    #[error("the export is not signed, so nothing in it can be proven; export the room again")]
    Unsigned,
    /// The file of the proof could not be read.
    #[error("the proof cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// The proof itself is bad.
    #[error("the proof does not hold: {0}")]
    Wrong(&'static str),
}

type Result<T> = std::result::Result<T, ProofError>;

/// Proves that a message is in the packed export at `path`. Passes over the lines twice.
pub fn prove(path: &Path, message: &str, progress: &Progress) -> Result<Proof> {
    let archive = open(path)?;
    let tags = Tags::read(&*archive)?;
    let Some(signature) = tags.signature else { return Err(ProofError::Unsigned) };
    let roots: Vec<_> = InfoText(&tags.info).roots().flatten().collect();
    let mut has_messages = false;
    for root in roots {
        let mut found = None;
        let mut index = 0;
        each_line(&*archive, &root, progress, |line| {
            if found.is_none()
                && let Ok(Identified { id }) = serde_json::from_slice(line)
            {
                has_messages = true;
                found = (id == message).then(|| (index, line.to_owned()));
            }
            index += 1;
        })?;
        let Some((index, line)) = found else { continue };
        let mut finder = PathFinder::new(index, root.lines);
        each_line(&*archive, &root, progress, |line| finder.push(merkle::leaf(line)))?;
        let proof = Proof {
            format: FORMAT.to_owned(),
            version: VERSION,
            file: root.name,
            index,
            size: root.lines,
            line: String::from_utf8(line).map_err(|_| ProofError::Wrong("the line is not UTF-8"))?,
            path: finder.finish().into_iter().map(hex::encode).collect(),
            info: tags.info,
            tag_manifest: tags.tag_manifest,
            signature,
        };
        let damaged = |_| ProofError::Wrong("the export is damaged; `roomscribe verify` tells where");
        proof.check().map_err(damaged)?;
        return Ok(proof);
    }
    Err(if has_messages { ProofError::Unknown(message.to_owned()) } else { ProofError::NoLines })
}

/// A line that is about something with an id.
#[derive(Deserialize)]
struct Identified {
    #[serde(rename = "_id")]
    id: String,
}

fn each_line(
    archive: &dyn Archive,
    root: &LineRoot,
    progress: &Progress,
    mut take: impl FnMut(&[u8]),
) -> Result<()> {
    let missing = || VerifyError::File { name: root.name.clone(), complaint: "it is missing" };
    let mut reader = BufReader::with_capacity(64 * 1024, archive.read(&root.name)?.ok_or_else(missing)?);
    let mut line = Vec::new();
    loop {
        progress.check().map_err(VerifyError::from)?;
        line.clear();
        let count =
            (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(VerifyError::from)?;
        if count == 0 {
            return Ok(());
        }
        if count as u64 == LONGEST_LINE {
            return Err(ProofError::Wrong("the export has lines that are too long"));
        }
        progress.add(count as u64);
        take(line.strip_suffix(b"\n").unwrap_or(&line));
    }
}

impl Proof {
    /// Reads a proof from its file. Nothing is checked yet.
    pub fn read(path: &Path) -> Result<Self> {
        let mut bytes = Vec::new();
        File::open(path)?.take(LONGEST_PROOF).read_to_end(&mut bytes)?;
        serde_json::from_slice(&bytes)
            .map_err(|_| ProofError::Wrong("the file is not a proof, or a part of one"))
    }

    /// The text of a proof's file.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("texts and numbers are always JSON") + "\n"
    }

    /// What follows from the proof, if it holds: from the line to the root of the tree, to the text
    /// that names the root, to the list with that text's hash, to the signature over the list.
    pub fn check(&self) -> Result<Proven> {
        let wrong = ProofError::Wrong;
        if (self.format.as_str(), self.version) != (FORMAT, VERSION) {
            return Err(wrong("it is of another version; use the program that made it"));
        }
        let key = check_signature(&self.tag_manifest, &self.signature)
            .map_err(|_| wrong("its signature is not that of the list of hashes"))?;
        let sha256 = Sha256::digest(&self.info).into();
        let listed = |shape: Shape| {
            let line = hash_line(&sha256, shape.info());
            self.tag_manifest.split_inclusive('\n').any(|listed| listed == line)
        };
        if !listed(Shape::Bag) && !listed(Shape::Plain) {
            return Err(wrong("what it tells about the export is not what was signed"));
        }
        let info = InfoText(&self.info);
        let root = info.roots().flatten().find(|root| root.name == self.file && root.lines == self.size);
        let root = root.ok_or(wrong("the export has no such file of so many lines"))?;
        let path: Option<Vec<Hash>> = self.path.iter().map(|text| parse_hash(text)).collect();
        let path = path.ok_or(wrong("a hash is damaged"))?;
        let leaf = merkle::leaf(self.line.as_bytes());
        if merkle::root_of(leaf, self.index, self.size, &path) != Some(root.root) {
            return Err(wrong("the line was not in that place of the export"));
        }
        let said: Said = serde_json::from_str(&self.line).map_err(|_| wrong("the line is no message"))?;
        Ok(Proven {
            key,
            message: said.id,
            username: said.author.username,
            sent_at: said.sent_at.as_str().map_or_else(|| said.sent_at.to_string(), str::to_owned),
            text: said.text,
            file: root.name,
            line: self.index + 1,
            lines: self.size,
            description: info.values("External-Description").next().map(str::to_owned),
            day: info.values("Bagging-Date").next().map(str::to_owned),
        })
    }
}

fn parse_hash(text: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    hex::decode_to_slice(text, &mut hash).ok()?;
    Some(hash)
}

/// What is shown of a message.
#[derive(Deserialize)]
struct Said {
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "u")]
    author: SaidBy,
    #[serde(rename = "ts")]
    sent_at: Value,
    #[serde(rename = "msg", default)]
    text: String,
}

#[derive(Deserialize)]
struct SaidBy {
    username: String,
}

#[cfg(test)]
mod tests;
