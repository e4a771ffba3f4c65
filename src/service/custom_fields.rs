//! Custom fields of accounts: what the setting `Accounts_CustomFields` declares, and whether what a
//! client sends fits.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::settings;
use crate::app::App;
use crate::error::{Error, Result};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Field {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    required: bool,
    min_length: Option<usize>,
    max_length: Option<usize>,
    #[serde(default)]
    options: Vec<String>,
    #[serde(default)]
    public: bool,
}

/// Refuses custom fields that do not fit what is declared. Undeclared ones pass.
pub fn check(app: &App, given: Option<&Map<String, Value>>) -> Result<()> {
    let declared = settings::text(app, "Accounts_CustomFields")?;
    if declared.trim().is_empty() {
        return Ok(());
    }
    let fields: BTreeMap<String, Field> = serde_json::from_str(&declared)
        .map_err(|_| Error::refused("error-invalid-customfield-json", "Invalid JSON for Custom Fields"))?;
    for (name, field) in fields {
        let value = given.and_then(|given| given.get(&name)).and_then(Value::as_str).unwrap_or_default();
        field
            .check(&name, value.trim())
            .map_err(|text| Error::refused("error-user-registration-custom-field", text))?;
    }
    Ok(())
}

/// The names of the fields that everybody may see.
pub fn public(app: &App) -> Result<Vec<String>> {
    let declared = settings::text(app, "Accounts_CustomFields")?;
    let fields: BTreeMap<String, Field> = serde_json::from_str(&declared).unwrap_or_default();
    Ok(fields.into_iter().filter(|(_, field)| field.public).map(|(name, _)| name).collect())
}

impl Field {
    fn check(&self, name: &str, value: &str) -> Result<(), String> {
        if value.is_empty() {
            return if self.required { Err(format!("Field {name} is required")) } else { Ok(()) };
        }
        if self.kind == "select" && !self.options.iter().any(|option| option == value) {
            return Err(format!("Value for field {name} is invalid"));
        }
        let length = value.chars().count();
        match (self.min_length, self.max_length) {
            (_, Some(max)) if length > max => Err(format!("Max length of field {name} {max}")),
            (Some(min), _) if length < min => Err(format!("Min length of field {name} {min}")),
            _ => Ok(()),
        }
    }
}
