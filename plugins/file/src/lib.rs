//! The delivery `file`: keeps an export as one file in a directory of the server.
//!
//! The download endpoint and people with access to the machine find it there under the job's key.

mod keep;

use std::path::PathBuf;
use std::sync::Arc;

use export_sdk::{
    Attempt, Delivery, Error, ErrorKind, Export, NoOptions, Packaging, Receipt, Registry, Result, Settings,
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

    fn packaging(&self) -> Packaging {
        Packaging::SingleFile
    }

    async fn deliver(
        &self,
        NoOptions {}: NoOptions,
        export: &Export,
        attempt: &Attempt<'_>,
    ) -> Result<Receipt> {
        let [artifact] = export.artifacts.as_slice() else {
            let message = format!("one file was expected to deliver, not {}", export.artifacts.len());
            return Err(Error::new(ErrorKind::Internal, message));
        };
        let name = match artifact.path.as_str().rsplit_once('.') {
            Some((_, extension)) => format!("{}.{extension}", attempt.key),
            None => attempt.key.to_owned(),
        };
        // Lives as long as this future: dropping the future tells the thread to stop.
        let wanted = Arc::new(());
        let keep = keep::Keep {
            source: artifact.file.clone(),
            size: artifact.size,
            directory: self.directory.clone(),
            name: name.clone(),
            attempt: attempt.number,
            wanted: Arc::downgrade(&wanted),
        };
        let kept = tokio::task::spawn_blocking(move || keep.run()).await;
        let file = kept.map_err(|panic| {
            Error::new(ErrorKind::Internal, "the export could not be kept").because(panic)
        })??;
        Ok(Receipt::new(format!("kept as {name}")).with_file(file))
    }
}
