//! Pure data and rules of chat: no I/O, no clock, no async.
//!
//! These structs are what the store keeps. They derive serde for the store's codec alone, so they
//! carry no serde attributes; how Rocket.Chat's clients see them is `api::wire`'s affair.

pub mod audit;
pub mod change;
pub mod defaults;
pub mod factor;
pub mod html;
pub mod id;
pub mod job;
pub mod json;
pub mod link;
pub mod mail;
pub mod message;
pub mod name;
pub mod order;
pub mod permission;
pub mod query;
pub mod report;
pub mod room;
pub mod setting;
pub mod time;
pub mod totp;
pub mod unread_thread;
pub mod upload;
pub mod user;

pub use audit::{AuditEntry, AuditEvent};
pub use factor::{OneTimeToken, PasswordHistory, SecondFactor};
pub use id::{JobId, MessageId, RoomId, UploadId, UserId};
pub use job::{Job, JobState};
pub use json::Json;
pub use link::ExportLink;
pub use mail::{OutboxMail, OutboxState};
pub use message::Message;
pub use order::{Archive, Choice, Order, Rooms};
pub use permission::{Grant, Role, RoleScope};
pub use report::Report;
pub use room::{Activity, Room, RoomKind, Subscription};
pub use setting::Setting;
pub use time::Time;
pub use unread_thread::{UnreadThread, UnreadThreads};
pub use upload::Upload;
pub use user::{LoginToken, User, UserRef};
