//! Pure data and rules of chat: no I/O, no clock, no async.
//!
//! These structs are what the store keeps. They derive serde for the store's codec alone, so they
//! carry no serde attributes; how Rocket.Chat's clients see them is `api::wire`'s affair.

pub mod audit;
pub mod change;
pub mod defaults;
pub mod device;
pub mod emoji;
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
pub mod removed;
pub mod room;
pub mod setting;
pub mod statistics;
pub mod status;
pub mod time;
pub mod upload;
pub mod user;

pub use audit::{AuditEntry, AuditEvent};
pub use device::PushToken;
pub use emoji::{Emoji, EmojiName};
pub use id::{JobId, MessageId, RoomId, UploadId, UserId};
pub use job::{Job, JobState};
pub use json::Json;
pub use link::ExportLink;
pub use mail::{OutboxMail, OutboxState};
pub use message::Message;
pub use order::{Archive, Choice, Order, Rooms};
pub use permission::{Grant, Role, RoleScope};
pub use removed::Removed;
pub use room::{Activity, Room, RoomKind, Subscription};
pub use setting::Setting;
pub use status::CustomStatus;
pub use time::Time;
pub use upload::Upload;
pub use user::{LoginToken, User, UserRef};
