//! Shapes of the account itself: `me`, the answers to changes, tokens, roles, permissions.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{Detail, time};
use crate::domain::{Grant, LoginToken, Role, SecondFactor, User};
use crate::service::settings::setting_of;

/// An account as its owner sees it after logging in.
pub fn me(user: &User, factor: &SecondFactor, preferences: &Map<String, Value>, site_url: &str) -> Value {
    let mut value = super::user(user, Detail::Full);
    if let Value::Object(map) = &mut value {
        map.retain(|key, _| !matches!(key.as_str(), "type" | "createdAt" | "lastLogin"));
    }
    value["services"] = json!({"password": {"exists": user.password.is_some()}});
    for (name, enabled) in [("totp", factor.totp.is_some()), ("email2fa", factor.email)] {
        if enabled {
            value["services"][name] = json!({"enabled": true});
        }
    }
    value["settings"] = json!({"profile": {}, "preferences": preferences});
    if let Some(email) = user.emails.iter().find(|email| email.verified) {
        value["email"] = email.address.as_str().into();
    }
    value["avatarUrl"] = avatar_url(user, site_url).into();
    value
}

/// An account as somebody without rights sees it: of its custom fields those of these names.
pub fn stranger(user: &User, fields: &[String]) -> Value {
    let mut value = super::user(user, Detail::Public);
    if let Value::Object(mut shown) = user.custom_fields.value() {
        shown.retain(|name, _| fields.contains(name));
        if !shown.is_empty() {
            value["customFields"] = Value::Object(shown);
        }
    }
    value
}

/// Where the picture of an account is to be had. What stands in most login names stays readable.
pub fn avatar_url(user: &User, site_url: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    format!("{site_url}/avatar/{}", utf8_percent_encode(&user.username, KEPT))
}

/// An account that somebody has just made or changed. `required` says that the answer tells whether a
/// new password is required even if it is not.
pub fn changed_user(user: &User, required: bool) -> Value {
    let mut value = super::user(user, Detail::Full);
    value["settings"] =
        json!({"preferences": user.preferences.value().as_object().cloned().unwrap_or_default()});
    if required {
        value["requirePasswordChange"] = user.require_password_change.into();
    }
    value
}

/// What exists of the ways to log in, for the owner alone.
pub fn services(user: &User) -> Value {
    json!({"password": user.password.is_some(), "resume": {}})
}

/// A personal access token; `null` for a session.
pub fn personal_token(token: &LoginToken) -> Value {
    let Some(personal) = &token.personal else { return Value::Null };
    json!({
        "name": personal.name,
        "createdAt": time(token.created),
        "lastTokenPart": personal.last_part,
        "bypassTwoFactor": personal.bypass_two_factor,
    })
}

/// A role.
pub fn role(role: &Role) -> Value {
    json!({
        "_id": role.id,
        "name": role.name,
        "description": role.description,
        "scope": role.scope.word(),
        "protected": role.protected,
        "mandatory2fa": role.second_factor,
        "_updatedAt": time(role.updated),
    })
}

/// A permission with the roles that hold it.
pub fn permission(id: &str, grant: &Grant) -> Value {
    let mut value = json!({"_id": id, "roles": grant.roles, "_updatedAt": time(grant.updated)});
    if let Some(setting) = setting_of(id) {
        value["level"] = "settings".into();
        value["settingId"] = setting.id.into();
    }
    value
}
