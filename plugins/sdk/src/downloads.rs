//! How people fetch a file that a delivery keeps on the server.

use crate::{Result, Timestamp};

/// The longest that a link can be used.
pub const LONGEST_LINK_MINUTES: u64 = 7 * 24 * 60;

/// The server's downloads, for the file of one export.
pub trait Downloads: Send + Sync {
    /// Makes a link for somebody who is named for the record, such as by an address. It opens the file
    /// once, without a login, as soon as the delivery is done, and expires after so many minutes or with
    /// the file. `None`: links are switched off, or the server does not know its own address.
    ///
    /// Whoever has a link already gets another in its place: make none for what was sent before. When
    /// this returns `Ok` the link is on disk. Blocks on it, as [`Outbox::post`](crate::Outbox::post) does.
    fn link(&self, to: &str, minutes: u64) -> Result<Option<DownloadLink>>;

    /// Where the owner of the export fetches the file after a login, as often as they like.
    fn page(&self) -> Result<Option<String>>;
}

/// A link that opens a file once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadLink {
    /// The address. Whoever knows it gets the file, so say it to nobody else.
    pub url: String,
    /// From then on it opens nothing.
    pub expires: Timestamp,
}

/// The downloads of a server that has none.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDownloads;

impl Downloads for NoDownloads {
    fn link(&self, _: &str, _: u64) -> Result<Option<DownloadLink>> {
        Ok(None)
    }

    fn page(&self) -> Result<Option<String>> {
        Ok(None)
    }
}
