//! A page's middle, held back until its head is known: how many messages, which days, what follows.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write};

use export_sdk::{Output, Result};

use crate::escape::Markup;

/// What is kept in memory: most pages, none of which then takes the way through the file.
const HELD: usize = 1 << 20;

/// Text that is written once and read once, then the next.
pub(crate) struct Scratch {
    file: File,
    /// Bytes in the file, followed by those held.
    filed: u64,
    held: Vec<u8>,
}

impl Scratch {
    pub(crate) fn create(output: &mut dyn Output) -> Result<Self> {
        Ok(Self { file: output.scratch()?, filed: 0, held: Vec::new() })
    }

    /// Takes what is in `page` away from it.
    pub(crate) fn take(&mut self, page: &mut Markup) -> Result<()> {
        page.write_to(&mut self.held)?;
        self.settle()
    }

    /// Adds what is in `page`, which keeps it.
    pub(crate) fn add(&mut self, page: &Markup) -> Result<()> {
        self.held.extend(page.as_str().as_bytes());
        self.settle()
    }

    fn settle(&mut self) -> Result<()> {
        if self.held.len() >= HELD {
            self.file.write_all(&self.held)?;
            self.filed += self.held.len() as u64;
            self.held.clear();
            self.held.shrink_to(2 * HELD);
        }
        Ok(())
    }

    /// Empties into `out`.
    pub(crate) fn pour(&mut self, out: &mut dyn Write) -> Result<()> {
        if self.filed > 0 {
            self.file.rewind()?;
            let copied = io::copy(&mut (&self.file).take(self.filed), out)?;
            if copied != self.filed {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            self.file.rewind()?;
            self.filed = 0;
        }
        out.write_all(&self.held)?;
        self.held.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use export_sdk::conformance::MemoryOutput;

    use super::*;

    #[test]
    fn what_goes_in_comes_out_however_much_it_is() {
        let mut scratch = Scratch::create(&mut MemoryOutput::default()).unwrap();
        for rounds in [3, 100_000, 10, 0, 60_000] {
            let mut expected = String::new();
            for round in 0..rounds {
                let mut page = Markup::default();
                page.show(round).tag("<br>");
                expected.push_str(page.as_str());
                scratch.add(&page).unwrap();
                expected.push_str(page.as_str());
                scratch.take(&mut page).unwrap();
                assert_eq!(page.as_str(), "");
            }
            let mut poured = Vec::new();
            scratch.pour(&mut poured).unwrap();
            assert!(poured == expected.as_bytes(), "{rounds} rounds");
        }
    }
}
