//! `rooms.export` as Rocket.Chat has it, and `exports.*`: what became of it.

mod audit;
mod order;
mod plugins;

use export_sdk::{AnyDelivery, AnyFormat, AnyTransform};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, InRoom, get, post};
use crate::api::fields::NOTHING;
use crate::api::page::Paged;
use crate::api::request::Input;
use crate::api::wire;
use crate::app::App;
use crate::domain::{Job, JobState, RoomId};
use crate::error::{Error, Result};
use crate::service::caller::{Caller, Client};
use crate::service::export_links;
use crate::service::exports::{self, MailRequest, WindowRequest};

/// What `rooms.export` reads: of a file and of a mail.
const ORDER: &str = "rid*, type*, format, formatOptions any, deliveryOptions any, dateFrom, dateTo, \
    toUsers strings, toEmails strings, additionalEmails, subject, messages strings";

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        post("exports.create").returns("export object, estimate object").user(order::create),
        post("rooms.export").takes(ORDER).returns("exportId*, missing strings").user_in(
            "mail-messages",
            read,
            export,
        ),
        get("exports.formats")
            .returns("formats* objects, transforms* objects, deliveries* objects")
            .user(formats),
        get("exports.key").returns("algorithm*, publicKey*").public(key),
        get("exports.list").returns("exports* page").user(list),
        get("exports.info").returns("export* object").user(info),
        post("exports.cancel").returns("export* object").user(cancel),
        post("exports.retry").returns("export* object").user(retry),
        post("exports.link").returns("link* object").user(link),
        post("exports.delete").returns(NOTHING).user(delete),
        get("exports.audit").needs(&["view-export-audit"]).returns("entries* page").user(audit::audit),
        get("exports.plugins").needs(&["manage-apps"]).returns("plugins* objects").user(plugins::list),
        post("exports.plugins.reload")
            .needs(&["manage-apps"])
            .returns("plugins* objects")
            .user(plugins::reload),
    ]
}

/// The body of `rooms.export`. Keys of the other type, and unknown ones, may be there and are not
/// looked at: the documentation's own example has them all.
enum Export {
    Window(WindowRequest),
    Mail(MailRequest),
}

impl InRoom for Export {
    fn room_id(&self) -> RoomId {
        match self {
            Self::Window(request) => request.room.clone(),
            Self::Mail(request) => request.room.clone(),
        }
    }
}

fn invalid() -> Error {
    Error::code("error-invalid-params")
}

fn read(app: &App, input: Input) -> Result<Export> {
    let body: Value = input.parse().map_err(|_| invalid())?;
    let room = body["rid"].as_str().filter(|rid| !rid.is_empty()).ok_or_else(invalid)?;
    let delivery = body["type"].as_str().ok_or_else(invalid)?;
    app.registry().delivery(delivery).map_err(|_| invalid())?;
    let room = RoomId::new(room);
    if delivery == "email" {
        let mut to_emails = texts(&body["toEmails"])?;
        let more = text(&body["additionalEmails"])?.unwrap_or_default();
        to_emails.extend(more.split(',').map(ToOwned::to_owned));
        return Ok(Export::Mail(MailRequest {
            room,
            to_users: tidy(&texts(&body["toUsers"])?),
            to_emails: tidy(&to_emails),
            subject: text(&body["subject"])?.unwrap_or_default(),
            messages: texts(&body["messages"])?,
        }));
    }
    Ok(Export::Window(WindowRequest {
        room,
        delivery: delivery.to_owned(),
        delivery_options: body["deliveryOptions"].clone(),
        format: text(&body["format"])?,
        format_options: body["formatOptions"].clone(),
        from: text(&body["dateFrom"])?.filter(|date| !date.is_empty()),
        to: text(&body["dateTo"])?.filter(|date| !date.is_empty()),
    }))
}

fn text(value: &Value) -> Result<Option<String>> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(invalid()),
    }
}

fn texts(value: &Value) -> Result<Vec<String>> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => items.iter().map(|item| text(item)?.ok_or_else(invalid)).collect(),
        _ => Err(invalid()),
    }
}

