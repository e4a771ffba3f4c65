//! The pages of a room: what they are called, where they lie, and how one links to another.

use std::fmt::{self, Display, Formatter};

use export_sdk::{ArtifactPath, Result, Room, safe_file_name};
use jiff::civil::Date;

use crate::escape::Markup;

/// One page of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaf {
    /// Its front; of a small room this is the only one.
    Front,
    /// The messages of a month, or a part of them, counted from 1.
    Month { first: Date, part: u32 },
    /// Threads on their own, counted from 1.
    Threads(u32),
}

impl Display for Leaf {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Front => f.write_str("index.html"),
            Self::Month { first, part } => {
                write!(f, "{:04}-{:02}", first.year(), first.month())?;
                if *part > 1 { write!(f, "-{part}.html") } else { f.write_str(".html") }
            }
            Self::Threads(number) => write!(f, "threads-{number:04}.html"),
        }
    }
}

/// Where the pages of a room lie.
pub(crate) struct Folder {
    pub(crate) slug: String,
    /// The only room of the archive: its front is the archive's.
    pub(crate) only: bool,
}

/// The way from a page in a room's directory to the top.
const TO_TOP: &str = "../../";

impl Folder {
    pub(crate) fn of(room: &Room<'_>, only: bool) -> Self {
        let name = if room.slug.is_empty() { room.name.unwrap_or(room.id) } else { &room.slug };
        Self { slug: safe_file_name(name), only }
    }

    pub(crate) fn path(&self, leaf: Leaf) -> Result<ArtifactPath> {
        if self.is_at_top(leaf) {
            return ArtifactPath::new(leaf.to_string());
        }
        ArtifactPath::new(format!("r/{}/{leaf}", self.slug))
    }

    fn is_at_top(&self, leaf: Leaf) -> bool {
        self.only && leaf == Leaf::Front
    }

    /// The way from a page to the archive's top.
    pub(crate) fn up(&self, leaf: Leaf) -> &'static str {
        if self.is_at_top(leaf) { "" } else { TO_TOP }
    }

    /// Adds the address of `to`, seen from `from`; `None` is the front of the archive.
    pub(crate) fn link<'m>(&self, page: &'m mut Markup, from: Option<Leaf>, to: Leaf) -> &'m mut Markup {
        let top = from.is_none_or(|leaf| self.is_at_top(leaf));
        match (top, self.is_at_top(to)) {
            (true, false) => page.tag("r/").encoded(&self.slug).tag("/").show(to),
            (false, true) => page.tag(TO_TOP).show(to),
            (true, true) | (false, false) => page.show(to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_from_page_to_page() {
        let first = Date::constant(2024, 3, 1);
        let (month, part) = (Leaf::Month { first, part: 1 }, Leaf::Month { first, part: 2 });
        let link = |only, from, to| {
            let folder = Folder { slug: "a b".into(), only };
            let mut page = Markup::default();
            folder.link(&mut page, from, to);
            (page.as_str().to_owned(), folder.path(to).unwrap().to_string())
        };
        let front = Some(Leaf::Front);
        for (only, from, to, expected, path) in [
            (false, None, Leaf::Front, "r/a%20b/index.html", "r/a b/index.html"),
            (false, front, month, "2024-03.html", "r/a b/2024-03.html"),
            (false, Some(month), part, "2024-03-2.html", "r/a b/2024-03-2.html"),
            (false, Some(month), Leaf::Front, "index.html", "r/a b/index.html"),
            (true, front, month, "r/a%20b/2024-03.html", "r/a b/2024-03.html"),
            (true, Some(month), Leaf::Threads(1), "threads-0001.html", "r/a b/threads-0001.html"),
            (true, Some(month), Leaf::Front, "../../index.html", "index.html"),
        ] {
            assert_eq!(link(only, from, to), (expected.to_owned(), path.to_owned()));
        }
    }
}
