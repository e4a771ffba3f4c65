//! The pictures that show the server itself: its logo, its icons. A setting says where each is.

use serde_json::{Value, json};

use super::avatars;
use super::uploads::Arrived;
use crate::app::App;
use crate::domain::avatar::Shown;
use crate::domain::setting::Kind;
use crate::domain::{Avatar, Json, Setting, defaults};
use crate::error::{Error, Result};

/// What the ids of the settings begin with.
const SETTING: &str = "Assets_";

/// A picture that was chosen, and its place.
pub struct Asset {
    /// The place: `logo`.
    pub name: &'static str,
    /// The picture.
    pub picture: Avatar,
}

impl Asset {
    /// Where it is, below the server's address.
    pub fn path(&self) -> String {
        path(self.name, &self.picture)
    }
}

fn path(name: &str, picture: &Avatar) -> String {
    format!("assets/{name}.{}", picture.extension())
}

/// Those that were chosen.
pub fn list(app: &App) -> Result<Vec<Asset>> {
    let names = defaults::all().filter(|definition| definition.kind == Kind::Asset);
    let mut chosen = Vec::new();
    for name in names.filter_map(|definition| definition.id.strip_prefix(SETTING)) {
        chosen.extend(picture(app, name)?.map(|picture| Asset { name, picture }));
    }
    Ok(chosen)
}

/// The picture that was chosen for a place.
pub fn picture(app: &App, name: &str) -> Result<Option<Avatar>> {
    Ok(app.store.avatar(&Shown::Server(name.to_owned()))?)
}

/// Chooses a picture for a place.
pub fn set(app: &App, name: &str, file: Arrived) -> Result<()> {
    let id = setting(name)?;
    let picture = avatars::from_file(file)?;
    let staged = avatars::stage(app, &picture)?;
    avatars::write(app, |batch, touched| {
        let avatar = avatars::put(app, batch, touched, &Shown::Server(name.to_owned()), staged)?;
        let value: Value = json!({"url": path(name, &avatar), "defaultUrl": ""});
        Ok(batch.put(&(id,), &Setting { value: Json::of(&value), updated: app.now() })?)
    })
}

/// Takes the picture of a place away.
pub fn unset(app: &App, name: &str) -> Result<()> {
    let id = setting(name)?;
    avatars::write(app, |batch, touched| {
        touched.extend(batch.delete_avatar(&Shown::Server(name.to_owned()))?);
        Ok(batch.put(&(id,), &Setting { value: Json::of(&json!({})), updated: app.now() })?)
    })
}

/// The id of the setting that tells of a place; refused if there is no such place.
fn setting(name: &str) -> Result<String> {
    let id = format!("{SETTING}{name}");
    match defaults::definition(&id).map(|definition| definition.kind) {
        Some(Kind::Asset) => Ok(id),
        Some(_) | None => Err(Error::refused("error-invalid-asset", "Invalid asset")),
    }
}
