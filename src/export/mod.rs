//! From a room to a receipt.
//!
//! ```text
//! request -> Job in the store -> Queued
//!   a worker takes it:     Rendering   room -> view -> format -> spool, on a blocking thread
//!   the spool is sealed:   Delivering  the commit point: from here on nothing is rendered again
//!   packed if need be, handed to the delivery, tried again with growing pauses
//!                          Done | Failed | Cancelled
//!   a retry of one that failed: Delivering while its sealed rendering is kept, else Queued
//! ```
//!
//! After a crash a job whose spool is sealed goes on at Delivering; any other begins again. The
//! window of a job is pinned when it is made, so beginning again gives the same export.

pub mod bag;
pub mod estimate;
pub mod installed;
pub mod merkle;
pub mod pack;
pub mod plugins;
pub mod progress;
pub mod prove;
pub mod render;
pub mod signing;
pub mod space;
pub mod spool;
pub mod verify;
pub mod view;
