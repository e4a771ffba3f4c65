//! Pure data and rules of chat: no I/O, no clock, no async.
//!
//! These structs are what the store keeps. They derive serde for the store's codec alone, so they
//! carry no serde attributes; how Rocket.Chat's clients see them is `api::wire`'s affair.

pub mod audit;
pub mod avatar;
pub mod change;
pub mod defaults;
pub mod device;
pub mod directory;
pub mod emoji;
pub mod factor;
pub mod html;
pub mod id;
pub mod integration;
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
pub mod report;
pub mod rewriting;
pub mod room;
pub mod search_run;
pub mod searchable;
pub mod setting;
pub mod signature;
pub mod statistics;
pub mod status;
pub mod time;
pub mod totp;
pub mod upload;
pub mod user;

pub use audit::{AuditEntry, AuditEvent};
pub use avatar::Avatar;
pub use device::PushToken;
pub use emoji::{Emoji, EmojiName};
pub use factor::{OneTimeToken, PasswordHistory, SecondFactor};
pub use id::{IntegrationId, JobId, MessageId, RoomId, UploadId, UserId};
pub use integration::{HookEvent, HookRecord, Integration, WaitingCall};
pub use job::{Job, JobState};
pub use json::Json;
pub use link::ExportLink;
pub use mail::{OutboxMail, OutboxState};
pub use message::Message;
pub use order::{Archive, Choice, Order, Rooms};
pub use permission::{Grant, Role, RoleScope};
pub use removed::Removed;
pub use report::Report;
pub use rewriting::Rewriting;
pub use room::{Activity, Room, RoomKind, Subscription};
pub use search_run::SearchRun;
pub use setting::Setting;
pub use signature::Signature;
pub use status::CustomStatus;
pub use time::Time;
pub use upload::Upload;
pub use user::{LoginToken, User, UserRef};
