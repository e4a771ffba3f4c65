//! Use cases: what people and programs do, one file per noun, plain functions over [`App`].
//!
//! They know nothing of HTTP. Who may call them in general stands in the endpoint's row; what
//! depends on the room or message at hand is decided here.
//!
//! [`App`]: crate::app::App

pub mod access;
pub mod bootstrap;
pub mod caller;
pub mod check;
pub mod direct;
pub mod exports;
pub mod history;
pub mod jobs;
pub mod members;
pub mod names;
pub mod room_edits;
pub mod room_roles;
pub mod rooms;
pub mod sessions;
pub mod settings;
pub mod subscriptions;
