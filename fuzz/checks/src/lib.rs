//! What must hold of any input, however hostile: one function for each way into the program.
//!
//! Each takes bytes and panics where the promise is broken. The fuzz targets call them with what the
//! fuzzer makes up, the tests of this crate with every input of the corpus and with mutations of these.
//! So an input that was found once stays a test.

pub mod formats;
pub mod import;
pub mod keys;
pub mod markdown;
mod markup;
pub mod options;
pub mod pages;
mod parts;
pub mod requests;
mod sections;
mod server;
pub mod verify;

/// A promise: its name, which is that of its fuzz target and its corpus, and the check.
pub type Target = (&'static str, fn(&[u8]));

/// All promises.
pub const TARGETS: &[Target] = &[
    ("formats", formats::check),
    ("import", import::check),
    ("keys", keys::check),
    ("markdown", markdown::check),
    ("options", options::check),
    ("pages", pages::check),
    ("requests", requests::check),
    ("verify", verify::check),
];
