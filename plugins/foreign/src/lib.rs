//! What every format needs that lives outside of the program, whatever runs it.
//!
//! Such a format says what it is in a [`Description`]; is given the lines of `roomscribe-ndjson` through
//! a [`Run`] for each room; and answers with bytes, which go through a [`Sink`] into the export's file.
//! [`Foreign`] makes an export format of a description and a [`Machine`] that opens runs. What goes wrong
//! is a [`Failure`]: three [faults](Failure::Fault) in a row switch the format off.

mod description;
mod failure;
mod feed;
mod format;
mod log;
mod machine;
mod options;
mod sink;
mod strikes;
mod utf8;

pub use description::{Description, LONGEST_DESCRIPTION};
pub use failure::{Failure, shown};
pub use feed::LONGEST_LINE;
pub use format::{Foreign, MOST_BYTES, MOST_RECORDS};
pub use log::{Level, Log};
pub use machine::{Limits, Machine, Run};
pub use options::Options;
pub use sink::Sink;
