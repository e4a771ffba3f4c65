//! Several files in one input, written so that people can read and change it:
//!
//! ```text
//! == general.ndjson
//! {"type":"header"}
//! == assets/f1-a.txt
//! hello
//! ```

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Before the name of a file, at the beginning of a line.
const MARK: &[u8] = b"== ";

/// Names with what the files hold. What stands before the first name is passed over.
pub(crate) fn parts(input: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        match (line.strip_prefix(MARK), parts.last_mut()) {
            (Some(name), _) => parts.push((String::from_utf8_lossy(name).trim_end().to_owned(), Vec::new())),
            (None, Some((_, content))) => content.extend_from_slice(line),
            (None, None) => {}
        }
    }
    parts
}

/// A zip of the parts, with this comment; `None` if a zip cannot hold them.
pub(crate) fn zipped(parts: &[(String, Vec<u8>)], comment: &str) -> Option<Vec<u8>> {
    let mut zip = ZipWriter::new_stream(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(name.as_str(), SimpleFileOptions::default().unix_permissions(0o644)).ok()?;
        zip.write_all(content).ok()?;
    }
    zip.set_comment(comment).ok()?;
    Some(zip.finish().ok()?.into_inner().into_inner())
}
