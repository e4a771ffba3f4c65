//! Use cases: what people and programs do, one file per noun, plain functions over [`App`].
//!
//! They know nothing of HTTP. Who may call them in general stands in the endpoint's row; what
//! depends on the room or message at hand is decided here.
//!
//! [`App`]: crate::app::App

pub mod access;
pub mod account_changes;
pub mod account_names;
pub mod accounts;
pub mod audit;
pub mod bootstrap;
pub mod caller;
pub mod cards;
pub mod check;
pub mod clean_history;
pub mod custom_fields;
pub mod departures;
pub mod direct;
pub mod discussions;
pub mod downloads;
pub mod editing;
pub mod export_links;
pub mod exports;
pub mod history;
pub mod invites;
pub mod jobs;
pub mod login;
pub mod members;
pub mod mentions;
pub mod messages;
pub mod names;
pub mod orders;
pub mod outbox;
pub mod ownership;
pub mod password_policy;
pub mod permissions;
pub mod personal_tokens;
pub mod preferences;
pub mod presence;
pub mod quotas;
pub mod reactions;
pub mod retention;
pub mod retention_policies;
pub mod room_edits;
pub mod room_roles;
pub mod rooms;
pub mod secrets;
pub mod sending;
pub mod sessions;
pub mod settings;
pub mod subscriptions;
pub mod targets;
pub mod teams;
pub mod threads;
pub mod uploads;
pub mod users;
pub mod writing;
