//! `GET /file-upload/<id>/<name>` and its other name, `/ufs/<store>/<id>/<name>`.

use std::sync::Arc;

use warp::Reply as _;
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use super::credentials;
use super::file::{self, Disposition, FileAnswer};
use crate::api::reply::Reply;
use crate::api::request::Incoming;
use crate::app::App;
use crate::domain::UploadId;
use crate::error::{Error, Result};
use crate::service::caller::Client;
use crate::service::settings;
use crate::service::uploads::{self, Download};
use crate::telemetry::spawn_blocking;

/// The upload that a path names. The name at its end is for people; nobody looks at it.
pub fn upload_id(path: &str) -> Option<UploadId> {
    let rest = match path.strip_prefix("/file-upload/") {
        Some(rest) => rest,
        None => path.strip_prefix("/ufs/")?.split_once('/')?.1,
    };
    let (id, name) = rest.split_once('/')?;
    let id = percent_encoding::percent_decode_str(id).decode_utf8().ok()?;
    (!id.is_empty() && !name.is_empty()).then(|| UploadId::new(id))
}

/// Answers with an uploaded file, or with an empty refusal.
pub async fn upload(app: &Arc<App>, id: UploadId, headers: &HeaderMap, incoming: &Incoming) -> Response {
    let client = Client::at(incoming.client);
    let (worker, query, given) = (Arc::clone(app), incoming.query.clone(), headers.clone());
    let decided = spawn_blocking(move || decide(&worker, &id, &given, &query, &client)).await;
    let (download, cache) = match decided.unwrap_or_else(|panic| Err(Error::internal(panic))) {
        Ok(decided) => decided,
        Err(error) => return super::small(Reply::failure(&error)),
    };
    let upload = match download {
        Download::Granted(upload) => upload,
        Download::Refused => return StatusCode::FORBIDDEN.into_response(),
        Download::Unknown => return StatusCode::NOT_FOUND.into_response(),
    };
    let saved = credentials::parameter(&incoming.query, "download").is_some();
    let answer = FileAnswer {
        media_type: upload.media_type,
        disposition: if saved { Disposition::Attachment } else { Disposition::Inline },
        name: upload.name,
        modified: upload.uploaded,
        etag: hex::encode(upload.sha256),
        cache: cache.to_owned(),
    };
    file::blob(app, upload.sha256, answer, headers).await
}

fn decide(
    app: &App,
    id: &UploadId,
    headers: &HeaderMap,
    query: &str,
    client: &Client,
) -> Result<(Download, &'static str)> {
    let caller = credentials::caller(app, headers, query, client)?;
    // What not everybody may see must not lie in a cache that everybody uses.
    let protected = settings::is_on(app, "FileUpload_ProtectFiles")?;
    let cache = if protected { "private, max-age=31536000" } else { "max-age=31536000" };
    Ok((uploads::download(app, caller.as_ref(), id)?, cache))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_paths_name_the_upload() {
        let id = |path| upload_id(path).map(|id| id.to_string());
        assert_eq!(id("/file-upload/abc/x%20y.png").as_deref(), Some("abc"));
        assert_eq!(id("/ufs/GridFS:Uploads/abc/x.png").as_deref(), Some("abc"));
        assert_eq!(id("/file-upload/..%2f..%2fetc/passwd").as_deref(), Some("../../etc"));
        for none in
            ["/file-upload/", "/file-upload/abc", "/file-upload//x", "/ufs/abc/x", "/file-upload/%ff/x"]
        {
            assert_eq!(id(none), None, "{none}");
        }
    }
}
