//! `emoji-custom.*`: emoji that administrators add. Their pictures are given out by the web part.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
use crate::api::page::Paged;
use crate::api::{present, wire};
use crate::app::App;
use crate::domain::{Emoji, Time};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::emoji::{self, Wish};
use crate::service::removed::Changes;
use crate::service::uploads::Arrived;

/// The rows. The picture comes in the field `emoji` of a form.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("emoji-custom.list").returns("emojis* object").user(list),
        get("emoji-custom.all").returns("emojis* page").user(all),
        post("emoji-custom.create").returns(NOTHING).form("emoji", emoji::admit, create),
        post("emoji-custom.update").returns(NOTHING).form("emoji", emoji::admit, update),
        post("emoji-custom.delete").takes("emojiId*").returns(NOTHING).user(delete),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Since {
    updated_since: Option<String>,
    #[serde(rename = "_updatedAt")]
    updated_at: Option<String>,
}

fn list(app: &App, _: &Caller, params: Since) -> Result<Value> {
    let since = params.updated_since.or(params.updated_at).filter(|text| !text.is_empty());
    let since = since.map(|text| {
        Time::parse(&text).ok_or_else(|| {
            let text = r#"The "updatedSince" query parameter must be a valid date."#;
            Error::refused("error-roomId-param-invalid", text)
        })
    });
    let Changes { changed, gone } = emoji::since(app, since.transpose()?)?;
    let update: Vec<Value> = changed.iter().map(shape).collect();
    let remove: Vec<Value> = gone.iter().map(|(id, at)| present::gone(id, *at)).collect();
    Ok(json!({"emojis": {"update": update, "remove": remove}}))
}

fn shape(emoji: &Emoji) -> Value {
    json!({
        "_id": emoji.id,
        "name": emoji.name,
        "aliases": emoji.aliases,
        "extension": emoji.extension,
        "etag": hex::encode(&emoji.sha256[..8]),
        "_updatedAt": wire::time(emoji.updated),
    })
}

#[derive(Deserialize, JsonSchema)]
struct Part {
    name: Option<String>,
}

fn all(app: &App, _: &Caller, params: Paged<Part>) -> Result<Value> {
    let page = params.page(app)?;
    let (found, total) = emoji::page(app, params.params.name.as_deref(), page.offset, page.count)?;
    Ok(page.wrap("emojis", found.iter().map(shape).collect(), total))
}

#[derive(Deserialize, JsonSchema)]
struct Fields {
    #[serde(rename = "_id")]
    id: Option<String>,
    name: Option<String>,
    aliases: Option<String>,
}

fn create(app: &App, _: &Caller, picture: Option<Arrived>, fields: Fields) -> Result<Value> {
    emoji::create(app, Wish { name: fields.name, aliases: fields.aliases, picture })?;
    Ok(Value::Null)
}

fn update(app: &App, _: &Caller, picture: Option<Arrived>, fields: Fields) -> Result<Value> {
    let missing = || Error::code("The required \"_id\" query param is missing.");
    let id = fields.id.filter(|id| !id.is_empty()).ok_or_else(missing)?;
    emoji::update(app, &id, Wish { name: fields.name, aliases: fields.aliases, picture })?;
    Ok(Value::Null)
}

fn delete(app: &App, caller: &Caller, params: Map<String, Value>) -> Result<Value> {
    let id = params.get("emojiId").and_then(Value::as_str).filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| Error::plain("The \"emojiId\" params is required!"))?;
    emoji::require(app, caller)?;
    emoji::delete(app, id)?;
    Ok(Value::Null)
}
