//! The delivery `file`: keeps an export as one file in a directory of the server.
//!
//! The download endpoint and people with access to the machine find it there under the job's key.

use std::path::PathBuf;

use export_sdk::{
    Attempt, Delivery, Export, NoOptions, Packaging, Receipt, Registry, Result, Settings, keep_file,
};
use serde::Deserialize;

/// Adds the delivery `file`.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    let FileSettings { directory } = settings.parse()?;
    registry.add_delivery(File { directory: settings.data_dir().join(directory) })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileSettings {
    /// Where the files go; a relative path begins in the data directory.
    directory: PathBuf,
}

impl Default for FileSettings {
    fn default() -> Self {
        Self { directory: PathBuf::from("exports") }
    }
}

struct File {
    directory: PathBuf,
}

impl Delivery for File {
    type Options = NoOptions;

    fn id(&self) -> &'static str {
        "file"
    }

    fn describe(&self) -> &'static str {
        "Keeps the export on the server, for download"
    }

    fn packaging(&self, _: &NoOptions, _: &[String]) -> Packaging {
        Packaging::SingleFile
    }

    async fn deliver(
        &self,
        NoOptions {}: NoOptions,
        export: &Export,
        attempt: &Attempt<'_>,
    ) -> Result<Receipt> {
        let file = keep_file("file", &self.directory, export, attempt).await?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Receipt::new(format!("kept as {name}")).with_file(file))
    }
}
