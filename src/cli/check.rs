//! `roomscribe check`.

use anyhow::anyhow;

use super::{Outcome, Place, complain, say};
use crate::service::check;

pub(super) fn run(place: Place) -> Outcome {
    let app = place.existing_app()?;
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
