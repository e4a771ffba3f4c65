//! Settings that administrators change while the server runs.
//!
//! A value is, in this order: forced by `OVERWRITE_SETTING_<id>`, stored, given by the environment
//! variable `<id>`, the default.

use serde_json::{Value, json};

use super::cards::type_word;
use super::{access, oauth};
use crate::app::App;
use crate::domain::setting::{Definition, Kind, Misfit};
use crate::domain::{Json, Setting, User, defaults};
use crate::error::{Error, Result};

/// What the ids of permissions to change one setting begin with.
const CHANGE: &str = "change-setting-";

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
    let forced = environment.overwritten.get(definition.id);
    if let Some(value) = forced.and_then(|text| definition.kind.from_environment(text)) {
        return Ok(value);
    }
    if let Some(setting) = app.store.setting(definition.id)? {
        return Ok(setting.value.value());
    }
    let initial = environment.initial.get(definition.id);
    if let Some(value) = initial.and_then(|text| definition.kind.from_environment(text)) {
        return Ok(value);
    }
    if definition.id == "Site_Url" {
        return Ok(Value::String(site_url_default(app)));
    }
    Ok(definition.default_value())
}

fn site_url_default(app: &App) -> String {
    match app.config.server.root_url.as_str() {
        "" => format!("http://{}", app.config.server.listen),
        url => url.to_owned(),
    }
}

/// All settings by id, or the public ones only. Those that the environment hides are not among them.
pub fn list(app: &App, with_private: bool) -> Result<Vec<(String, Value)>> {
    let hidden = &app.config.environment.hidden;
    let visible = defaults::all()
        .filter(|definition| (with_private || definition.public) && !hidden.contains(definition.id));
    let mut settings = visible
        .map(|definition| Ok((definition.id.to_owned(), value_of(app, definition)?)))
        .collect::<Result<Vec<_>>>()?;
    if with_private {
        settings.extend(oauth::custom_settings(app)?);
    }
    settings.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(settings)
}

/// The value of the setting of that id, as administrators see it. Unknown and hidden ids are refused.
pub fn shown(app: &App, id: &str) -> Result<Value> {
    if app.config.environment.hidden.contains(id) {
        return Err(Error::Silent);
    }
    match defaults::definition(id) {
        Some(definition) => value_of(app, definition),
        None => oauth::custom_setting(app, id)?.ok_or(Error::Silent),
    }
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

/// Refuses whoever may not change this setting: it takes a permission for all of them, or one for
/// some and one for this.
pub fn may_change(app: &App, user: &User, id: &str) -> Result<bool> {
    Ok(access::holds(app, user, "edit-privileged-setting")?
        || access::holds(app, user, "manage-selected-settings")?
            && access::holds(app, user, &permission_of(id))?)
}

/// Refuses whoever may not change one of these settings, and says which.
pub fn require_changes(app: &App, user: &User, ids: &[&str]) -> Result<()> {
    let mut refused = Vec::new();
    for id in ids {
        if !may_change(app, user, id)? {
            refused.push(id);
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    Err(Error::Refused {
        code: "error-action-not-allowed".to_owned(),
        reason: "Editing settings is not allowed".to_owned(),
        details: json!({"method": "saveSettings", "settingIds": refused}),
    })
}

/// The permission to change one setting.
pub fn permission_of(id: &str) -> String {
    format!("{CHANGE}{id}")
}

/// The setting that a permission is about.
pub fn setting_of(permission: &str) -> Option<&'static Definition> {
    permission.strip_prefix(CHANGE).and_then(defaults::definition)
}

/// Whether there is an action of that id to set off. There is none yet that does anything.
pub fn is_action(app: &App, id: &str) -> bool {
    let action = defaults::definition(id).is_some_and(|definition| definition.kind == Kind::Action);
    action && !app.config.environment.is_fixed(id)
}

/// Stores a value as it was sent, of whatever type. Unknown ids and those fixed by the environment are
/// refused.
pub fn set(app: &App, id: &str, value: &Value) -> Result<()> {
    let change = [(id.to_owned(), value.clone())];
    set_all(app, &change)?;
    if check_types(&change).is_err() {
        let takes = defaults::definition(id).map_or("", |definition| definition.kind.word());
        tracing::warn!(setting = id, takes, "a value was stored that the setting does not take");
    }
    Ok(())
}

/// Refuses values of other types than their settings take.
pub fn check_types(changes: &[(String, Value)]) -> Result<()> {
    for (id, value) in changes {
        let Some(definition) = defaults::definition(id) else { continue };
        match definition.kind.check(value) {
            Ok(()) => {}
            Err(Misfit::Fraction) => {
                let reason = "Invalid setting value";
                return Err(Error::refused(format!("{reason} {value}"), reason));
            }
            Err(Misfit::Type(wanted)) => {
                return Err(Error::plain(format!(
                    "Match error: Expected {wanted}, got {}",
                    type_word(value)
                )));
            }
        }
    }
    Ok(())
}

/// Stores values together: all of them or, if one is refused, none.
pub fn set_all(app: &App, changes: &[(String, Value)]) -> Result<()> {
    app.store.write(|batch| {
        for (id, value) in changes {
            let known = defaults::definition(id).is_some() || oauth::is_custom(batch, id)?;
            if !known || app.config.environment.is_fixed(id) {
                return Err(Error::Silent);
            }
            let setting = Setting { value: Json::of(value), updated: app.now() };
            batch.put(&(id.clone(),), &setting)?;
        }
        Ok(())
    })
}
