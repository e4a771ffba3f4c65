//! The transform `drop`: leaves out messages that do not belong into an export.
//!
//! A message goes if any of the given options says so. What stays is untouched, but for the traces
//! of what was asked to go: counts of replies, reactions.

mod options;

use export_sdk::{
    Message, NoSettings, OptionSpec, Patterns, Registry, Result, Settings, Texts, Transform, Transformer,
    Verdict,
};

use options::{DropOptions, SPECS};

/// Adds the transform `drop`.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    let NoSettings {} = settings.parse()?;
    registry.add_transform(Drop)
}

struct Drop;

impl Transform for Drop {
    type Options = DropOptions;

    fn id(&self) -> &'static str {
        "drop"
    }

    fn describe(&self) -> &'static str {
        "Leaves messages out: by author, text or type, with files, replies in threads; or all reactions"
    }

    fn options(&self) -> Vec<OptionSpec<'_>> {
        SPECS.to_vec()
    }

    fn start<'run>(&'run self, options: DropOptions) -> Result<Box<dyn Transformer + 'run>> {
        options.check()?;
        let matching = Patterns::compile("matching", &options.matching)?;
        Ok(Box::new(Dropper { options, matching }))
    }
}

struct Dropper {
    options: DropOptions,
    matching: Patterns,
}

impl Transformer for Dropper {
    fn message<'a>(&mut self, message: &mut Message<'a>, _: &'a Texts) -> Result<Verdict> {
        if self.goes(message) {
            return Ok(Verdict::Drop);
        }
        if self.options.replies {
            message.replies = None;
        }
        if self.options.reactions {
            message.reactions.clear();
        }
        Ok(Verdict::Keep)
    }
}

impl Dropper {
    fn goes(&self, message: &Message<'_>) -> bool {
        let options = &self.options;
        let wrote = |names: &[String]| {
            names
                .iter()
                .any(|name| name.trim_start_matches('@').eq_ignore_ascii_case(message.author.username))
        };
        wrote(&options.from)
            || (!options.not_from.is_empty() && !wrote(&options.not_from))
            || message.kind.is_some_and(|kind| options.kinds.iter().any(|other| other == kind))
            || (options.with_files && has_files(message))
            || (options.replies && message.thread.is_some())
            || self.matches(message)
    }

    /// Whether a pattern matches what somebody wrote: the text, or what stands under a file or in a card.
    fn matches(&self, message: &Message<'_>) -> bool {
        if self.matching.is_empty() {
            return false;
        }
        self.matching.is_match(message.text)
            || message.attachments().iter().any(|card| {
                let texts = [&card.title, &card.text, &card.description, &card.pretext];
                texts.into_iter().flatten().any(|text| self.matching.is_match(text))
            })
    }
}

fn has_files(message: &Message<'_>) -> bool {
    let named = |json: &serde_json::value::RawValue| !matches!(json.get().trim(), "[]" | "null" | "{}");
    message.file_json.is_some_and(named) || message.files_json.is_some_and(named) || !message.files.is_empty()
}
