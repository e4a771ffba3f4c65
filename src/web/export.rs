//! `GET /data-export/<id>`: the file of a finished export, for the one who asked for it, and once for
//! whoever has a link to it.

use std::sync::Arc;

use warp::Reply as _;
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use super::credentials;
use super::file::{self, Disposition, FileAnswer};
use super::page::{is_for_people, page};
use crate::api::reply::Reply;
use crate::api::request::Incoming;
use crate::app::App;
use crate::domain::JobId;
use crate::domain::job::ExportFile;
use crate::error::Error;
use crate::service::caller::Client;
use crate::service::downloads::{self, Download, Wish};
use crate::service::settings;
use crate::telemetry::spawn_blocking;

/// The export that a path names.
pub fn export_id(path: &str) -> Option<JobId> {
    let id = percent_encoding::percent_decode_str(path.strip_prefix("/data-export/")?).decode_utf8().ok()?;
    (!id.is_empty()).then(|| JobId::new(id))
}

/// Answers with the file of an export, or with an empty refusal; to a browser with a page that says why.
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
        Ok(Download::Refused) => return refusal(app, StatusCode::FORBIDDEN, headers, incoming),
        Ok(Download::Unknown) => return refusal(app, StatusCode::NOT_FOUND, headers, incoming),
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

fn refusal(app: &App, status: StatusCode, headers: &HeaderMap, incoming: &Incoming) -> Response {
    if !is_for_people(headers) || incoming.head_only {
        return status.into_response();
    }
    let (heading, body) = if credentials::parameter(&incoming.query, "link").is_some() {
        (
            "This link does not work any more",
            "<p>Such links open a file once and for a limited time. Ask whoever sent it for a new one.</p>",
        )
    } else {
        (
            "There is no file here for you",
            "<p>Finished exports are kept for a limited time and open for those who asked for them, who have to \
             be logged in. Ask whoever sent you the address for a link that works without a login.</p>",
        )
    };
    match settings::text(app, "Site_Name") {
        Ok(site) => page(status, &site, heading, body),
        Err(error) => super::small(Reply::failure(&error)),
    }
}

fn etag(file: &ExportFile) -> String {
    hex::encode(file.sha256)
}
