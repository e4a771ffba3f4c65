//! `roomscribe check`.

use anyhow::anyhow;
use clap::Args;

use super::{Failure, Outcome, Place, complain, printable, say};
use crate::app::App;
use crate::domain::Time;
use crate::domain::time::DAY;
use crate::service::{check, volume};
use crate::store::{self, Volume};

#[derive(Args)]
pub(super) struct Options {
    /// Also tell what takes how much of the disk, and which rooms are the largest
    #[arg(long)]
    stats: bool,
}

pub(super) fn run(place: Place, options: &Options) -> Outcome {
    let app = place.existing_app().map_err(named)?;
    let findings = check::check(&app.store, &app.config.server.data)?;
    let volumes: Vec<&Volume> = findings.volumes.iter().filter(|volume| volume.records > 0).collect();
    if options.stats {
        say_stats(&app, &volumes)?;
    } else {
        for Volume { kind, records, .. } in volumes {
            say(&format!("{records:>12}  {kind}"))?;
        }
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

/// Everything with its bytes, and what they come to on disk.
fn say_stats(app: &App, volumes: &[&Volume]) -> Outcome {
    let line = |count: u64, bytes: u64, what: &str| say(&format!("{count:>12}  {bytes:>15}  {what}"));
    say(&format!("{:>12}  {:>15}", "records", "bytes"))?;
    for Volume { kind, records, bytes } in volumes {
        line(*records, *bytes, kind)?;
    }
    let records = volumes.iter().map(|volume| volume.records).sum();
    let bytes = volumes.iter().map(|volume| volume.bytes).sum();
    line(records, bytes, "all records")?;

    let summary = volume::sum_up(&app.store)?;
    let ratio = hundredths(summary.store_bytes, bytes);
    say(&format!("{:>12}  {:>15}  the store on disk, {ratio} times its records", "", summary.store_bytes))?;
    line(summary.uploads.0, summary.uploads.1, "uploads")?;
    line(summary.blobs.0, summary.blobs.1, "different files and pictures on disk")?;
    say("\n    messages  largest rooms")?;
    for (title, messages) in &summary.rooms {
        say(&format!("{messages:>12}  {}", printable(title)))?;
    }
    if let Some((oldest, newest)) = summary.messages {
        let now = app.now();
        let days = |sent: Time| (now.millis() - sent.millis()) / DAY;
        say(&format!("\noldest message  {oldest}, {} days ago", days(oldest)))?;
        say(&format!("newest message  {newest}, {} days ago\n", days(newest)))?;
    }
    Ok(())
}

/// `part` by `whole`, to two places.
fn hundredths(part: u64, whole: u64) -> String {
    let ratio = u128::from(part) * 100 / u128::from(whole.max(1));
    format!("{}.{:02}", ratio / 100, ratio % 100)
}

/// Data that is too damaged to be opened was checked, and that is the finding.
fn named(failure: Failure) -> Failure {
    let is_damage =
        failure.error.chain().any(|cause| matches!(cause.downcast_ref(), Some(store::Error::Corrupt(_))));
    if is_damage { Failure { code: 1, ..failure } } else { failure }
}
