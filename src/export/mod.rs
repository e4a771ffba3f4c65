//! From a room to a receipt.

pub mod plugins;
pub mod progress;
pub mod view;
