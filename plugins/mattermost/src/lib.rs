//! The export format `mattermost`: what Mattermost's bulk import reads, for people who move there.
//!
//! An import wants the people before the posts, but who they are is known after the last message.
//! So there are two files, each written in one pass, and `README.txt` says how to join them. What is
//! kept meanwhile grows with the distinct people only.

mod card;
mod name;
mod people;
mod post;
mod text;
mod writer;

use export_sdk::{
    ExportFormat, FormatWriter, NoSettings, OptionSpec, Order, Output, Registry, Result, Scope, Settings,
};
use serde::Deserialize;

use crate::name::TeamName;

const MEDIA_TYPE: &str = "application/x-ndjson";

/// Adds the format `mattermost`.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    let NoSettings {} = settings.parse()?;
    registry.add_format(Mattermost)
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    team: TeamName,
}

struct Mattermost;

impl ExportFormat for Mattermost {
    type Options = Options;

    fn id(&self) -> &'static str {
        "mattermost"
    }

    fn media_type(&self) -> &'static str {
        MEDIA_TYPE
    }

    fn extension(&self) -> &'static str {
        "jsonl"
    }

    fn describe(&self) -> &'static str {
        "Mattermost's bulk import, with threads, reactions and files, to move there"
    }

    fn options(&self) -> Vec<OptionSpec<'_>> {
        vec![OptionSpec {
            name: "team",
            kind: "string",
            default: "roomscribe",
            help: "The team that gets the channel: 2 to 64 of a-z, 0-9 and '-', beginning with a letter",
        }]
    }

    fn order(&self) -> Order {
        Order::Threads
    }

    fn wants_top(&self) -> bool {
        true
    }

    fn start<'run>(
        &'run self,
        Options { team }: Options,
        _: &Scope<'_>,
        output: &'run mut dyn Output,
    ) -> Result<Box<dyn FormatWriter + 'run>> {
        Ok(Box::new(writer::Writer::new(team, output)?))
    }
}
