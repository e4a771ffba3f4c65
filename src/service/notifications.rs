//! How a member wants to hear of what happens in a room.

use serde_json::{Map, Value};

use super::caller::Caller;
use super::subscriptions;
use crate::app::App;
use crate::domain::RoomId;
use crate::error::{Error, Result};

/// Keys that are switches, written as `"1"` and `"0"`.
const SWITCHES: [&str; 4] =
    ["disableNotifications", "hideUnreadStatus", "hideMentionStatus", "muteGroupMentions"];
/// Keys that choose what to hear of, the preference behind each, and who made the choice.
const CHOICES: [(&str, &str, &str); 3] = [
    ("desktopNotifications", "desktopNotifications", "desktopPrefOrigin"),
    ("mobilePushNotifications", "pushNotifications", "mobilePrefOrigin"),
    ("emailNotifications", "emailNotificationMode", "emailPrefOrigin"),
];
/// Keys that hold any text.
const TEXTS: [&str; 2] = ["audioNotificationValue", "unreadAlert"];

/// Changes how the caller wants to hear of a room: all of these keys, or none.
pub fn save(app: &App, caller: &Caller, room: &RoomId, wanted: &Map<String, Value>) -> Result<()> {
    let mut texts = Vec::new();
    for (key, value) in wanted {
        let choice = CHOICES.iter().find(|(known, ..)| known == key);
        if choice.is_none() && !SWITCHES.contains(&key.as_str()) && !TEXTS.contains(&key.as_str()) {
            return Err(invalid("Invalid settings field"));
        }
        let text = value.as_str().ok_or_else(|| super::cards::mismatch("string", value, key))?;
        if choice.is_some() && !["all", "mentions", "nothing", "default"].contains(&text) {
            return Err(invalid("Invalid settings value"));
        }
        texts.push((key.as_str(), text));
    }
    let preferences = caller.user.preferences.value();
    let changed = subscriptions::change(app, caller, room, |_, membership| {
        for (key, text) in &texts {
            let extra = &membership.extra;
            let choice = CHOICES.iter().find(|(known, ..)| known == key);
            membership.extra = match choice {
                None if SWITCHES.contains(key) => extra.with(key, Value::Bool(*text == "1")),
                None => extra.with(key, (*text).into()),
                Some((_, preference, origin)) if *text == "default" => {
                    // As it was when the membership began: what the user prefers everywhere.
                    let preferred = preferences[preference].as_str().filter(|chosen| *chosen != "default");
                    let by = preferred.map_or(Value::Null, |_| "user".into());
                    extra.with(key, preferred.map_or(Value::Null, Value::from)).with(origin, by)
                }
                Some((_, _, origin)) => extra.with(key, (*text).into()).with(origin, "subscription".into()),
            };
        }
        Ok(())
    })?;
    changed.ok_or_else(|| Error::refused("error-invalid-subscription", "Invalid subscription"))
}

fn invalid(reason: &str) -> Error {
    Error::refused("error-invalid-settings", reason)
}
