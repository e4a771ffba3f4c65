//! The transform `anonymize`: the same pseudonym for the same person, everywhere in an export.
//!
//! Replaced are login names, display names and user ids of everybody whom the rooms or messages
//! name, wherever they stand: authors, members, editors, reactions and their emoji, mentions, followers, quotes,
//! system messages, titles of direct messages, and as whole words in texts, topics, cards and links;
//! every `@name` that names nobody known becomes `@someone`. File names are replaced, and keys of a
//! message that may hold anything are left out.
//!
//! Not caught: parts of a display name (a first name alone), nicknames and misspellings, names of one
//! character and ids of less than six in the middle of a text, names of people whom the export names nowhere else, names inside
//! of longer words, ids of messages (whoever sends a message by a program may choose its id), and what
//! is inside of files.

mod card;
mod fields;
mod file;
mod looks;
mod message;
mod options;
mod people;
mod scrub;

use export_sdk::{NoSettings, OptionSpec, Registry, Result, Settings, Transform, Transformer};

use message::Anonymizer;
use options::{AnonymizeOptions, SPECS};

/// Adds the transform `anonymize`.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    let NoSettings {} = settings.parse()?;
    registry.add_transform(Anonymize)
}

struct Anonymize;

impl Transform for Anonymize {
    type Options = AnonymizeOptions;

    fn id(&self) -> &'static str {
        "anonymize"
    }

    fn describe(&self) -> &'static str {
        "Gives everybody a pseudonym, the same one everywhere in the export"
    }

    fn options(&self) -> Vec<OptionSpec<'_>> {
        SPECS.to_vec()
    }

    fn start<'run>(&'run self, options: AnonymizeOptions) -> Result<Box<dyn Transformer + 'run>> {
        Ok(Box::new(Anonymizer::new(&options)))
    }
}
