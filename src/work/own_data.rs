//! What is kept about a user besides messages, in an export of their own data.

use std::io::Write;

use export_sdk as sdk;
use export_sdk::{ArtifactPath, ErrorKind};

use crate::app::App;
use crate::domain::Job;
use crate::service::data_downloads;

/// Writes down what is kept about the owner besides messages.
pub(super) fn about_owner(app: &App, job: &Job, output: &mut dyn sdk::Output) -> sdk::Result<()> {
    let unreadable =
        |error| sdk::Error::new(ErrorKind::Internal, "the account cannot be read").because(error);
    let told = data_downloads::about(app, &job.owner).map_err(unreadable)?;
    let mut file = output.create(&ArtifactPath::new("user.json")?, "application/json")?;
    serde_json::to_writer_pretty(&mut file, &told).map_err(std::io::Error::from)?;
    Ok(file.flush()?)
}
