//! Pure data and rules of chat: no I/O, no clock, no async.
//!
//! These structs are what the store keeps. They derive serde for the store's codec alone, so they
//! carry no serde attributes; how Rocket.Chat's clients see them is `api::wire`'s affair.

pub mod audit;
pub mod change;
pub mod defaults;
pub mod html;
pub mod id;
pub mod invite;
pub mod job;
pub mod json;
pub mod link;
pub mod mail;
pub mod message;
pub mod name;
pub mod order;
pub mod permission;
pub mod query;
pub mod retention;
pub mod room;
pub mod setting;
pub mod team;
pub mod time;
pub mod upload;
pub mod user;

pub use audit::{AuditEntry, AuditEvent};
pub use id::{JobId, MessageId, RoomId, TeamId, UploadId, UserId};
pub use invite::Invite;
pub use job::{Job, JobState};
pub use json::Json;
pub use link::ExportLink;
pub use mail::{OutboxMail, OutboxState};
pub use message::Message;
pub use order::{Archive, Choice, Order, Rooms};
pub use permission::{Grant, Role, RoleScope};
pub use retention::RetentionEdit;
pub use room::{Activity, Room, RoomKind, Subscription};
pub use setting::Setting;
pub use team::TeamPlace;
pub use time::Time;
pub use upload::Upload;
pub use user::{LoginToken, User, UserRef};
