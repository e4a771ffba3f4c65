//! Files of data that a page can load where it may fetch nothing: scripts of one call each.
//!
//! The choke point of the search: strings get into a script through [`quote`] only.

use std::io::Write;

use export_sdk::{ArtifactPath, Output, Result};

use crate::scan::Bytes;

/// Bytes of special characters, and those that they may begin with.
const SUSPECT: Bytes = Bytes::of(b"\"\\<>&\x7f\xc2\xe2\xef").and(0, 0x1f);

/// A file `search/<name>.js` that hands an array or object to the client.
pub(super) struct Script {
    out: Box<dyn Write + Send>,
    /// Bytes so far, to know when it is time for another file.
    pub(super) size: u64,
}

impl Script {
    /// Begins the file of a name that is made of letters, digits and `-`.
    pub(super) fn create(output: &mut dyn Output, name: &str) -> Result<Self> {
        let path = ArtifactPath::new(format!("search/{name}.js"))?;
        let mut script = Self { out: output.create(&path, super::MEDIA_TYPE)?, size: 0 };
        script.write(format!("roomscribe.add(\"{name}\",").as_bytes())?;
        Ok(script)
    }

    /// Adds code: brackets, numbers, and what [`quote`] made.
    pub(super) fn write(&mut self, code: &[u8]) -> Result<()> {
        self.size += code.len() as u64;
        Ok(self.out.write_all(code)?)
    }

    /// Ends the file.
    pub(super) fn close(mut self) -> Result<()> {
        self.write(b");\n")
    }
}

/// The name of the shard of a kind.
pub(super) fn name(kind: char, number: u64) -> String {
    format!("{kind}-{number:04}")
}

/// Adds a string literal that is harmless in a script, wherever the script stands.
pub(super) fn quote(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut done = 0;
    let mut at = 0;
    while let Some(step) = SUSPECT.first_in(&text.as_bytes()[at..]) {
        let found = at + step;
        let character = text[found..].chars().next().expect("suspect bytes begin a character");
        at = found + character.len_utf8();
        if is_special(character) {
            out.extend_from_slice(&text.as_bytes()[done..found]);
            out.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
            done = at;
        }
    }
    out.extend_from_slice(&text.as_bytes()[done..]);
    out.push(b'"');
}

fn is_special(character: char) -> bool {
    matches!(character, '"' | '\\' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\u{feff}')
        || character.is_control()
}

#[cfg(test)]
mod tests {
    use export_sdk::conformance::{HOSTILE_NAMES, HOSTILE_TEXTS};
    use proptest::prelude::*;

    use super::*;

    fn quoted(text: &str) -> String {
        let mut out = Vec::new();
        quote(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    /// It is JSON, so it ends where it should and means what it should; nothing in it has a meaning in HTML.
    fn is_harmless(text: &str) -> bool {
        let literal = quoted(text);
        let ends = ['<', '>', '&', '\n', '\r', '\0', '\u{2028}', '\u{2029}'];
        !literal.contains(ends) && serde_json::from_str::<String>(&literal).is_ok_and(|back| back == text)
    }

    #[test]
    fn hostile_strings_stay_strings() {
        for text in HOSTILE_TEXTS.iter().chain(HOSTILE_NAMES) {
            assert!(is_harmless(text), "{text:?} became {}", quoted(text));
        }
        assert_eq!(quoted("</script>\u{2028}\"\\"), r#""\u003c/script\u003e\u2028\u0022\u005c""#);
    }

    proptest! {
        #[test]
        fn every_string_stays_a_string(text in any::<String>()) {
            prop_assert!(is_harmless(&text));
        }
    }
}
