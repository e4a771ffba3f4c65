//! The format `tsv` in several languages: what `roomscribe plugin new` begins with.
//!
//! All of them write the same bytes. Each is a directory with the source and a README.md.

/// A format in one language.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// The directory it is in.
    pub language: &'static str,
    /// The extension of its source.
    pub extension: &'static str,
    /// The source.
    pub source: &'static str,
    /// How to build and try it.
    pub readme: &'static str,
}

macro_rules! example {
    ($language:literal, $extension:literal) => {
        Example {
            language: $language,
            extension: $extension,
            source: include_str!(concat!("../", $language, "/tsv.", $extension)),
            readme: include_str!(concat!("../", $language, "/README.md")),
        }
    };
}

/// All examples.
pub const EXAMPLES: &[Example] = &[
    example!("assemblyscript", "ts"),
    example!("zig", "zig"),
    example!("c", "c"),
    example!("wat", "wat"),
    example!("python", "py"),
    example!("node", "mjs"),
];

/// A room as a format is given it, to try one with.
pub const ROOM: &str = include_str!("../../../fixtures/exports/ndjson/conversation/general.ndjson");

impl Example {
    /// The source and the text beside it for a format of another name. The kind of its files stays.
    pub fn named(&self, name: &str) -> (String, String) {
        let says_its_name = |line: &str| line.contains("name") && line.contains("tsv");
        let lines = self.source.split_inclusive('\n');
        let source = lines
            .map(|line| if says_its_name(line) { line.replacen("tsv", name, 1) } else { line.to_owned() })
            .collect();
        (source, self.readme.replace("tsv", name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_replaced_in_one_line_and_nothing_else_changes() {
        for example in EXAMPLES {
            let (source, readme) = example.named("letters");
            let changed = source.lines().zip(example.source.lines()).filter(|(one, other)| one != other);
            assert_eq!(changed.count(), 1, "{}", example.language);
            assert!(readme.contains(&format!("letters.{}", example.extension)), "{}", example.language);
            assert!(
                readme.contains("room.ndjson") && readme.contains("plugin check"),
                "{}",
                example.language
            );
        }
    }
}
