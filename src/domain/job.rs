//! An export that somebody asked for, and the states it passes through.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{JobId, Order, Time, UserId};

/// An export job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its id; the id of the download, too.
    pub id: JobId,
    /// Who asked, and alone may see it.
    pub owner: UserId,
    /// The owner's login name at that time.
    pub owner_username: String,
    /// What they asked for.
    pub order: Order,
    /// Tell the owner by mail when it is done.
    pub notify: bool,
    /// When it was asked for.
    pub created: Time,
    /// Where it stands.
    pub state: JobState,
    /// Messages written when it was last saved.
    pub messages: u64,
    /// Bytes written when it was last saved.
    pub bytes: u64,
    /// Deliveries tried.
    pub attempts: u32,
    /// Not to be tried before.
    pub due: Time,
    /// Why it failed, or what the last try met.
    pub failure: Option<String>,
    /// What the delivery said.
    pub receipt: Option<String>,
    /// The finished file.
    pub file: Option<ExportFile>,
    /// When it came to its end.
    pub finished: Option<Time>,
}

/// The file a finished job offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportFile {
    /// The name a person sees when downloading it.
    pub name: String,
    /// Where it lies; a relative path begins in the data directory.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
}

impl ExportFile {
    /// Where it lies, seen from the data directory.
    pub fn place(&self, data: &Path) -> PathBuf {
        data.join(&self.path)
    }
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum JobState {
    /// Waits for a worker.
    Queued,
    /// A format writes it down.
    Rendering,
    /// It is on disk, complete; now it is packed and handed over, again and again if need be.
    Delivering,
    /// Handed over.
    Done,
    /// Given up.
    Failed,
    /// Somebody did not want it any more.
    Cancelled,
}

/// What happens to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEvent {
    /// A worker took it up.
    Started,
    /// The rendering is complete, but not sealed yet.
    Rendered,
    /// The rendering is sealed.
    Sealed,
    /// A delivery did not work, but may later.
    Deferred,
    /// The delivery worked.
    Delivered,
    /// It will not work.
    GaveUp,
    /// Its owner cancelled it.
    Cancelled,
    /// The server stopped in the middle of it, and the rendering was not sealed.
    Interrupted,
}

impl JobState {
    /// Rocket.Chat has no word for it; this is ours, on the wire and for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Rendering => "rendering",
            Self::Delivering => "delivering",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will happen.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }

    /// The state after `event`; `None` if it makes no sense here, and then nothing happens.
    pub fn after(self, event: JobEvent) -> Option<Self> {
        match (self, event) {
            (Self::Queued, JobEvent::Started) | (Self::Rendering, JobEvent::Rendered) => {
                Some(Self::Rendering)
            }
            (Self::Rendering, JobEvent::Sealed) | (Self::Delivering, JobEvent::Deferred) => {
                Some(Self::Delivering)
            }
            (Self::Delivering, JobEvent::Delivered) => Some(Self::Done),
            (Self::Rendering, JobEvent::Interrupted) => Some(Self::Queued),
            (Self::Queued | Self::Rendering | Self::Delivering, JobEvent::GaveUp) => Some(Self::Failed),
            (Self::Queued | Self::Rendering | Self::Delivering, JobEvent::Cancelled) => Some(Self::Cancelled),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EVENTS: &[JobEvent] = &[
        JobEvent::Started,
        JobEvent::Rendered,
        JobEvent::Sealed,
        JobEvent::Deferred,
        JobEvent::Delivered,
        JobEvent::GaveUp,
        JobEvent::Cancelled,
        JobEvent::Interrupted,
    ];

    proptest! {
        #[test]
        fn a_final_state_is_never_left_and_nothing_is_delivered_unsealed(
            events in prop::collection::vec(prop::sample::select(EVENTS), 0..40)
        ) {
            let (mut state, mut sealed) = (JobState::Queued, false);
            for event in events {
                let Some(next) = state.after(event) else { continue };
                prop_assert!(!state.is_final(), "{state:?} was left by {event:?}");
                sealed |= event == JobEvent::Sealed;
                prop_assert!(next != JobState::Done || sealed);
                state = next;
            }
        }
    }
}
