//! What every plug-in must get right, as a test that its crate calls.
//!
//! ```text
//! #[test]
//! fn it_keeps_the_contract() {
//!     export_sdk::conformance::format(my_format::register, "mine");
//! }
//! ```

mod checks;
mod delivery;
mod golden;
mod hostile;
mod load;
mod memory;
mod place;
mod suite;
mod transform;

pub use checks::{CHECKS, Check};
pub use delivery::delivery;
pub use golden::{golden, golden_in, golden_rooms};
pub use hostile::{HOSTILE_NAMES, HOSTILE_TEXTS};
pub use load::load;
pub use memory::{MemoryDownloads, MemoryOutbox, MemoryOutput, Shared};
pub use place::{Arrived, Place, files_in};
pub use suite::{Register, format, render, sample_messages, sample_room, sample_scope};
pub use transform::{Transformed, transform, transformed};
