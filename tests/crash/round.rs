//! One life of the server: everybody works until it is killed.

use std::sync::atomic::{AtomicBool, Ordering};

use rand::SeedableRng;
use rand::rngs::StdRng;

use serde_json::Value;

use crate::client::Answer;
use crate::tally::Tally;

/// What everybody needs to know meanwhile.
pub(crate) struct Round<'a> {
    /// Counted from 0.
    pub(crate) number: u64,
    pub(crate) tally: &'a Tally,
    over: AtomicBool,
}

impl<'a> Round<'a> {
    /// A round that is not over.
    pub(crate) fn new(number: u64, tally: &'a Tally) -> Self {
        Self { number, tally, over: AtomicBool::new(false) }
    }

    /// The server was killed.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// The reply to a success, counted. A refusal is wrong: nobody asks for what is not allowed. Silence
    /// means that the server is dead, and the round over.
    pub(crate) fn judge(&self, kind: &'static str, answer: Answer) -> Option<Value> {
        match answer {
            Answer::Done(reply) => {
                self.tally.acknowledged(kind);
                return Some(reply);
            }
            Answer::Refused(status, body) => {
                self.tally.wrong(format!("a {kind} was refused with {status}: {body}"));
            }
            Answer::Silence => self.end(),
        }
        None
    }

    /// Whether the server was killed.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// The choices of one person in one round: the same for the same seed, whatever the others do.
pub(crate) fn choices(seed: u64, round: u64, person: u64) -> StdRng {
    let mixed =
        seed ^ (round + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ person.wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    StdRng::seed_from_u64(mixed)
}
