//! What lies beside the files of an export: lists of hashes, what is told about it, a signature.
//!
//! ```text
//! <name>/data/…                      …                       the payload: what a format wrote
//! <name>/bagit.txt                                           the version of BagIt
//! <name>/bag-info.txt                export-info.txt         `Label: value` lines
//! <name>/manifest-sha256.txt         manifest-sha256.txt     a hash for each payload file
//! <name>/tagmanifest-sha256.txt      tagmanifest-sha256.txt  a hash for each file above but the payload
//! <name>/signature.json              signature.json          over the bytes of tagmanifest-sha256.txt
//! ```
//!
//! On the left a bag after RFC 8493, on the right the plain layout, for exports that other programs
//! read at their top. The signature stands in no list, because it can only be made when all lists
//! are complete; whoever checks it needs the public key, and by it everything else is fixed.

mod info;

use export_sdk::{ArtifactPath, Registry, safe_file_name};

pub use self::info::Info;
pub(crate) use self::info::{InfoText, LineRoot, PAYLOAD_OXUM};
use super::merkle::Hash;
use crate::domain::{Archive, Order};

/// The list of the hashes of the payload.
pub const MANIFEST: &str = "manifest-sha256.txt";
/// The list of the hashes of the files beside the payload.
pub const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
/// The signature over [`TAG_MANIFEST`].
pub const SIGNATURE: &str = "signature.json";
pub(crate) const BAGIT: &str = "bagit.txt";
const BAG_INFO: &str = "bag-info.txt";
const EXPORT_INFO: &str = "export-info.txt";

/// All names that no payload may have at its top.
pub(crate) const RESERVED: [&str; 6] = [BAGIT, BAG_INFO, EXPORT_INFO, MANIFEST, TAG_MANIFEST, SIGNATURE];
/// All of [`BAGIT`].
pub(crate) const BAGIT_TEXT: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/// No file beside the payload is longer, but for the manifest: they are read into memory.
pub(crate) const LONGEST_TAG: u64 = 16 << 20;

/// Files that people uploaded lie here. What they hold proves nothing about the room.
const UPLOADS: &str = "assets/";

/// Where the payload and the other files lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// A bag after RFC 8493; in a zip it is one directory of this name.
    Bag {
        /// A safe file name, see [`Layout::bag`].
        name: String,
    },
    /// The payload at the top, the other files beside it.
    Plain,
}

impl Layout {
    /// The layout that an order asks for. One that does not say gets a bag of this name, unless its
    /// one format is for programs that look for its files at the top.
    pub fn of(order: &Order, registry: &Registry, name: &str) -> Self {
        let for_others = match order.formats.as_slice() {
            [format] => registry.format(&format.id).is_ok_and(export_sdk::AnyFormat::wants_top),
            _ => false,
        };
        match order.archive {
            Some(Archive::Plain) => Self::Plain,
            None if for_others => Self::Plain,
            None | Some(Archive::Bag) => Self::bag(name),
        }
    }

    /// A bag of a name that is as near to this as file systems allow.
    pub fn bag(name: &str) -> Self {
        Self::Bag { name: safe_file_name(name) }
    }

    /// What stands before all names in a zip; `None` if the name of the bag is no safe file name.
    pub(crate) fn top(&self) -> Option<String> {
        match self {
            Self::Bag { name } => (safe_file_name(name) == *name).then(|| format!("{name}/")),
            Self::Plain => Some(String::new()),
        }
    }

    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Bag { .. } => Shape::Bag,
            Self::Plain => Shape::Plain,
        }
    }
}

/// A layout without its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Bag,
    Plain,
}

impl Shape {
    /// What stands before the names of payload files.
    pub(crate) fn payload(self) -> &'static str {
        match self {
            Self::Bag => "data/",
            Self::Plain => "",
        }
    }

    pub(crate) fn info(self) -> &'static str {
        match self {
            Self::Bag => BAG_INFO,
            Self::Plain => EXPORT_INFO,
        }
    }

    /// The files that the tag manifest lists, in its order.
    pub(crate) fn listed(self) -> &'static [&'static str] {
        match self {
            Self::Bag => &[BAGIT, BAG_INFO, MANIFEST],
            Self::Plain => &[EXPORT_INFO, MANIFEST],
        }
    }

    /// All files beside the payload, in their order.
    pub(crate) fn tags(self, signed: bool) -> Vec<&'static str> {
        let signature = signed.then_some(SIGNATURE);
        self.listed().iter().copied().chain([TAG_MANIFEST]).chain(signature).collect()
    }

    /// The path of a payload file, if this is the name of one.
    pub(crate) fn payload_path(self, name: &str) -> Option<ArtifactPath> {
        let path = name.strip_prefix(self.payload())?;
        ArtifactPath::new(path).ok().filter(|_| !RESERVED.contains(&path))
    }
}

/// One line of a list of hashes, as `sha256sum` writes and checks them. RFC 8493 would have `%` and
/// line breaks written differently; an [`ArtifactPath`] has none.
pub(crate) fn hash_line(sha256: &Hash, name: &str) -> String {
    format!("{}  {name}\n", hex::encode(sha256))
}

/// Whether single lines of this file are to be provable.
pub(crate) fn is_provable(path: &ArtifactPath, media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-ndjson") && !path.as_str().starts_with(UPLOADS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_what_people_uploaded_prove_nothing() {
        let provable = |path: &str, media_type| is_provable(&ArtifactPath::new(path).unwrap(), media_type);
        assert!(provable("room.ndjson", "application/x-ndjson"));
        assert!(provable("data/room.ndjson", "Application/X-NDJSON ; charset=utf-8"));
        assert!(!provable("assets/f1-room.ndjson", "application/x-ndjson"));
        assert!(!provable("room.json", "application/json"));
    }

    #[test]
    fn the_name_of_a_bag_is_one_name() {
        for name in ["../x", "a/b", "", "x\ny", "con"] {
            assert_eq!(Layout::Bag { name: name.to_owned() }.top(), None, "{name:?}");
            let top = Layout::bag(name).top().unwrap();
            assert_eq!(top.matches('/').count(), 1, "{top}");
        }
        assert_eq!(Layout::bag("room").top().as_deref(), Some("room/"));
    }
}
