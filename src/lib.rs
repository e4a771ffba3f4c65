//! roomscribe: a chat server in one binary that speaks Rocket.Chat's REST API, and whose heart is
//! room export. The modules in the order in which they may use each other, the lowest first.

pub mod domain;

pub mod metrics;

pub mod store;

pub mod config;
pub mod error;
pub mod export;
pub mod limits;
pub mod mail;
pub mod passwords;
pub mod preview;

pub mod app;

pub mod import;

pub mod service;

pub mod api;

pub mod work;

pub mod web;

pub mod server;

pub mod cli;
pub mod telemetry;
