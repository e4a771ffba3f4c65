//! Rooms, who is in them, and what happens there.

use serde::{Deserialize, Serialize};

use super::{Json, MessageId, RoomId, Time, UserId, UserRef};

/// Who a room is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoomKind {
    /// Everybody may see and join it.
    Channel,
    /// Only members see it.
    Group,
    /// A conversation between its members; nobody joins later.
    Direct,
}

impl RoomKind {
    /// Rocket.Chat's letter.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Channel => "c",
            Self::Group => "p",
            Self::Direct => "d",
        }
    }
}

/// A room. What changes with every message is in [`Activity`], so that this stays small and still.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// Channel, group or direct message.
    pub kind: RoomKind,
    /// The unique name of a channel or group.
    pub name: Option<String>,
    /// The display name, where it differs.
    pub display_name: Option<String>,
    /// Who made it. Direct messages have no maker.
    pub creator: Option<UserRef>,
    /// When it was made.
    pub created: Time,
    /// When its properties last changed.
    pub updated: Time,
    /// The topic.
    pub topic: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The announcement.
    pub announcement: Option<String>,
    /// Only people with `post-readonly` write here.
    pub read_only: bool,
    /// Set when reactions are (not) allowed in a read-only room.
    pub react_when_read_only: Option<bool>,
    /// Nobody writes here any more.
    pub archived: bool,
    /// New users join it.
    pub default: bool,
    /// Only some write, everybody answers in private.
    pub broadcast: Option<bool>,
    /// Clients encrypt what they send.
    pub encrypted: Option<bool>,
    /// The code that lets people join.
    pub join_code: Option<String>,
    /// Login names that may not write.
    pub muted: Vec<String>,
    /// Login names that may write although the room is read-only.
    pub unmuted: Vec<String>,
    /// The members of a direct message.
    pub direct: Vec<UserRef>,
    /// The room this discussion belongs to.
    pub parent: Option<RoomId>,
    /// Object of custom fields.
    pub custom_fields: Json,
    /// Further keys (`featured`, `teamId`, `sidepanel` …): an object.
    pub extra: Json,
}

impl Room {
    /// An empty room.
    pub fn new(
        id: RoomId,
        kind: RoomKind,
        name: Option<String>,
        creator: Option<UserRef>,
        now: Time,
    ) -> Self {
        Self {
            id,
            kind,
            display_name: name.clone(),
            name,
            creator,
            created: now,
            updated: now,
            topic: None,
            description: None,
            announcement: None,
            read_only: false,
            react_when_read_only: None,
            archived: false,
            default: false,
            broadcast: None,
            encrypted: None,
            join_code: None,
            muted: Vec::new(),
            unmuted: Vec::new(),
            direct: Vec::new(),
            parent: None,
            custom_fields: Json::from_text("{}"),
            extra: Json::NONE,
        }
    }

    /// Notes which picture the room shows.
    pub fn set_avatar(&mut self, tag: Option<&str>) {
        self.extra = self.extra.with("avatarETag", tag.into());
        if self.extra.as_str() == "{}" {
            self.extra = Json::NONE;
        }
    }

    /// What people call it: display name, name, the members of a direct message, else the id.
    pub fn title(&self) -> String {
        if let Some(name) = self.display_name.as_ref().or(self.name.as_ref()) {
            return name.clone();
        }
        let members: Vec<&str> = self.direct.iter().map(|member| member.username.as_str()).collect();
        if members.is_empty() { self.id.to_string() } else { members.join(", ") }
    }
}

/// What changes with every message of a room. One small record, so that sending costs the same in
/// every room.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// Messages, system messages included.
    pub messages: u64,
    /// Members.
    pub members: u64,
    /// How often everybody was mentioned (`@all`, `@here`) since the room was made.
    pub group_mentions: u64,
    /// When the last message of a person was sent.
    pub last_at: Option<Time>,
    /// The last message of a person.
    pub last_message: Option<MessageId>,
    /// When anything here last changed.
    pub updated: Time,
}

/// A user's membership of a room. Whether it is unread is derived: from [`Activity::last_at`]
/// against `last_seen`, and from counters of what was addressed to this member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its own id on the wire.
    pub id: String,
    /// The member.
    pub user: UserId,
    /// The member's login name.
    pub username: String,
    /// The room.
    pub room: RoomId,
    /// When the member joined.
    pub created: Time,
    /// When it last changed.
    pub updated: Time,
    /// When the member last read the room.
    pub last_seen: Option<Time>,
    /// When the member last wrote here.
    pub last_replied: Option<Time>,
    /// Hidden from the sidebar at this time; a later message brings it back.
    pub closed_at: Option<Time>,
    /// Room roles: `owner`, `moderator`, `leader`.
    pub roles: Vec<String>,
    /// Marked as a favourite.
    pub favorite: bool,
    /// Messages that count as unread: all in direct messages, mentions elsewhere.
    pub unread: u32,
    /// Times this member was mentioned since `last_seen`.
    pub user_mentions: u32,
    /// [`Activity::group_mentions`] when the member last read the room.
    pub group_mentions_seen: u64,
    /// Marked unread by hand.
    pub marked_unread: bool,
    /// Further keys (notification preferences, ignored users …): an object.
    pub extra: Json,
}

impl Subscription {
    /// A new membership with nothing unread.
    pub fn new(user: &UserRef, room: RoomId, now: Time) -> Self {
        Self {
            id: super::id::random_id(),
            user: user.id.clone(),
            username: user.username.clone(),
            room,
            created: now,
            updated: now,
            last_seen: None,
            last_replied: None,
            closed_at: None,
            roles: Vec::new(),
            favorite: false,
            unread: 0,
            user_mentions: 0,
            group_mentions_seen: 0,
            marked_unread: false,
            extra: Json::NONE,
        }
    }

    /// Whether the member has this role in the room.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|known| known == role)
    }

    /// Whether the room shows in the member's sidebar.
    pub fn is_open(&self, activity: &Activity) -> bool {
        self.closed_at.is_none_or(|closed| activity.last_at.is_some_and(|last| last > closed))
    }

    /// Whether there is something new since the member last read.
    pub fn is_alerted(&self, activity: &Activity) -> bool {
        let seen = self.last_seen.unwrap_or(self.created);
        self.marked_unread || activity.last_at.is_some_and(|last| last > seen)
    }

    /// Times everybody was mentioned since the member last read.
    pub fn group_mentions(&self, activity: &Activity) -> u64 {
        activity.group_mentions.saturating_sub(self.group_mentions_seen)
    }

    /// Takes everything in the room as read.
    pub fn mark_read(&mut self, activity: &Activity, now: Time) {
        self.last_seen = Some(now);
        self.updated = now;
        self.closed_at = None;
        self.unread = 0;
        self.user_mentions = 0;
        self.group_mentions_seen = activity.group_mentions;
        self.marked_unread = false;
    }
}