fn tidy(names: &[String]) -> Vec<String> {
    names.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// Exports a room into a file, or mails some of its messages.
fn export(app: &App, caller: &Caller, request: Export) -> Result<Value> {
    match request {
        Export::Window(request) => {
            let job = exports::request_window(app, caller, request)?;
            Ok(json!({"exportId": job.id.as_str()}))
        }
        Export::Mail(request) => {
            let (job, missing) = exports::request_mail(app, caller, request)?;
            Ok(json!({"missing": missing, "exportId": job.id.as_str()}))
        }
    }
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

/// What there is to choose from.
fn formats(app: &App, _: &Caller, _: Nothing) -> Result<Value> {
    let registry = app.registry();
    let format = |format: &dyn AnyFormat| {
        let origin = format.origin();
        let mut value = json!({
            "id": format.id(),
            "description": format.describe(),
            "mediaType": format.media_type(),
            "extension": format.extension(),
            "version": origin.map_or(env!("CARGO_PKG_VERSION"), |origin| origin.version),
            "origin": origin.map_or("built-in", |origin| origin.file),
            "options": format.options(),
        });
        if let Some(reason) = format.switched_off() {
            value["unavailable"] = reason.into();
        }
        value
    };
    let transform = |transform: &dyn AnyTransform| {
        json!({
            "id": transform.id(),
            "description": transform.describe(),
            "options": transform.options(),
        })
    };
    let delivery = |delivery: &dyn AnyDelivery| json!({"id": delivery.id(), "description": delivery.describe(), "options": delivery.options()});
    Ok(json!({
        "formats": registry.formats().map(format).collect::<Vec<_>>(),
        "transforms": registry.transforms().map(transform).collect::<Vec<_>>(),
        "deliveries": registry.deliveries().map(delivery).collect::<Vec<_>>(),
    }))
}

/// The public key with which this server signs exports. It is no secret.
fn key(app: &App, _: &Client, _: Nothing) -> Result<Value> {
    Ok(json!({"algorithm": "Ed25519", "publicKey": app.signer.public_key_hex()}))
}

/// The caller's exports, latest first.
fn list(app: &App, caller: &Caller, paged: Paged<Nothing>) -> Result<Value> {
    let page = paged.page(app)?;
    let (jobs, total) = exports::list(app, caller, page.offset, page.count)?;
    Ok(page.wrap("exports", jobs.iter().map(|job| describe(app, job)).collect(), total))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ExportId {
    export_id: String,
}

/// Where an export stands.
fn info(app: &App, caller: &Caller, params: ExportId) -> Result<Value> {
    Ok(json!({"export": describe(app, &exports::find(app, caller, &params.export_id)?)}))
}

/// Cancels an export.
fn cancel(app: &App, caller: &Caller, params: ExportId) -> Result<Value> {
    Ok(json!({"export": describe(app, &exports::cancel(app, caller, &params.export_id)?)}))
}

/// Begins an export that failed once more.
fn retry(app: &App, caller: &Caller, params: ExportId) -> Result<Value> {
    Ok(json!({"export": describe(app, &exports::retry(app, caller, &params.export_id)?)}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Link {
    export_id: String,
    #[serde(default)]
    minutes: Option<u64>,
}

/// Makes a link to the file that opens it once, without a login.
fn link(app: &App, caller: &Caller, params: Link) -> Result<Value> {
    let minutes = params.minutes.unwrap_or(export_links::USUAL_MINUTES);
    let (url, expires) = export_links::make(app, caller, &params.export_id, minutes)?;
    Ok(json!({"link": {"url": url, "expiresAt": wire::time(expires)}}))
}

/// Deletes an export that is at its end, with its file.
fn delete(app: &App, caller: &Caller, params: ExportId) -> Result<Value> {
    exports::delete(app, caller, &params.export_id)?;
    Ok(Value::Null)
}

fn describe(app: &App, job: &Job) -> Value {
    let order = &job.order;
    let running = app.running.of(&job.id);
    let bytes = running.as_ref().map_or(job.bytes, |progress| progress.work.bytes().max(job.bytes));
    let formats: Vec<&str> = order.formats.iter().map(|choice| choice.id.as_str()).collect();
    let mut value = json!({
        "_id": job.id.as_str(),
        "roomName": order.title,
        "formats": formats,
        "type": order.delivery.id,
        "state": job.state.word(),
        "messages": job.messages,
        "bytes": bytes,
        "attempts": job.attempts,
        "createdAt": wire::time(job.created),
        "until": wire::time(order.until),
        "timeZone": order.time_zone,
    });
    if let Some(room) = order.rooms.single() {
        value["rid"] = room.as_str().into();
    }
    if let [format] = formats.as_slice() {
        value["format"] = (*format).into();
    }
    if let Some(from) = order.from {
        value["from"] = wire::time(from);
    }
    if !order.query.is_empty() {
        value["query"] = order.query.as_str().into();
    }
    if !order.system_messages {
        value["systemMessages"] = false.into();
    }
    if !order.transforms.is_empty() {
        value["transforms"] = order.transforms.iter().map(|choice| choice.id.as_str()).collect();
    }
    if let Some(progress) = running.filter(|_| !job.state.is_final()) {
        value["messages"] = progress.messages().max(job.messages).into();
        value["phase"] = progress.phase().word().into();
        value["expectedMessages"] = progress.expected().into();
        value["secondsLeft"] = progress.left().map(|left| left.as_secs().max(1)).into();
    }
    if let Some(finished) = job.finished {
        value["finishedAt"] = wire::time(finished);
    }
    if let Some(failure) = &job.failure {
        value["error"] = failure.as_str().into();
    }
    if let Some(receipt) = &job.receipt {
        value["receipt"] = receipt.as_str().into();
    }
    if let Some(file) = job.offered_file() {
        value["file"] = json!({
            "name": file.name,
            "size": file.size,
            "sha256": hex::encode(file.sha256),
            "path": format!("/data-export/{}", job.id),
        });
        let expires = job.finished.and_then(|finished| app.config.export.file_kept_until(finished));
        if let Some(expires) = expires {
            value["file"]["expiresAt"] = wire::time(expires);
        }
    }
    if job.file_expired {
        value["fileExpired"] = true.into();
    }
    if let Some(failed) = job.finished.filter(|_| job.state == JobState::Failed && job.sealed) {
        value["renderingKeptUntil"] = wire::time(app.config.export.rendering_kept_until(failed));
    }
    value
}
