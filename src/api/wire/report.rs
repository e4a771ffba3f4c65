//! Shapes of reports, as moderators see them.

use serde_json::{Value, json};

use super::{message, reference, time};
use crate::domain::report::About;
use crate::domain::{Report, Room, UserId};
use crate::service::moderation::Group;

/// A room as reports name it.
pub fn room(room: &Room) -> Value {
    let mut value = json!({"_id": room.id.as_str(), "t": room.kind.letter()});
    for (key, name) in [("name", &room.name), ("fname", &room.display_name)] {
        if let Some(name) = name {
            value[key] = name.as_str().into();
        }
    }
    value
}

/// A report without what it is about.
pub fn report(report: &Report) -> Value {
    json!({
        "_id": report.id,
        "description": report.description,
        "reportedBy": reference(&report.by),
        "ts": time(report.at),
    })
}

/// A report with all that is known of it.
pub fn full(of: &Report, viewer: &UserId) -> Value {
    let mut value = report(of);
    match &of.about {
        About::Message(reported) => value["message"] = message(reported, viewer),
        About::User(user) => value["reportedUser"] = reference(user),
    }
    if let Some(dismissal) = &of.dismissed {
        value["moderationInfo"] = json!({
            "moderatedBy": dismissal.by.as_str(),
            "hiddenAt": time(dismissal.at),
            "reason": dismissal.reason,
            "action": dismissal.action,
        });
    }
    value
}

/// A row in the list of users whose messages were reported; of users who were reported themselves.
pub fn group(group: &Group, rooms: &[Value], is_deleted: bool) -> Value {
    let latest = &group.latest;
    let mut value = json!({
        "ts": time(latest.at),
        "count": group.count,
        "isUserDeleted": is_deleted,
    });
    match &latest.about {
        About::Message(message) => {
            value["message"] = message.text.as_str().into();
            value["msgId"] = message.id.as_str().into();
            value["rooms"] = json!(rooms);
            value["userId"] = message.author.id.as_str().into();
            value["username"] = message.author.username.as_str().into();
            if let Some(name) = &message.author.name {
                value["name"] = name.as_str().into();
            }
        }
        About::User(user) => value["reportedUser"] = reference(user),
    }
    value
}
