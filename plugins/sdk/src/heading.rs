//! What machine formats say before the first message.

use serde::Serialize;

use crate::{Room, Scope, Timestamp};

/// Everything that is known of a room's export before its first message. Serializes as the keys
/// `generator`, `room`, `range`, `exportedBy`, `exportedAt`, and, where a part must not pass for the
/// whole, `query`, `timeZone`, `systemMessages`, `transforms`, `selection`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Heading<'a> {
    generator: &'a str,
    room: &'a Room<'a>,
    range: Range,
    exported_by: &'a str,
    exported_at: Timestamp,
    #[serde(skip_serializing_if = "str::is_empty")]
    query: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_messages: Option<bool>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    transforms: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    selection: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Range {
    from: Option<Timestamp>,
    until: Timestamp,
}

impl<'a> Heading<'a> {
    /// The heading of that room in an export of that scope.
    pub fn new(room: &'a Room<'_>, scope: &'a Scope<'_>) -> Self {
        Self {
            generator: scope.generator,
            room,
            range: Range { from: scope.from, until: scope.until },
            exported_by: scope.requested_by,
            exported_at: scope.requested_at,
            query: scope.query,
            time_zone: Some(scope.zone_name()).filter(|zone| *zone != "UTC"),
            system_messages: (!scope.system_messages).then_some(false),
            transforms: scope.transforms,
            selection: scope.selection,
        }
    }
}
