//! `roomscribe formats`: what exports can be made of, with all options.

use export_sdk::OptionSpec;

use super::{Outcome, Place, printable, registry, say};

pub(super) fn run(place: Place) -> Outcome {
    let registry = registry(&place.config()?)?;
    say("Formats (--format; `formats` of exports.create):")?;
    for format in registry.formats() {
        let origin = format.origin();
        let origin =
            origin.map_or_else(String::new, |origin| format!(", {} {}", origin.file, origin.version));
        let about = format!("{} ({}{origin})", format.describe(), format.media_type());
        plugin(format.id(), &about, &format.options())?;
    }
    for found in registry.found() {
        if let Err(reason) = &found.format {
            say(&format!("  no format: {}: {}", found.file, printable(reason)))?;
        }
    }
    if registry.transforms().next().is_some() {
        say("\nTransforms, which every message passes (--transform; `transforms` of exports.create):")?;
    }
    for transform in registry.transforms() {
        plugin(transform.id(), transform.describe(), &transform.options())?;
    }
    say("\nDeliveries (`delivery` of exports.create, `type` of rooms.export):")?;
    for delivery in registry.deliveries() {
        plugin(delivery.id(), delivery.describe(), &delivery.options())?;
    }
    say("\nOptions are given as --option NAME=VALUE, or --option PLUGIN.NAME=VALUE where there are several.")
}

fn plugin(id: &str, about: &str, options: &[OptionSpec<'_>]) -> Outcome {
    say(&format!("  {id:<10} {about}"))?;
    for OptionSpec { name, kind, default, help } in options {
        let default = if default.is_empty() { "none" } else { default };
        say(&format!("    {name:<12} {help} ({kind}, default {default})"))?;
    }
    Ok(())
}
