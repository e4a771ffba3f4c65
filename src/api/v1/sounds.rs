//! `custom-sounds.*`: sounds that administrators add. They change them by methods; the files are given
//! out under `/custom-sounds/`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, get};
use crate::api::page::Paged;
use crate::api::wire;
use crate::app::App;
use crate::domain::Sound;
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::sounds;

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("custom-sounds.list")
            .returns("sounds* objects, count* number, offset* number, total* number")
            .user(list),
        get("custom-sounds.getOne").returns("sound* object").user(one),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct Part {
    name: Option<String>,
}

fn list(app: &App, _: &Caller, params: Paged<Part>) -> Result<Value> {
    let page = params.page(app)?;
    let (found, total) = sounds::page(app, params.params.name.as_deref(), page.offset, page.count)?;
    Ok(page.wrap("sounds", found.iter().map(shape).collect(), total))
}

#[derive(Deserialize, JsonSchema)]
struct Wanted {
    #[serde(rename = "_id")]
    id: String,
}

fn one(app: &App, _: &Caller, params: Wanted) -> Result<Value> {
    let unknown = || Error::NotFound("Custom Sound not found.".to_owned());
    Ok(json!({"sound": shape(&sounds::find(app, &params.id)?.ok_or_else(unknown)?)}))
}

fn shape(sound: &Sound) -> Value {
    json!({
        "_id": sound.id,
        "name": sound.name,
        "extension": sound.extension,
        "_updatedAt": wire::time(sound.updated),
    })
}
