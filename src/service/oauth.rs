//! Other services that may vouch for people: which are switched on, and those an administrator adds.
//!
//! A service that was added has settings of its own, `Accounts_OAuth_Custom-<Name>` and what that id
//! begins. They exist because they are stored; all other settings exist because they are in the table.

use std::ops::ControlFlow;

use serde_json::{Value, json};

use super::settings;
use crate::app::App;
use crate::domain::{Json, Setting, defaults};
use crate::error::{Error, Result};
use crate::store::{Batch, Direction, Span};

const BUILT_IN: &str = "Accounts_OAuth_";
const CUSTOM: &str = "Accounts_OAuth_Custom-";
/// The first text behind everything that begins with [`CUSTOM`].
const BEHIND_CUSTOM: &str = "Accounts_OAuth_Custom.";
/// Services that may be added.
const MOST_CUSTOM: usize = 50;

/// What the settings of an added service are called behind its name, and how they begin.
const CUSTOM_SETTINGS: &[(&str, &str)] = &[
    ("", "false"),
    ("-url", r#""""#),
    ("-token_path", r#""/oauth/token""#),
    ("-token_sent_via", r#""payload""#),
    ("-identity_token_sent_via", r#""default""#),
    ("-identity_path", r#""/me""#),
    ("-authorize_path", r#""/oauth/authorize""#),
    ("-scope", r#""openid""#),
    ("-access_token_param", r#""access_token""#),
    ("-id", r#""""#),
    ("-secret", r#""""#),
    ("-login_style", r#""popup""#),
    ("-button_label_text", r#""""#),
    ("-button_label_color", r##""#FFFFFF""##),
    ("-button_color", r##""#1d74f5""##),
    ("-key_field", r#""username""#),
    ("-username_field", r#""""#),
    ("-email_field", r#""""#),
    ("-name_field", r#""""#),
];

/// A service that is switched on.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name in lower case.
    pub name: String,
    /// Who this server is to it.
    pub client_id: Value,
    /// What stands on its button, and in which colours.
    pub label: Value,
    /// The colour of the button.
    pub color: Value,
    /// The colour of what stands on it.
    pub label_color: Value,
    /// Whether an administrator added it.
    pub custom: bool,
}

/// The services that are switched on, by name.
pub fn services(app: &App) -> Result<Vec<Service>> {
    let mut services = Vec::new();
    for definition in defaults::all() {
        let Some(name) = definition.id.strip_prefix(BUILT_IN).filter(|name| !name.contains('_')) else {
            continue;
        };
        if settings::value_of(app, definition)? == true {
            let client_id = settings::value(app, &format!("{BUILT_IN}{name}_id"))?;
            let none = || Value::from("");
            let (label, color, label_color) = (none(), none(), none());
            services.push(Service {
                name: name.to_lowercase(),
                client_id,
                label,
                color,
                label_color,
                custom: false,
            });
        }
    }
    for (id, value) in custom_settings(app)? {
        let name = &id[CUSTOM.len()..];
        if value != true || name.contains('-') {
            continue;
        }
        let more = |suffix: &str| {
            Ok::<_, Error>(custom_setting(app, &format!("{id}-{suffix}"))?.unwrap_or_default())
        };
        services.push(Service {
            name: name.to_lowercase(),
            client_id: more("id")?,
            label: more("button_label_text")?,
            color: more("button_color")?,
            label_color: more("button_label_color")?,
            custom: true,
        });
    }
    services.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(services)
}

/// The settings of added services, by id.
pub fn custom_settings(app: &App) -> Result<Vec<(String, Value)>> {
    let mut found = Vec::new();
    let span = Span::between(&(CUSTOM.to_owned(),), &(BEHIND_CUSTOM.to_owned(),));
    app.store.walk::<Setting, Error>(span, Direction::Ascending, |(id,), setting| {
        if !app.config.environment.hidden.contains(&id) {
            found.push((id, setting.value.value()));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// The value of a setting of an added service, if that is what the id names.
pub fn custom_setting(app: &App, id: &str) -> Result<Option<Value>> {
    if !id.starts_with(CUSTOM) {
        return Ok(None);
    }
    Ok(app.store.get::<Setting>(&(id.to_owned(),))?.map(|setting| setting.value.value()))
}

/// Whether an id names a setting of an added service.
pub fn is_custom(batch: &Batch<'_>, id: &str) -> Result<bool> {
    Ok(id.starts_with(CUSTOM) && batch.has::<Setting>(&(id.to_owned(),))?)
}

/// Adds a service, switched off. One of that name stays as it is.
pub fn add_custom(app: &App, name: &str) -> Result<()> {
    let letters: String =
        name.to_lowercase().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
    let Some(first) = letters.get(..1) else {
        let text = "The parameter \"name\" is required";
        return Err(Error::refused("error-name-param-not-provided", text));
    };
    let id = format!("{CUSTOM}{}{}", first.to_uppercase(), &letters[1..]);
    app.store.write(|batch| {
        if is_custom(batch, &id)? {
            return Ok(());
        }
        if custom_settings(app)?.len() >= MOST_CUSTOM * CUSTOM_SETTINGS.len() {
            let text = format!("There may be no more than {MOST_CUSTOM} added services");
            return Err(Error::refused("error-too-many-services", text));
        }
        for (suffix, default) in CUSTOM_SETTINGS {
            let setting = Setting { value: Json::from_text(*default), updated: app.now() };
            batch.put(&(format!("{id}{suffix}"),), &setting)?;
        }
        Ok(())
    })
}

impl Service {
    /// A row of `settings.oauth`.
    pub fn button(&self) -> Value {
        json!({
            "_id": self.name,
            "name": self.name,
            "clientId": self.client_id,
            "buttonLabelText": self.label,
            "buttonColor": self.color,
            "buttonLabelColor": self.label_color,
            "custom": self.custom,
        })
    }

    /// A row of `service.configurations`. The secret is in neither.
    pub fn configuration(&self) -> Value {
        let mut row = json!({"_id": self.name, "service": self.name, "clientId": self.client_id});
        if self.custom {
            row["custom"] = true.into();
        }
        row
    }
}
