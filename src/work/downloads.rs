//! Downloads as deliveries see them: links to the file of the export that they hand over.

use export_sdk as sdk;
use export_sdk::{DownloadLink, Downloads, ErrorKind};

use crate::app::App;
use crate::domain::JobId;
use crate::error::Error;
use crate::export::view;
use crate::service::{export_links, settings};

/// The downloads of one job.
pub struct JobDownloads<'a> {
    app: &'a App,
    job: &'a JobId,
}

impl<'a> JobDownloads<'a> {
    /// Those of this job.
    pub fn new(app: &'a App, job: &'a JobId) -> Self {
        Self { app, job }
    }
}

impl Downloads for JobDownloads<'_> {
    fn link(&self, to: &str, minutes: u64) -> sdk::Result<Option<DownloadLink>> {
        let made = export_links::make_for(self.app, self.job, to, minutes).map_err(failed)?;
        Ok(made.map(|(url, expires)| DownloadLink { url, expires: view::time(expires) }))
    }

    fn page(&self) -> sdk::Result<Option<String>> {
        let is_known = !settings::site_url(self.app).map_err(failed)?.is_empty();
        is_known.then(|| export_links::page(self.app, self.job).map_err(failed)).transpose()
    }
}

fn failed(error: Error) -> sdk::Error {
    sdk::Error::new(ErrorKind::Internal, "no link to the export could be made").because(error)
}
