//! A gzip stream that is not unpacked to more than anything real would be.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;

use super::zip::{HARMLESS, MOST_SQUEEZED};

/// What a gzip stream holds.
pub(super) struct Inflated<R> {
    decoder: MultiGzDecoder<Counted<R>>,
    unpacked: u64,
    harmless: u64,
}

impl<R: BufRead> Inflated<R> {
    pub(super) fn new(packed: R) -> Self {
        Self { decoder: MultiGzDecoder::new(Counted { packed, read: 0 }), unpacked: 0, harmless: HARMLESS }
    }
}

impl<R: BufRead> Read for Inflated<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.decoder.read(buffer)?;
        self.unpacked += length as u64;
        let packed = self.decoder.get_ref().read.max(1);
        if self.unpacked > self.harmless && self.unpacked / packed > MOST_SQUEEZED {
            return Err(io::Error::other("it is packed smaller than anything real"));
        }
        Ok(length)
    }
}

/// Counts what is read.
struct Counted<R> {
    packed: R,
    read: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.packed.read(buffer)?;
        self.read += length as u64;
        Ok(length)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.packed.fill_buf()
    }

    fn consume(&mut self, length: usize) {
        self.packed.consume(length);
        self.read += length as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn unpacked(bytes: &[u8], harmless: u64) -> io::Result<usize> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes)?;
        let packed = encoder.finish()?;
        let mut inflated = Inflated { harmless, ..Inflated::new(&packed[..]) };
        inflated.read_to_end(&mut Vec::new())
    }

    #[test]
    fn only_what_is_large_and_packed_too_small_is_refused() {
        let blank = vec![b'\n'; 1 << 20];
        assert!(unpacked(&blank, 1 << 19).unwrap_err().to_string().contains("packed smaller"));
        assert_eq!(unpacked(&blank, 1 << 20).unwrap(), blank.len());
        let varied: Vec<u8> =
            (0..1_u32 << 18).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        assert_eq!(unpacked(&varied, 1 << 19).unwrap(), varied.len());
    }
}
