//! What people prefer in their clients. The server only keeps it, over defaults from the settings.

use serde_json::{Map, Value};

use super::access;
use super::caller::Caller;
use crate::app::App;
use crate::domain::{Json, User, UserId};
use crate::error::{Error, Result};

/// The settings with this prefix are the defaults.
const DEFAULTS: &str = "Accounts_Default_User_Preferences_";

#[derive(Debug, Clone, Copy)]
enum Kind {
    Switch,
    Number,
    Text,
    Texts,
}

const KNOWN: &[(Kind, &[&str])] = &[
    (
        Kind::Switch,
        &[
            "useEmojis",
            "convertAsciiEmoji",
            "saveMobileBandwidth",
            "collapseMediaByDefault",
            "autoImageLoad",
            "unreadAlert",
            "enableAutoAway",
            "hideUsernames",
            "hideRoles",
            "displayAvatars",
            "hideFlexTab",
            "sidebarShowFavorites",
            "sidebarShowUnread",
            "sidebarDisplayAvatar",
            "sidebarGroupByType",
            "muteFocusedConversations",
            "receiveLoginDetectionEmail",
            "omnichannelTranscriptEmail",
            "omnichannelTranscriptPDF",
            "omnichannelHideConversationAfterClosing",
            "showThreadsInMainChannel",
            "desktopNotificationRequireInteraction",
            "notifyCalendarEvents",
            "enableMobileRinging",
            "mentionsWithSymbol",
        ],
    ),
    (Kind::Number, &["notificationsSoundVolume", "clockMode", "idleTimeLimit", "fontSize"]),
    (
        Kind::Text,
        &[
            "newRoomNotification",
            "newMessageNotification",
            "emailNotificationMode",
            "desktopNotifications",
            "pushNotifications",
            "sendOnEnter",
            "language",
            "sidebarSortby",
            "sidebarViewMode",
            "themeAppearence",
            "alsoSendThreadToChannel",
        ],
    ),
    (Kind::Texts, &["highlights", "dontAskAgainList", "featuresPreview", "sidebarSectionsOrder"]),
];

/// What a user prefers, laid over the defaults.
pub fn merged(app: &App, user: &User) -> Result<Map<String, Value>> {
    let mut merged = Map::new();
    for definition in crate::domain::defaults::all() {
        if let Some(key) = definition.id.strip_prefix(DEFAULTS) {
            merged.insert(key.to_owned(), super::settings::value_of(app, definition)?);
        }
    }
    merged.extend(stored(user));
    Ok(merged)
}

/// What a user has set, with the language.
pub fn stored(user: &User) -> Map<String, Value> {
    let mut stored = match user.preferences.value() {
        Value::Object(stored) => stored,
        _ => Map::new(),
    };
    if let Some(language) = user.extra.value().get("language") {
        stored.insert("language".to_owned(), language.clone());
    }
    stored
}

/// Sets what is given, for the caller or for somebody else.
pub fn set(app: &App, caller: &Caller, id: Option<&UserId>, given: Map<String, Value>) -> Result<User> {
    let mut changes = Map::new();
    for (key, value) in given {
        let value = checked(&key, value)?;
        changes.insert(key, value);
    }
    let id = id.unwrap_or(&caller.user.id);
    if *id != caller.user.id && !access::holds(app, &caller.user, "edit-other-user-info")? {
        return Err(Error::refused("error-action-not-allowed", "Editing user is not allowed"));
    }
    app.store.write(|batch| {
        let mut user = batch.get::<User>(&(id.clone(),))?.ok_or_else(|| {
            let text = r#"The optional "userId" param provided does not match any users"#;
            Error::refused("error-invalid-user", text)
        })?;
        for (key, value) in changes {
            if key == "language" {
                user.extra = user.extra.with("language", value);
            } else {
                user.preferences = user.preferences.with(&key, value);
            }
        }
        if user.preferences.is_none() {
            user.preferences = Json::from_text("{}");
        }
        user.updated = app.now();
        batch.put_user(&user)?;
        Ok(user)
    })
}

/// A value as it is kept; `null` takes an old one away.
fn checked(key: &str, value: Value) -> Result<Value> {
    let kind = KNOWN.iter().find(|(_, keys)| keys.contains(&key)).map(|(kind, _)| *kind);
    let kind = kind.ok_or_else(|| Error::invalid("must NOT have additional properties"))?;
    let value = coerced(kind, value);
    let fits = match kind {
        Kind::Switch => value.is_boolean(),
        Kind::Number => value.is_number(),
        Kind::Text => value.is_string(),
        Kind::Texts => value
            .as_array()
            .is_some_and(|texts| texts.iter().all(|text| text.is_string() || text.is_object())),
    };
    if !fits && !value.is_null() {
        return Err(Error::invalid(match kind {
            Kind::Switch => "must be boolean",
            Kind::Number => "must be number",
            Kind::Text => "must be string",
            Kind::Texts => "must be array",
        }));
    }
    match (key, value.as_f64(), value.as_str()) {
        ("idleTimeLimit", Some(seconds), _) if seconds < 60.0 => {
            Err(Error::refused("invalid-idle-time-limit-value", "Invalid idleTimeLimit"))
        }
        ("clockMode", Some(0.0), _) => Ok(Value::Null),
        ("emailNotificationMode", _, Some("all")) => Ok("mentions".into()),
        ("emailNotificationMode", _, Some("disabled")) => Ok("nothing".into()),
        _ => Ok(value),
    }
}

/// Forms send texts where they mean switches and numbers.
fn coerced(kind: Kind, value: Value) -> Value {
    let read = match (kind, &value) {
        (Kind::Switch, Value::String(text)) => text.to_lowercase().parse::<bool>().ok().map(Value::Bool),
        (Kind::Number, Value::String(text)) => text.trim().parse::<i64>().ok().map(Value::from),
        (Kind::Switch | Kind::Number | Kind::Text | Kind::Texts, _) => None,
    };
    read.unwrap_or(value)
}
