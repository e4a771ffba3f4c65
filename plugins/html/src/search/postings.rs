//! Which messages a term is in: gathered in bounded memory, written sorted, a few hundred kilobytes a file.

use std::hash::BuildHasher as _;
use std::io;

use export_sdk::{Output, Result};
use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::numbers;
use super::runs::{Head, Runs};
use super::script::{self, Script};

/// What an entry of the table costs besides its term and its gaps, generously.
const ENTRY: usize = 160;

/// Sizes, made small by tests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Bytes of memory before a run goes to the scratch file.
    pub(super) memory: usize,
    /// Bytes after which a file is followed by the next.
    pub(super) file: u64,
}

/// All postings.
pub(super) struct Postings {
    limits: Limits,
    lists: HashTable<List>,
    /// All terms, one after the other in the order of their first messages: so the frequent ones
    /// are close together, which keeps them in the processor's cache.
    terms: Vec<u8>,
    /// Terms are hostile, so the hasher has a seed that nobody knows; it need not be stronger, for
    /// what an export takes tells nobody which terms collide.
    hasher: RandomState,
    used: usize,
    runs: Runs,
}

/// Ordinals in growing order.
struct List {
    /// Where its term lies.
    begin: usize,
    length: usize,
    first: u64,
    last: u64,
    gaps: Vec<u8>,
}

impl List {
    fn term<'t>(&self, terms: &'t [u8]) -> &'t [u8] {
        &terms[self.begin..self.begin + self.length]
    }
}

impl Postings {
    pub(super) fn create(output: &mut dyn Output, limits: Limits) -> Result<Self> {
        Ok(Self {
            limits,
            lists: HashTable::new(),
            terms: Vec::new(),
            hasher: RandomState::default(),
            used: 0,
            runs: Runs::create(output)?,
        })
    }

    /// Notes that the message has the term; once is enough, and more than once does no harm.
    pub(super) fn add(&mut self, term: &[u8], ordinal: u64) {
        let Self { lists, terms, hasher, .. } = self;
        let hash = hasher.hash_one(term);
        if let Some(list) = lists.find_mut(hash, |list| list.term(terms) == term) {
            if list.last != ordinal {
                let before = list.gaps.capacity();
                numbers::push(&mut list.gaps, ordinal - list.last - 1);
                list.last = ordinal;
                self.used += list.gaps.capacity() - before;
            }
            return;
        }
        let list =
            List { begin: terms.len(), length: term.len(), first: ordinal, last: ordinal, gaps: Vec::new() };
        terms.extend_from_slice(term);
        lists.insert_unique(hash, list, |list| hasher.hash_one(list.term(terms)));
        self.used += ENTRY + term.len();
    }

    /// To be called after every message: makes room if memory is full.
    pub(super) fn settle(&mut self) -> Result<()> {
        if self.used < self.limits.memory { Ok(()) } else { self.spill() }
    }

    fn spill(&mut self) -> Result<()> {
        let mut lists: Vec<List> = self.lists.drain().collect();
        lists.sort_unstable_by_key(|list| list.term(&self.terms));
        for list in lists {
            let term = String::from_utf8_lossy(list.term(&self.terms)).into_owned();
            let List { first, last, gaps, .. } = list;
            self.runs.list(&Head { term, first, last, bytes: gaps.len() as u64 }, &gaps)?;
        }
        self.terms.clear();
        self.used = 0;
        self.runs.end_run()
    }

    /// Writes the files. `begins` learns the first term of each.
    pub(super) fn finish(
        mut self,
        output: &mut dyn Output,
        mut begins: impl FnMut(&str) -> Result<()>,
    ) -> Result<()> {
        self.spill()?;
        let mut merge = self.runs.merge()?;
        let mut file: Option<Script> = None;
        let mut number = 0;
        let mut last: Option<Head> = None;
        let mut code = Vec::new();
        while let Some(head) = merge.next()? {
            code.clear();
            let mut next = head.first;
            if let Some(same) = last.as_ref().filter(|last| last.term == head.term) {
                next -= same.last + 1;
            } else {
                if file.is_some() {
                    code.push(b'"');
                }
                if let Some(full) = file.take_if(|file| file.size >= self.limits.file) {
                    end(full, &code)?;
                    code.clear();
                }
                if file.is_none() {
                    number += 1;
                    begins(&head.term)?;
                    file = Some(Script::create(output, &script::name('t', number))?);
                    code.push(b'[');
                } else {
                    code.extend(b",\n");
                }
                script::quote(&mut code, &head.term);
                code.extend(b",\"");
            }
            numbers::push(&mut code, next);
            let file = file.as_mut().ok_or_else(|| io::Error::other("no file is open"))?;
            file.write(&code)?;
            while let Some(piece) = merge.piece()? {
                file.write(piece)?;
            }
            last = Some(head);
        }
        file.map_or(Ok(()), |file| end(file, b"\""))
    }
}

fn end(mut file: Script, code: &[u8]) -> Result<()> {
    file.write(code)?;
    file.write(b"]")?;
    file.close()
}

#[cfg(test)]
mod tests {
    use export_sdk::conformance::MemoryOutput;

    use super::*;

    #[test]
    fn memory_stays_within_its_limit_however_many_messages_and_words_there_are() {
        let limits = Limits { memory: 50_000, file: 10_000 };
        let mut postings = Postings::create(&mut MemoryOutput::default(), limits).unwrap();
        let mut spilt = 0;
        for ordinal in 0..20_000 {
            for term in
                ["in", "every", "message", &format!("only{ordinal}"), &format!("some{}", ordinal % 97)]
            {
                postings.add(term.as_bytes(), ordinal);
            }
            postings.settle().unwrap();
            let gaps: usize = postings.lists.iter().map(|list| list.gaps.capacity()).sum();
            let held = gaps + postings.terms.len();
            assert!(held <= postings.used && postings.used < limits.memory, "{held} of {}", postings.used);
            spilt += usize::from(postings.used == 0);
        }
        assert!(spilt > 50 && postings.lists.capacity() * size_of::<List>() < limits.memory);
        let mut output = MemoryOutput::default();
        let mut begins = 0;
        let counted = |_: &str| {
            begins += 1;
            Ok(())
        };
        postings.finish(&mut output, counted).unwrap();
        let files = output.files();
        let files = files.lock().unwrap();
        assert!(begins == files.len() && begins > 10);
        assert!(files.values().all(|file| file.len() < 50_000), "a long list may exceed the limit once");
    }
}
