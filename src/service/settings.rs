//! Settings that administrators change while the server runs.
//!
//! A value is, in this order: forced by `OVERWRITE_SETTING_<id>`, stored, given by the environment
//! variable `<id>`, the default.

use serde_json::Value;

use crate::app::App;
use crate::domain::defaults::{self, Definition};
use crate::domain::{Json, Setting};
use crate::error::{Error, Result};
use crate::store::Batch;

/// The value of a setting. An unknown id is a bug of this program and reads as `null`.
pub fn value(app: &App, id: &str) -> Result<Value> {
    let Some(definition) = defaults::definition(id) else {
        debug_assert!(false, "no setting {id}");
        return Ok(Value::Null);
    };
    value_of(app, definition)
}

/// The value of a known setting.
pub fn value_of(app: &App, definition: &Definition) -> Result<Value> {
    let environment = &app.config.environment;
    if let Some(text) = environment.overwritten.get(definition.id) {
        return Ok(from_environment(definition, text));
    }
    if let Some(setting) = app.store.get::<Setting>(&(definition.id.to_owned(),))? {
        return Ok(setting.value.value());
    }
    if let Some(text) = environment.initial.get(definition.id) {
        return Ok(from_environment(definition, text));
    }
    if definition.id == "Site_Url" {
        return Ok(Value::String(site_url_default(app)));
    }
    Ok(default(definition))
}

fn default(definition: &Definition) -> Value {
    serde_json::from_str(definition.default).expect("a test checks the defaults")
}

/// `true` and `false` become booleans, numbers numbers where the default is one, arrays arrays.
fn from_environment(definition: &Definition, text: &str) -> Value {
    let parsed = serde_json::from_str::<Value>(text).ok();
    match (default(definition), parsed) {
        (Value::String(_), _) | (_, None) => Value::String(text.to_owned()),
        (_, Some(parsed)) => parsed,
    }
}

fn site_url_default(app: &App) -> String {
    match app.config.server.root_url.as_str() {
        "" => format!("http://{}", app.config.server.listen),
        url => url.to_owned(),
    }
}

/// All settings by id, or the public ones only.
pub fn list(app: &App, with_private: bool) -> Result<Vec<(&'static str, Value)>> {
    let visible = defaults::SETTINGS.iter().filter(|definition| with_private || definition.public);
    let mut settings = visible
        .map(|definition| Ok((definition.id, value_of(app, definition)?)))
        .collect::<Result<Vec<_>>>()?;
    settings.sort_by_key(|(id, _)| *id);
    Ok(settings)
}

/// The value of the setting of that id, as administrators see it. Unknown ids are refused.
pub fn shown(app: &App, id: &str) -> Result<Value> {
    value_of(app, defaults::definition(id).ok_or(Error::Silent)?)
}

/// A switch; anything but `true` is off.
pub fn is_on(app: &App, id: &str) -> Result<bool> {
    Ok(matches!(value(app, id)?, Value::Bool(true)))
}

/// A number, as it is or as text; 0 if it is none.
pub fn number(app: &App, id: &str) -> Result<f64> {
    Ok(match value(app, id)? {
        Value::Number(number) => number.as_f64().unwrap_or_default(),
        Value::String(text) => text.trim().parse().unwrap_or_default(),
        _ => 0.0,
    })
}

/// A whole number, never negative; `None` for what means "no limit".
pub fn limit(app: &App, id: &str) -> Result<Option<u64>> {
    let number = number(app, id)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
    Ok((1.0..1e15).contains(&number).then_some(number as u64))
}

/// A text; other values as their JSON.
pub fn text(app: &App, id: &str) -> Result<String> {
    Ok(match value(app, id)? {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    })
}

/// The words of a comma list, trimmed.
pub fn words(app: &App, id: &str) -> Result<Vec<String>> {
    let text = text(app, id)?;
    Ok(text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect())
}

/// The public URL without a slash at its end.
pub fn site_url(app: &App) -> Result<String> {
    Ok(text(app, "Site_Url")?.trim_end_matches('/').to_owned())
}

/// Stores a value as it was sent. Unknown ids and those forced by the environment are refused.
pub fn set(app: &App, id: &str, value: &Value) -> Result<()> {
    let forced = app.config.environment.overwritten.contains_key(id);
    if defaults::definition(id).is_none() || forced {
        return Err(Error::Silent);
    }
    app.store.write(|batch: &mut Batch<'_>| {
        let setting = Setting { value: Json::of(value), updated: app.now() };
        Ok(batch.put(&(id.to_owned(),), &setting)?)
    })
}
