//! The export format `slack`: the directory that Slack's own export is, for people who move there
//! or use a program that reads such exports.
//!
//! One pass and little memory: besides the distinct people of the room, and the threads that are
//! still being answered, at most 1,000 messages are kept at a time.

mod card;
mod channel;
mod days;
mod file;
mod held;
mod id;
mod line;
mod link;
mod mrkdwn;
mod people;
mod system;
mod writer;

use export_sdk::{
    ExportFormat, FormatWriter, NoOptions, NoSettings, Output, Registry, Result, Scope, Settings,
};

const MEDIA_TYPE: &str = "application/json";

/// Adds the format `slack`.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    let NoSettings {} = settings.parse()?;
    registry.add_format(Slack)
}

struct Slack;

impl ExportFormat for Slack {
    type Options = NoOptions;

    fn id(&self) -> &'static str {
        "slack"
    }

    fn media_type(&self) -> &'static str {
        MEDIA_TYPE
    }

    fn extension(&self) -> &'static str {
        "json"
    }

    fn describe(&self) -> &'static str {
        "A Slack export: users.json, channels.json and a file for each day, to move to Slack or a reader of its exports"
    }

    fn wants_top(&self) -> bool {
        true
    }

    fn start<'run>(
        &'run self,
        NoOptions {}: NoOptions,
        _: &Scope<'_>,
        output: &'run mut dyn Output,
    ) -> Result<Box<dyn FormatWriter + 'run>> {
        Ok(Box::new(writer::Writer::new(output)))
    }
}
