//! Sorting what does not fit into memory: sorted runs in a scratch file, and their merge.
//!
//! A run holds lists of ordinals by term. A term may have several lists, in the order of their
//! ordinals: the merge keeps them apart, so that none has to fit into memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use export_sdk::{Error, ErrorKind, Output, Result};

/// How much is read or written at once.
const CHUNK: usize = 32 * 1024;
/// Runs merged at once: their chunks make two megabytes.
const FAN_IN: usize = 64;
/// Three numbers of eight bytes behind the length of the term.
const FIXED: usize = 4 + 3 * 8;

/// What precedes a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Head {
    pub(super) term: String,
    /// Its first ordinal, which is not part of the bytes.
    pub(super) first: u64,
    pub(super) last: u64,
    /// The length of what follows: the gaps between its ordinals, as text.
    pub(super) bytes: u64,
}

/// Where a run lies.
#[derive(Debug, Clone, Copy)]
struct Run {
    start: u64,
    end: u64,
}

/// The scratch file and the runs in it.
pub(super) struct Runs {
    file: File,
    end: u64,
    buffer: Vec<u8>,
    complete: Vec<Run>,
    begun: u64,
}

impl Runs {
    pub(super) fn create(output: &mut dyn Output) -> Result<Self> {
        Ok(Self { file: output.scratch()?, end: 0, buffer: Vec::new(), complete: Vec::new(), begun: 0 })
    }

    /// Adds a list to the run that is being written; they come in order.
    pub(super) fn list(&mut self, head: &Head, gaps: &[u8]) -> Result<()> {
        self.head(head)?;
        self.append(gaps)
    }

    /// Ends the run.
    pub(super) fn end_run(&mut self) -> Result<()> {
        self.flush()?;
        self.complete.push(Run { start: self.begun, end: self.end });
        self.begun = self.end;
        Ok(())
    }

    /// All lists in order. In between they are read as often as memory demands.
    pub(super) fn merge(mut self) -> Result<Merge> {
        while self.complete.len() > FAN_IN {
            for group in std::mem::take(&mut self.complete).chunks(FAN_IN) {
                let mut sources = Sources::open(&mut self.file, group)?;
                while let Some(head) = sources.next(&mut self.file)? {
                    self.head(&head)?;
                    while let Some(piece) = sources.piece(&mut self.file)? {
                        self.append(piece)?;
                    }
                }
                self.end_run()?;
            }
        }
        let sources = Sources::open(&mut self.file, &self.complete)?;
        Ok(Merge { file: self.file, sources })
    }

