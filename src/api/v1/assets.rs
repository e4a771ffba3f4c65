//! `assets.*`: the pictures that show the server itself. They are given out under `/assets/`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
use crate::api::wire;
use crate::app::App;
use crate::domain::avatar::LARGEST_PICTURE;
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::uploads::Arrived;
use crate::service::{access, assets};

const PERMISSION: &str = "manage-assets";

/// The rows. The picture comes in the field `asset` of a form.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("assets").returns("assets* objects").user(list),
        post("assets.setAsset").needs(&[PERMISSION]).returns(NOTHING).form("asset", admit, set),
        post("assets.unsetAsset").needs(&[PERMISSION]).returns(NOTHING).user(unset),
    ]
}

/// Who may not choose pictures does not send one either.
fn admit(app: &App, caller: &Caller) -> Result<Option<u64>> {
    let may = access::holds(app, &caller.user, PERMISSION)?;
    if may { Ok(Some(LARGEST_PICTURE as u64)) } else { Err(Error::Forbidden) }
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

fn list(app: &App, _: &Caller, _: Nothing) -> Result<Value> {
    let assets = assets::list(app)?.into_iter().map(|asset| {
        json!({
            "name": asset.name,
            "url": asset.path(),
            "contentType": asset.picture.media_type,
            "_updatedAt": wire::time(asset.picture.chosen),
        })
    });
    Ok(json!({"assets": assets.collect::<Vec<_>>()}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Place {
    asset_name: Option<String>,
}

impl Place {
    fn name(&self) -> &str {
        self.asset_name.as_deref().unwrap_or_default()
    }
}

/// Without a name of its own the picture goes where the name of its file says.
fn set(app: &App, _: &Caller, file: Option<Arrived>, place: Place) -> Result<Value> {
    let file = file.ok_or_else(|| Error::plain("The 'asset' param is required"))?;
    let named = if place.name().is_empty() { file.name.clone() } else { place.name().to_owned() };
    assets::set(app, &named, file)?;
    Ok(Value::Null)
}

fn unset(app: &App, _: &Caller, place: Place) -> Result<Value> {
    assets::unset(app, place.name())?;
    Ok(Value::Null)
}
