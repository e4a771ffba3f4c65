//! The contract between the roomscribe server and its export plug-ins.
//!
//! A plug-in is an [`ExportFormat`] (how rooms are written down), a [`Transform`] (what is changed or
//! left out on the way) or a [`Delivery`] (how the result is handed over). All are plain traits: a
//! format turns borrowed [`Message`]s into bytes through an [`Output`]; a delivery sees only
//! complete, hashed files. The host owns the loop, the files, retries, cancellation and the errors'
//! way to people.
//!
//! A plug-in crate exports one function, `register`, and is named in one line of the server.

mod artifact;
#[cfg(feature = "conformance")]
pub mod conformance;
mod delivery;
mod downloads;
mod error;
mod format;
mod heading;
#[cfg(feature = "keep")]
mod keep;
mod link;
mod mail;
pub mod ndjson;
mod options;
mod output;
#[cfg(feature = "patterns")]
mod patterns;
mod plain;
mod reactions;
mod registry;
mod room;
mod scope;
mod settings;
mod source;
mod strings;
mod system;
mod thread;
mod timestamp;
mod transform;
mod view;
mod wire;
mod writer;

pub use artifact::{ArtifactPath, safe_file_name};
pub use delivery::{Artifact, Attempt, Delivery, Export, Packaging, Receipt};
pub use downloads::{DownloadLink, Downloads, LONGEST_LINK_MINUTES, NoDownloads};
pub use error::{Cancelled, Error, ErrorKind, Result};
pub use format::{ExportFormat, Order};
pub use heading::Heading;
#[cfg(feature = "keep")]
pub use keep::keep_file;
pub use link::FileLink;
pub use mail::{Mail, MailAddress, MailFile, MailSubject, Outbox};
pub use options::{NoOptions, OptionSpec};
pub use output::Output;
#[cfg(feature = "patterns")]
pub use patterns::Patterns;
pub use plain::{plain_line, plain_lines};
pub use reactions::rename_reactions;
pub use registry::{AnyDelivery, AnyFormat, AnyTransform, BoxFuture, Registry};
pub use room::{Member, Room, RoomKind};
pub use scope::{Scope, Summary};
pub use settings::{NoSettings, Settings};
pub use source::{FormatSource, Found, Look, Origin};
pub use strings::{map_keys_and_strings, map_strings};
pub use system::system_text;
pub use thread::OpenThread;
pub use timestamp::Timestamp;
pub use transform::{Texts, Transform, Transformer, Verdict};
pub use view::{
    Attachment, Author, CardField, Edited, File, Mention, Message, Pinned, Reaction, Replies, Stored,
};
pub use writer::{FormatWriter, RoomWriter, each_room};
