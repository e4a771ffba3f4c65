//! `roomscribe check`.

use anyhow::anyhow;

use super::{Failure, Outcome, Place, complain, say};
use crate::service::check;
use crate::store;

pub(super) fn run(place: Place) -> Outcome {
    let app = place.existing_app().map_err(named)?;
    let findings = check::check(&app.store, &app.config.server.data)?;
    for (name, count) in findings.counts.iter().filter(|(_, count)| *count > 0) {
        say(&format!("{count:>12}  {name}"))?;
    }
    for complaint in &findings.complaints {
        complain(complaint);
    }
    match findings.complaints.len() {
        0 => {
            say("Everything is whole.")?;
            Ok(())
        }
        count => {
            let more = if count >= check::MOST_COMPLAINTS { " or more" } else { "" };
            Err(anyhow!("{count}{more} things are wrong; restore a backup, or ask for help with this output")
                .into())
        }
    }
}

/// Data that is too damaged to be opened was checked, and that is the finding.
fn named(failure: Failure) -> Failure {
    let is_damage =
        failure.error.chain().any(|cause| matches!(cause.downcast_ref(), Some(store::Error::Corrupt(_))));
    if is_damage { Failure { code: 1, ..failure } } else { failure }
}
