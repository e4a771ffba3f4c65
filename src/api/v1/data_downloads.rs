//! `users.requestDataDownload`: one's own data, as an export.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, get};
use crate::api::wire;
use crate::app::App;
use crate::domain::{Job, JobState};
use crate::error::Result;
use crate::service::caller::Caller;
use crate::service::{data_downloads, settings};

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let answer =
        "requested* boolean, exportOperation* object, url any, pendingOperationsBeforeMyRequest* number";
    vec![get("users.requestDataDownload").writes().returns(answer).user(request)]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(default)]
    full_export: bool,
}

fn request(app: &App, caller: &Caller, params: Request) -> Result<Value> {
    let (requested, job) = data_downloads::request(app, caller, params.full_export)?;
    let url = match job.state {
        JobState::Done => format!("{}/data-export/{}", settings::site_url(app)?, job.id).into(),
        JobState::Queued
        | JobState::Rendering
        | JobState::Delivering
        | JobState::Failed
        | JobState::Cancelled => Value::Null,
    };
    Ok(json!({
        "requested": requested,
        "exportOperation": operation(caller, &job, params.full_export),
        "url": url,
        "pendingOperationsBeforeMyRequest": data_downloads::pending_before(app, &job)?,
    }))
}

/// A job in the words that clients know. Where its files lie is the server's affair.
fn operation(caller: &Caller, job: &Job, full: bool) -> Value {
    let status = match job.state {
        JobState::Queued => "pending",
        JobState::Rendering => "exporting",
        JobState::Delivering => "compressing",
        JobState::Done => "completed",
        JobState::Failed | JobState::Cancelled => "skipped",
    };
    let mut value = json!({
        "_id": job.id.as_str(),
        "createdAt": wire::time(job.created),
        "userId": caller.user.id.as_str(),
        "status": status,
        "exportPath": "",
        "assetsPath": "",
        "fileList": [],
        "fullExport": full,
        "userData": wire::reference(&caller.user.reference()),
        "_updatedAt": wire::time(job.finished.unwrap_or(job.created)),
    });
    if let Some(file) = job.offered_file() {
        value["generatedFile"] = file.name.as_str().into();
    }
    value
}
