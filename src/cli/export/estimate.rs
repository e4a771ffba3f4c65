//! `roomscribe export --dry-run`: how large an export would be.

use clap::Args;
use indicatif::{BinaryBytes, HumanCount};
use serde_json::json;

use crate::cli::{Outcome, say};
use crate::export::estimate::estimate;
use crate::export::render::Task;

#[derive(Args)]
pub(super) struct DryRun {
    /// Write nothing, tell how large the export would be
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Tell it as JSON
    #[arg(long, requires = "dry_run")]
    json: bool,
}

/// Prints the estimate: a small table, or JSON for programs.
pub(super) fn tell(task: &Task<'_>, options: &DryRun) -> Outcome {
    let found = estimate(task, &|| false)?;
    if options.json {
        return say(&format!(
            "{:#}",
            json!({
                "rooms": found.rooms,
                "messages": found.messages,
                "files": found.files,
                "missingFiles": found.missing_files,
                "bytes": found.bytes,
                "pages": found.pages,
                "exact": found.exact,
            })
        ));
    }
    let about = if found.exact { "" } else { "about " };
    let missing = match found.missing_files {
        0 => String::new(),
        missing => format!(", and {about}{} that are missing", HumanCount(missing)),
    };
    say(&format!("rooms     {}", HumanCount(found.rooms)))?;
    say(&format!("messages  {about}{}", HumanCount(found.messages)))?;
    say(&format!("files     {about}{}{missing}", HumanCount(found.files)))?;
    say(&format!("size      {about}{} before it is packed", BinaryBytes(found.bytes)))?;
    say(&format!("pages     {about}{}", HumanCount(found.pages)))
}
