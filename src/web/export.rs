//! `GET /data-export/<id>`: the file of a finished export, for the one who asked for it, and once for
//! whoever has a link to it.

use std::sync::Arc;

use warp::Reply as _;
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use super::credentials;
use super::file::{self, Disposition, FileAnswer};
use crate::api::reply::Reply;
use crate::api::request::Incoming;
use crate::app::App;
use crate::domain::JobId;
use crate::domain::job::ExportFile;
use crate::error::Error;
use crate::service::caller::Client;
use crate::service::downloads::{self, Download, Wish};
use crate::telemetry::spawn_blocking;

/// The export that a path names.
pub fn export_id(path: &str) -> Option<JobId> {
    let id = percent_encoding::percent_decode_str(path.strip_prefix("/data-export/")?).decode_utf8().ok()?;
    (!id.is_empty()).then(|| JobId::new(id))
}

/// Answers with the file of an export, or with an empty refusal.
pub async fn export(app: &Arc<App>, id: JobId, headers: &HeaderMap, incoming: &Incoming) -> Response {
    let client = Client::at(incoming.client);
    let wish = if incoming.head_only { Wish::Look } else { Wish::Fetch };
    let (worker, query, given) = (Arc::clone(app), incoming.query.clone(), headers.clone());
    let decided = spawn_blocking(move || {
        // A link decides alone: it must not matter who has logged in to the browser that opens it.
        if let Some(token) = credentials::parameter(&query, "link") {
            let look = downloads::by_link(&worker, &client, &id, &token, Wish::Look)?;
            // What the answer holds no bytes of uses up nothing.
            return match &look {
                Download::Granted(_, file)
                    if wish == Wish::Fetch && file::gives_bytes(&given, &etag(file), file.size) =>
                {
                    downloads::by_link(&worker, &client, &id, &token, wish)
                }
                Download::Granted(..) | Download::Refused | Download::Unknown => Ok(look),
            };
        }
        let caller = credentials::caller(&worker, &given, &query, &client)?;
        downloads::for_owner(&worker, caller.as_ref(), &id, wish)
    })
    .await;
    let (job, file) = match decided.unwrap_or_else(|panic| Err(Error::internal(panic))) {
        Ok(Download::Granted(job, file)) => (job, file),
        Ok(Download::Refused) => return StatusCode::FORBIDDEN.into_response(),
        Ok(Download::Unknown) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => return super::small(Reply::failure(&error)),
    };
    let place = file.place(&app.config.server.data);
    let answer = FileAnswer {
        media_type: "application/zip".to_owned(),
        disposition: Disposition::Download,
        modified: job.finished.unwrap_or(job.created),
        etag: etag(&file),
        name: file.name,
        cache: "private, no-store".to_owned(),
    };
    file::stream(&place, answer, headers).await
}

fn etag(file: &ExportFile) -> String {
    hex::encode(file.sha256)
}
