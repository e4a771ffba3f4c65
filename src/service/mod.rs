//! Use cases: what people and programs do, one file per noun, plain functions over [`App`].
//!
//! They know nothing of HTTP. Who may call them in general stands in the endpoint's row; what
//! depends on the room or message at hand is decided here.
//!
//! [`App`]: crate::app::App

pub mod access;
pub mod bootstrap;
pub mod caller;
pub mod cards;
pub mod check;
pub mod direct;
pub mod editing;
pub mod exports;
pub mod jobs;
pub mod mentions;
pub mod messages;
pub mod reactions;
pub mod rooms;
pub mod sending;
pub mod sessions;
pub mod settings;
pub mod targets;
pub mod threads;
pub mod uploads;
pub mod writing;