    fn head(&mut self, head: &Head) -> Result<()> {
        let length = u32::try_from(head.term.len()).expect("terms are short");
        self.append(&length.to_le_bytes())?;
        for number in [head.first, head.last, head.bytes] {
            self.append(&number.to_le_bytes())?;
        }
        self.append(head.term.as_bytes())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(&self.buffer)?;
        self.end += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// The lists of all runs, by term and then by ordinal.
pub(super) struct Merge {
    file: File,
    sources: Sources,
}

impl Merge {
    /// The next list; its gaps are to be read before the one after it.
    pub(super) fn next(&mut self) -> Result<Option<Head>> {
        self.sources.next(&mut self.file)
    }

    /// A piece of the gaps of the list.
    pub(super) fn piece(&mut self) -> Result<Option<&[u8]>> {
        self.sources.piece(&mut self.file)
    }
}

/// Some runs that are read side by side.
struct Sources {
    list: Vec<Source>,
    /// What each run has next, the smallest on top.
    heads: BinaryHeap<Reverse<(Head, usize)>>,
    /// The run whose list is being read, and how much is left of it.
    open: Option<(usize, u64)>,
}

impl Sources {
    fn open(file: &mut File, runs: &[Run]) -> Result<Self> {
        let sources =
            runs.iter().map(|run| Source { at: run.start, end: run.end, buffer: Vec::new(), read: 0 });
        let mut all = Self { list: sources.collect(), heads: BinaryHeap::new(), open: None };
        for number in 0..all.list.len() {
            all.advance(file, number)?;
        }
        Ok(all)
    }

    fn advance(&mut self, file: &mut File, number: usize) -> Result<()> {
        let head = self.list[number].head(file)?;
        self.heads.extend(head.map(|head| Reverse((head, number))));
        Ok(())
    }

    fn next(&mut self, file: &mut File) -> Result<Option<Head>> {
        while self.piece(file)?.is_some() {}
        if let Some((number, _)) = self.open.take() {
            self.advance(file, number)?;
        }
        let next = self.heads.pop().map(|Reverse(next)| next);
        self.open = next.as_ref().map(|(head, number)| (*number, head.bytes));
        Ok(next.map(|(head, _)| head))
    }

    fn piece(&mut self, file: &mut File) -> Result<Option<&[u8]>> {
        let Some((number, left)) = &mut self.open else { return Ok(None) };
        if *left == 0 {
            return Ok(None);
        }
        let piece = self.list[*number].piece(file, *left)?;
        *left -= piece.len() as u64;
        Ok(Some(piece))
    }
}

/// One run that is read.
struct Source {
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    read: usize,
}

impl Source {
    fn head(&mut self, file: &mut File) -> Result<Option<Head>> {
        if self.read == self.buffer.len() && self.at == self.end {
            return Ok(None);
        }
        let mut fixed = [0; FIXED];
        self.fill(file, &mut fixed)?;
        let (length, numbers) = fixed.split_first_chunk::<4>().expect("long enough");
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(damaged)?;
        let mut term = vec![0; length];
        self.fill(file, &mut term)?;
        let term = String::from_utf8(term).map_err(damaged)?;
        let mut numbers = numbers.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
        let mut number = || numbers.next().expect("there are three");
        Ok(Some(Head { term, first: number(), last: number(), bytes: number() }))
    }

    fn fill(&mut self, file: &mut File, mut out: &mut [u8]) -> Result<()> {
        while !out.is_empty() {
            let piece = self.piece(file, out.len() as u64)?;
            let (head, tail) = out.split_at_mut(piece.len());
            head.copy_from_slice(piece);
            out = tail;
        }
        Ok(())
    }

    /// At least one byte and at most `limit`.
    fn piece(&mut self, file: &mut File, limit: u64) -> Result<&[u8]> {
        if self.read == self.buffer.len() {
            let length = usize::try_from(self.end - self.at).map_or(CHUNK, |left| left.min(CHUNK));
            self.buffer.resize(length, 0);
            file.seek(SeekFrom::Start(self.at))?;
            file.read_exact(&mut self.buffer)?;
            self.at += length as u64;
            self.read = 0;
        }
        if self.buffer.is_empty() {
            return Err(damaged("it ends too early"));
        }
        let length = usize::try_from(limit).unwrap_or(CHUNK).min(self.buffer.len() - self.read);
        self.read += length;
        Ok(&self.buffer[self.read - length..self.read])
    }
}

/// Nobody else writes there, so the disk must have failed.
fn damaged(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Internal, "a temporary file is damaged; check the disk and export again")
        .because(error)
}

#[cfg(test)]
mod tests {
    use export_sdk::conformance::MemoryOutput;

    use super::*;

    fn lists(merge: &mut Merge) -> Vec<(Head, Vec<u8>)> {
        let mut all = Vec::new();
        while let Some(head) = merge.next().unwrap() {
            let mut gaps = Vec::new();
            while let Some(piece) = merge.piece().unwrap() {
                gaps.extend_from_slice(piece);
            }
            all.push((head, gaps));
        }
        all
    }

    #[test]
    fn many_runs_become_one_however_long_their_lists_are() {
        let mut expected = Vec::new();
        let mut runs = Runs::create(&mut MemoryOutput::default()).unwrap();
        // More than are merged at once, twice over.
        for run in 0..(FAN_IN as u64 * FAN_IN as u64 + 3) {
            for term in ["common", "every", "x"].iter().filter(|term| run % 7 == 0 || **term != "every") {
                let gaps = vec![b'A'; if run == 70 { 3 * CHUNK } else { usize::try_from(run % 3).unwrap() }];
                let head = Head {
                    term: (*term).to_owned(),
                    first: run * 10,
                    last: run * 10 + 9,
                    bytes: gaps.len() as u64,
                };
                runs.list(&head, &gaps).unwrap();
                expected.push((head, gaps));
            }
            runs.end_run().unwrap();
        }
        expected.sort();
        assert!(lists(&mut runs.merge().unwrap()) == expected, "sorted by term, then by ordinal");
    }

    #[test]
    fn a_list_that_nobody_reads_is_passed_over() {
        let mut runs = Runs::create(&mut MemoryOutput::default()).unwrap();
        for (term, gaps) in [("a", vec![b'A'; 2 * CHUNK]), ("b", vec![])] {
            let head = Head { term: term.to_owned(), first: 0, last: 9, bytes: gaps.len() as u64 };
            runs.list(&head, &gaps).unwrap();
        }
        runs.end_run().unwrap();
        let mut merge = runs.merge().unwrap();
        assert_eq!(merge.next().unwrap().unwrap().term, "a");
        assert_eq!(merge.next().unwrap().unwrap().term, "b");
        assert_eq!(merge.next().unwrap(), None);
    }

    #[test]
    fn no_runs_are_no_lists() {
        let runs = Runs::create(&mut MemoryOutput::default()).unwrap();
        assert_eq!(runs.merge().unwrap().next().unwrap(), None);
    }
}
