//! The choke point: whatever people have typed becomes one cell, and can be read back.

use std::borrow::Cow;

/// `text` without the characters that end a cell or a line, spelt as SQL's `COPY` reads them.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    // Nearly every text is fine as it is, and a room has millions of them.
    if !text.contains(['\\', '\t', '\n', '\r']) {
        return Cow::Borrowed(text);
    }
    let mut cell = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            // The character that begins an escape must be escaped itself, or a typed `\t` would
            // read back as a tab.
            '\\' => cell.push_str("\\\\"),
            '\t' => cell.push_str("\\t"),
            '\n' => cell.push_str("\\n"),
            '\r' => cell.push_str("\\r"),
            other => cell.push(other),
        }
    }
    Cow::Owned(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_cells_and_lines_is_spelt_out() {
        assert_eq!(escaped("a\tb\r\nc"), "a\\tb\\r\\nc");
        assert_eq!(escaped("a\\tb"), "a\\\\tb");
        assert_eq!(escaped("plain ü"), "plain ü");
    }
}
