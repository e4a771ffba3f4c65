//! What is done in the background: exports rendered and handed over, mails sent.

use prometheus::{IntCounter, IntCounterVec, Registry};

use super::register;

/// Background work.
#[derive(Debug)]
pub struct Work {
    ended: IntCounterVec,
    messages: IntCounter,
    bytes: IntCounter,
    deliveries: IntCounterVec,
    mails: IntCounterVec,
}

/// How a try to send a mail went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It worked.
    Done,
    /// It will be tried again.
    Deferred,
    /// It was given up.
    Failed,
}

impl Work {
    pub(super) fn new(registry: &Registry) -> Self {
        let work = Self {
            ended: register::counters(
                registry,
                "roomscribe_exports_ended_total",
                "Exports that came to their end, by state.",
                &["state"],
            ),
            messages: register::counter(
                registry,
                "roomscribe_export_messages_total",
                "Messages in exports that were rendered.",
            ),
            bytes: register::counter(
                registry,
                "roomscribe_export_bytes_total",
                "Bytes of exports that were rendered, before they were packed.",
            ),
            deliveries: register::counters(
                registry,
                "roomscribe_export_deliveries_total",
                "Tries to hand an export over, by delivery and outcome.",
                &["delivery", "outcome"],
            ),
            mails: register::counters(
                registry,
                "roomscribe_mails_total",
                "Tries to send a mail.",
                &["outcome"],
            ),
        };
        // A rate needs a zero to begin with.
        for state in ["done", "failed", "cancelled"] {
            work.ended.with_label_values(&[state]);
        }
        for outcome in [Outcome::Done, Outcome::Deferred, Outcome::Failed] {
            work.mails.with_label_values(&[outcome.word()]);
        }
        work
    }

    /// Counts an export that came to its end; `state` is the word for it.
    pub fn export_ended(&self, state: &str) {
        self.ended.with_label_values(&[state]).inc();
    }

    /// Counts a rendering.
    pub fn rendered(&self, messages: u64, bytes: u64) {
        self.messages.inc_by(messages);
        self.bytes.inc_by(bytes);
    }

    /// Counts a try to deliver, and whether it worked; `delivery` is the id of a plug-in.
    pub fn delivered(&self, delivery: &str, worked: bool) {
        let outcome = if worked { Outcome::Done } else { Outcome::Failed };
        self.deliveries.with_label_values(&[delivery, outcome.word()]).inc();
    }

    /// Counts a try to send a mail.
    pub fn mailed(&self, outcome: Outcome) {
        self.mails.with_label_values(&[outcome.word()]).inc();
    }
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Deferred => "deferred",
            Self::Failed => "failed",
        }
    }
}
