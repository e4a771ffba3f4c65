//! The transform `redact`: blacks out patterns in everything that people wrote.
//!
//! What has a checksum is checked, so that few other numbers go: see the modules of `find` for the
//! rule of each kind. Names of people stay - login names and ids are the identity of their messages, and
//! whoever sends a message by a program may choose its id - and belong to the transform `anonymize`.

mod find;
mod message;
mod options;
mod redactor;

use export_sdk::{NoSettings, OptionSpec, Registry, Result, Settings, Transform, Transformer};

use message::Blackout;
use options::{RedactOptions, SPECS};
use redactor::Redactor;

/// Adds the transform `redact`.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    let NoSettings {} = settings.parse()?;
    registry.add_transform(Redact)
}

struct Redact;

impl Transform for Redact {
    type Options = RedactOptions;

    fn id(&self) -> &'static str {
        "redact"
    }

    fn describe(&self) -> &'static str {
        "Blacks out e-mail addresses, phone numbers, payment cards, IBANs, IP addresses and own patterns"
    }

    fn options(&self) -> Vec<OptionSpec<'_>> {
        SPECS.to_vec()
    }

    fn start<'run>(&'run self, options: RedactOptions) -> Result<Box<dyn Transformer + 'run>> {
        Ok(Box::new(Blackout { redactor: Redactor::new(options)? }))
    }
}
