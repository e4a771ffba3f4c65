//! Names of files inside an export: safe on every file system and in every zip reader.

use std::fmt;

use crate::{Error, ErrorKind, Result};

const LONGEST_PATH: usize = 400;
const LONGEST_NAME: usize = 180;

/// A relative, portable path inside an export: `index.html`, `assets/3-cat.png`.
///
/// The constructor refuses `..`, absolute paths, hidden files and anything that some file system
/// or zip reader treats specially, so nobody downstream has to ask.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtifactPath(String);

impl ArtifactPath {
    /// Accepts a path of safe names joined by `/`; the error says what is wrong with it.
    pub fn new(path: impl Into<String>) -> Result<Self> {
        let path = path.into();
        let complaint = if path.len() > LONGEST_PATH {
            Some("is too long")
        } else if path.split('/').any(|name| safe_file_name(name) != name) {
            Some("holds a name that is not portable")
        } else {
            None
        };
        match complaint {
            None => Ok(Self(path)),
            Some(complaint) => {
                Err(Error::new(ErrorKind::Internal, format!("artifact path {path:?} {complaint}")))
            }
        }
    }

    /// The path, with `/` between its names.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ArtifactPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The nearest name to `name` that is one safe path component; never empty.
///
/// Separators, control characters, text direction overrides and what Windows forbids become `_`;
/// leading dots, trailing dots and blanks, reserved device names and over-long names are mended.
/// A safe name comes back unchanged, so the function is its own test.
pub fn safe_file_name(name: &str) -> String {
    let mut safe: String = name.chars().map(|c| if is_unsafe(c) { '_' } else { c }).collect();
    if safe.starts_with(['.', ' ']) {
        safe.replace_range(..1, "_");
    }
    if safe.len() > LONGEST_NAME {
        safe = shorten(&safe);
    }
    while safe.ends_with(|c: char| c == '.' || c.is_whitespace()) {
        safe.pop();
    }
    let stem = safe.split('.').next().unwrap_or_default();
    if safe.is_empty() || is_device(stem) {
        // A name as long as can be has room for no more.
        let replaced = usize::from(safe.len() == LONGEST_NAME);
        safe.replace_range(..replaced, "_");
    }
    safe
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        // `%` because lists of hashes write it in two ways, and programs disagree on which.
        || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' | '%')
        // Characters that are invisible or turn the text around can disguise an extension.
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fff0}'..='\u{ffff}')
}

fn is_device(stem: &str) -> bool {
    let stem = stem.trim_end().to_ascii_uppercase();
    if matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") {
        return true;
    }
    let numbered = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    numbered.is_some_and(|digit| digit.len() == 1 && digit.as_bytes()[0].is_ascii_digit())
}

/// Cuts the middle, so that the extension survives.
fn shorten(name: &str) -> String {
    let extension = match name.rfind('.') {
        Some(dot) if name.len() - dot <= 16 => &name[dot..],
        _ => "",
    };
    let mut end = LONGEST_NAME - extension.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{extension}", &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_become_harmless_and_stay_so() {
        let hostile = [
            "",
            ".",
            "..",
            "../../etc/passwd",
            "a\\b",
            "C:evil",
            "con",
            "NUL.txt",
            "lpt1",
            ".bashrc",
            "trailing. . ",
            "nul\0byte",
            "new\nline",
            "photo\u{202e}gnp.exe",
            "\u{feff}bom",
            "  ",
            "aux .txt",
            "100%25.txt",
            "wide\u{3000}",
        ];
        for name in hostile {
            let safe = safe_file_name(name);
            assert_eq!(safe_file_name(&safe), safe, "{name:?} is mended in one step");
            assert!(ArtifactPath::new(safe.clone()).is_ok(), "{name:?} became {safe:?}");
            assert!(ArtifactPath::new(name).is_err() || name == safe, "{name:?} is not taken as it is");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let safe = safe_file_name(&format!("{}.tar.gz", "ä".repeat(400)));
        assert!(safe.len() <= LONGEST_NAME && safe.strip_suffix(".gz").is_some(), "{safe}");
    }

    #[test]
    fn a_long_name_of_a_device_is_mended_in_one_step() {
        for length in LONGEST_NAME - 2..LONGEST_NAME + 3 {
            let safe = safe_file_name(&format!("con.{}", "a".repeat(length - "con.".len())));
            assert!(ArtifactPath::new(safe.clone()).is_ok(), "{safe}");
        }
    }

    #[test]
    fn absolute_and_climbing_paths_are_refused() {
        for path in ["/etc/passwd", "a/../b", "a//b", "a/", "./a", "a/.b"] {
            assert!(ArtifactPath::new(path).is_err(), "{path}");
        }
        assert!(ArtifactPath::new("assets/3-cat.png").is_ok());
    }
}
