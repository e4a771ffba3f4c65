//! Formats that are found while the server runs.

use std::sync::Arc;

use crate::AnyFormat;

/// A place where formats are found: a directory of modules.
///
/// What it finds is exchanged as a whole; an export under way keeps what it began with.
pub trait FormatSource: Send + Sync + 'static {
    /// Looks, and returns everything there is, whether it can be used or not, in an order that does not
    /// depend on chance. It may block.
    fn look(&self, look: Look) -> Vec<Found>;
}

/// How closely a [`FormatSource`] looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// What has not changed stays as it is, and switched off if it is.
    ForChanges,
    /// Everything is read anew, and gets a new chance.
    Afresh,
}

/// A file that should be a format.
#[derive(Clone)]
pub struct Found {
    /// Its name: `tsv.wasm`.
    pub file: String,
    /// The format, or why there is none, for administrators.
    pub format: Result<Arc<dyn AnyFormat>, String>,
}

/// Where a format comes from that is not part of the program.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The name of its file: `tsv.wasm`.
    pub file: &'a str,
    /// Its own version, as it says.
    pub version: &'a str,
}
