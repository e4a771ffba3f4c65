//! Roles, permissions, and who has which when nobody has changed anything.

use serde::{Deserialize, Serialize};

use super::Time;

/// A role, global or within a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Its id: `admin`, `owner`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Given to users as a whole, or to members of a room.
    pub scope: RoleScope,
    /// Cannot be deleted.
    pub protected: bool,
    /// When it last changed.
    pub updated: Time,
    /// Whoever has it needs a second factor.
    pub second_factor: bool,
}

/// Where a role holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoleScope {
    /// Everywhere.
    Users,
    /// In one room.
    Subscriptions,
}

impl RoleScope {
    /// Rocket.Chat's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Users => "Users",
            Self::Subscriptions => "Subscriptions",
        }
    }
}

/// Which roles hold a permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Ids of the roles.
    pub roles: Vec<String>,
    /// When it last changed.
    pub updated: Time,
}

/// The roles of a new server: id, description, scope.
pub const ROLES: &[(&str, &str, RoleScope)] = &[
    ("admin", "Admin", RoleScope::Users),
    ("user", "", RoleScope::Users),
    ("bot", "", RoleScope::Users),
    ("app", "", RoleScope::Users),
    ("guest", "", RoleScope::Users),
    ("anonymous", "", RoleScope::Users),
    ("livechat-agent", "Livechat Agent", RoleScope::Users),
    ("livechat-manager", "Livechat Manager", RoleScope::Users),
    ("owner", "Owner", RoleScope::Subscriptions),
    ("moderator", "Moderator", RoleScope::Subscriptions),
    ("leader", "Leader", RoleScope::Subscriptions),
];

/// Roles of a permission in one line: A admin, U user, B bot, P app, G guest, N anonymous, O owner,
/// M moderator.
pub type Letters = &'static str;

/// The permissions of a new server, by the roles that hold them.
pub const PERMISSIONS: &[(Letters, &[&str])] = &[
    ("", &["add-user-to-any-p-room", "kick-user-from-any-p-room"]),
    (
        "A",
        &[
            "mail-messages",
            "export-server",
            "view-export-audit",
            "access-permissions",
            "access-setting-permissions",
            "access-mailer",
            "send-mail",
            "add-all-to-room",
            "add-oauth-service",
            "add-user-to-any-c-room",
            "kick-user-from-any-c-room",
            "assign-admin-role",
            "assign-roles",
            "bulk-register-user",
            "create-user",
            "delete-user",
            "clean-channel-history",
            "delete-d",
            "edit-other-user-active-status",
            "edit-other-user-info",
            "edit-other-user-password",
            "edit-other-user-avatar",
            "edit-other-user-e2ee",
            "edit-other-user-totp",
            "edit-privileged-setting",
            "view-privileged-setting",
            "manage-selected-settings",
            "edit-room-retention-policy",
            "logout-other-user",
            "manage-assets",
            "manage-emoji",
            "manage-sounds",
            "manage-user-status",
            "manage-outgoing-integrations",
            "manage-incoming-integrations",
            "manage-own-outgoing-integrations",
            "manage-own-incoming-integrations",
            "manage-oauth-apps",
            "manage-apps",
            "manage-cloud",
            "get-server-info",
            "unarchive-room",
            "user-generate-access-token",
            "view-full-other-user-info",
            "view-join-code",
            "view-logs",
            "view-other-user-channels",
            "view-room-administration",
            "view-statistics",
            "view-user-administration",
            "view-device-management",
            "view-all-teams",
            "view-moderation-console",
            "manage-moderation-actions",
            "run-import",
            "run-migration",
            "restart-server",
            "test-admin-options",
        ],
    ),
    (
        "AO",
        &[
            "archive-room",
            "delete-c",
            "delete-p",
            "force-delete-message",
            "set-moderator",
            "set-owner",
            "set-leader",
            "set-readonly",
            "set-react-when-readonly",
            "toggle-room-e2e-encryption",
            "delete-team",
            "convert-team",
            "edit-team",
            "view-all-team-channels",
        ],
    ),
    (
        "AOM",
        &[
            "add-user-to-joined-room",
            "ban-user",
            "remove-user",
            "mute-user",
            "edit-room",
            "edit-room-avatar",
            "edit-message",
            "delete-message",
            "pin-message",
            "post-readonly",
            "view-broadcast-member-list",
            "create-invite-links",
            "add-team-member",
            "edit-team-member",
            "add-team-channel",
            "edit-team-channel",
            "remove-team-channel",
            "create-team-channel",
            "create-team-group",
        ],
    ),
    (
        "AOMU",
        &["mention-all", "mention-here", "view-outside-room", "call-management", "videoconf-ring-users"],
    ),
    (
        "AU",
        &[
            "delete-own-message",
            "create-personal-access-tokens",
            "create-team",
            "mobile-upload-file",
            "access-marketplace",
            "test-push-notifications",
            "export-messages-as-pdf",
            "view-user-voip-extension",
        ],
    ),
    ("AUBP", &["create-c", "create-p", "create-d"]),
    ("AUBPN", &["view-c-room", "leave-c", "leave-p"]),
    ("AUBPG", &["view-d-room"]),
    ("AUNG", &["view-p-room"]),
    ("AUN", &["preview-c-room", "view-history"]),
    ("GBPN", &["view-joined-room"]),
    ("ABP", &["api-bypass-rate-limit", "join-without-join-code", "send-many-messages"]),
    ("BP", &["message-impersonate", "bypass-time-limit-edit-and-delete"]),
    ("AUGP", &["start-discussion"]),
    ("AUOP", &["start-discussion-other-user"]),
];

/// The roles behind the letters of [`PERMISSIONS`].
pub fn roles_of(letters: Letters) -> Vec<String> {
    let word = |letter| match letter {
        'A' => "admin",
        'U' => "user",
        'B' => "bot",
        'P' => "app",
        'G' => "guest",
        'N' => "anonymous",
        'O' => "owner",
        'M' => "moderator",
        other => unreachable_letter(other),
    };
    letters.chars().map(|letter| word(letter).to_owned()).collect()
}

/// The table above is checked by a test, so no letter gets here.
fn unreachable_letter(letter: char) -> &'static str {
    debug_assert!(false, "no role has the letter {letter}");
    "admin"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_permission_stands_once_and_names_known_roles() {
        let mut seen = BTreeSet::new();
        for (letters, permissions) in PERMISSIONS {
            for role in roles_of(letters) {
                assert!(ROLES.iter().any(|(id, ..)| *id == role), "{role}");
            }
            for permission in *permissions {
                assert!(seen.insert(permission), "{permission} stands twice");
            }
        }
        assert!(seen.contains(&"mail-messages"));
    }
}
