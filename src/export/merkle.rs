//! Hash trees over lines: one hash for all of them, and short proofs that a line is among them.
//!
//! The tree is that of RFC 9162 (and RFC 6962), section 2.1, with SHA-256: a leaf is hashed with a
//! zero byte before it, an inner node with a one. Everything here passes over the lines once and
//! keeps a number of hashes that grows with the logarithm of their count.

use std::io::{self, Write};
use std::ops::Range;

use sha2::{Digest, Sha256};

/// The hash of a leaf, a node or a whole tree.
pub type Hash = [u8; 32];

/// The hash of a leaf.
pub fn leaf(bytes: &[u8]) -> Hash {
    leaf_hasher().chain_update(bytes).finalize().into()
}

fn leaf_hasher() -> Sha256 {
    Sha256::new_with_prefix([0])
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new_with_prefix([1]).chain_update(left).chain_update(right).finalize().into()
}

/// A tree that grows leaf by leaf.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    size: u64,
    /// The roots of the complete subtrees, the largest first: one for each one in `size`.
    complete: Vec<Hash>,
}

impl Tree {
    /// Adds a leaf by its hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            let left = self.complete.pop().expect("each one in the size stands for a subtree");
            hash = node(&left, &hash);
        }
        self.complete.push(hash);
        self.size += 1;
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hash of the tree as it is now.
    pub fn root(&self) -> Hash {
        let mut smallest_first = self.complete.iter().rev();
        let Some(last) = smallest_first.next() else { return Sha256::digest([]).into() };
        smallest_first.fold(*last, |right, left| node(left, &right))
    }
}

/// The tree over the lines of what is written to it; a line is what stands before its line feed.
#[derive(Debug, Clone, Default)]
pub struct LineTree {
    tree: Tree,
    /// The line that has begun but not ended.
    line: Option<Sha256>,
}

impl LineTree {
    /// The root and the number of lines. A last line without line feed counts.
    pub fn finish(mut self) -> (Hash, u64) {
        if let Some(line) = self.line.take() {
            self.tree.push(line.finalize().into());
        }
        (self.tree.root(), self.tree.size())
    }
}

impl Write for LineTree {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let mut line = self.line.take().unwrap_or_else(leaf_hasher);
            if let Some(end) = part.strip_suffix(b"\n") {
                line.update(end);
                self.tree.push(line.finalize().into());
            } else {
                line.update(part);
                self.line = Some(line);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Collects the inclusion path of one leaf while all leaves pass.
#[derive(Debug, Clone)]
pub struct PathFinder {
    position: u64,
    /// The subtrees beside the way from the leaf up to the root.
    beside: Vec<(Range<u64>, Tree)>,
}

impl PathFinder {
    /// For the leaf at `index` of a tree of `size` leaves.
    pub fn new(index: u64, size: u64) -> Self {
        let (mut start, mut end) = (0, size);
        let mut beside = Vec::new();
        while index < size && end - start > 1 {
            // The left subtree has the largest power of two below the number of leaves.
            let middle = start + (1 << (end - start - 1).ilog2());
            if index < middle {
                beside.push((middle..end, Tree::default()));
                end = middle;
            } else {
                beside.push((start..middle, Tree::default()));
                start = middle;
            }
        }
        beside.reverse();
        Self { position: 0, beside }
    }

    /// Takes the next leaf.
    pub fn push(&mut self, leaf: Hash) {
        if let Some((_, tree)) = self.beside.iter_mut().find(|(range, _)| range.contains(&self.position)) {
            tree.push(leaf);
        }
        self.position += 1;
    }

    /// The hashes beside the way, from the leaf up, once all leaves have passed.
    pub fn finish(self) -> Vec<Hash> {
        self.beside.into_iter().map(|(_, tree)| tree.root()).collect()
    }
}

/// The root to which a path leads from the leaf at `index` of `size`; `None` if the path has not
/// the length that it must have there. RFC 9162, section 2.1.3.2.
pub fn root_of(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    let (mut index, mut last) = (index, size.checked_sub(1)?);
    if index > last {
        return None;
    }
    let mut hash = leaf;
    for beside in path {
        if last == 0 {
            return None;
        }
        if index & 1 == 1 || index == last {
            hash = node(beside, &hash);
            // Up through the levels where nothing stands to the right.
            while index & 1 == 0 && index != 0 {
                index >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, beside);
        }
        index >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(hash)
}

#[cfg(test)]
mod tests;
