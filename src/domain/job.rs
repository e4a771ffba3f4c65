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
    /// Whether a sealed rendering of it lies in its spool, which is never made again.
    pub sealed: bool,
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
    /// SHA-256 of what was handed over: of the one file, or of the list of hashes of several.
    pub digest: Option<[u8; 32]>,
    /// The finished file, as long as it may be on disk.
    pub file: Option<ExportFile>,
    /// Nobody is given the file any more: it is gone, or about to go.
    pub file_expired: bool,
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

impl Job {
    /// Applies an event. `false`: it makes no sense here, and nothing has happened.
    pub fn apply(&mut self, event: JobEvent, now: Time) -> bool {
        let before = Stage { state: self.state, sealed: self.sealed };
        let Some(Stage { state, sealed }) = before.after(event) else { return false };
        if !state.is_final() {
            self.finished = None;
        } else if !before.state.is_final() {
            self.finished = Some(now);
        }
        (self.state, self.sealed) = (state, sealed);
        true
    }

    /// The finished file, if somebody may have it.
    pub fn offered_file(&self) -> Option<&ExportFile> {
        self.file.as_ref().filter(|_| !self.file_expired)
    }

    /// Whether its spool is still needed: for its work, or for a retry of its delivery.
    pub fn needs_spool(&self) -> bool {
        !self.state.is_final() || self.sealed
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
    /// Given up, until its owner asks for it again.
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
    /// Its owner wants it all the same.
    Retried,
    /// The sealed rendering of a job that failed was kept long enough, or is gone.
    Cleared,
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

    /// Whether nothing more will happen by itself.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// All that decides about what may happen to a job next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// Where it stands.
    pub state: JobState,
    /// Whether a sealed rendering lies in its spool.
    pub sealed: bool,
}

impl Stage {
    /// The beginning.
    pub const NEW: Self = Self { state: JobState::Queued, sealed: false };

    /// The stage after `event`; `None` if it makes no sense here, and then nothing happens.
    pub fn after(self, event: JobEvent) -> Option<Self> {
        use JobState::{Cancelled, Delivering, Done, Failed, Queued, Rendering};
        let sealed = self.sealed;
        let (state, sealed) = match (event, self.state) {
            (JobEvent::Started, Queued) | (JobEvent::Rendered, Rendering) => (Rendering, false),
            (JobEvent::Sealed, Rendering) | (JobEvent::Deferred, Delivering) => (Delivering, true),
            (JobEvent::Delivered, Delivering) => (Done, false),
            (JobEvent::Interrupted, Rendering) => (Queued, false),
            (JobEvent::GaveUp, Queued | Rendering | Delivering) => (Failed, sealed),
            (JobEvent::Cancelled, Queued | Rendering | Delivering) => (Cancelled, false),
            (JobEvent::Retried, Failed) => (if sealed { Delivering } else { Queued }, sealed),
            (JobEvent::Cleared, Failed) if sealed => (Failed, false),
            _ => return None,
        };
        Some(Self { state, sealed })
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
        JobEvent::Retried,
        JobEvent::Cleared,
    ];

    proptest! {
        #[test]
        fn only_a_retry_leaves_a_final_state_and_what_is_sealed_is_delivered_and_not_rendered_again(
            events in prop::collection::vec(prop::sample::select(EVENTS), 0..60)
        ) {
            // Whether a sealed rendering exists, told by the events alone.
            let (mut stage, mut exists) = (Stage::NEW, false);
            for event in events {
                let Some(next) = stage.after(event) else { continue };
                if stage.state.is_final() && next.state != stage.state {
                    prop_assert!(event == JobEvent::Retried && stage.state == JobState::Failed);
                    let again = if exists { JobState::Delivering } else { JobState::Queued };
                    prop_assert_eq!(next.state, again);
                }
                prop_assert!(event != JobEvent::Started || !exists, "rendered again: {stage:?}");
                prop_assert!(next.state != JobState::Done || exists, "done without a rendering");
                exists |= event == JobEvent::Sealed;
                exists &= !matches!(event, JobEvent::Cleared | JobEvent::Cancelled | JobEvent::Delivered);
                prop_assert_eq!(next.sealed, exists);
                let working = matches!(next.state, JobState::Queued | JobState::Rendering);
                prop_assert!(!(working && next.sealed));
                stage = next;
            }
        }

        #[test]
        fn every_state_that_is_not_final_can_come_to_each_end(
            events in prop::collection::vec(prop::sample::select(EVENTS), 0..60)
        ) {
            let stage = events.into_iter().fold(Stage::NEW, |stage, event| stage.after(event).unwrap_or(stage));
            for event in [JobEvent::GaveUp, JobEvent::Cancelled] {
                prop_assert_eq!(stage.after(event).is_some(), !stage.state.is_final());
            }
        }
    }
}
