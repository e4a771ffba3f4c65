//! People and programs with an account.

use serde::{Deserialize, Serialize};

use super::{Json, Time, UserId};

/// An account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The login name, unique without regard to case.
    pub username: String,
    /// The display name.
    pub name: Option<String>,
    /// Person, bot or app.
    pub kind: UserKind,
    /// E-mail addresses, unique without regard to case.
    pub emails: Vec<Email>,
    /// argon2id of the hex SHA-256 of the password, as a PHC string. `None`: cannot log in by password.
    pub password: Option<String>,
    /// Ids of the global roles.
    pub roles: Vec<String>,
    /// Deactivated accounts cannot log in.
    pub active: bool,
    /// When the account was made.
    pub created: Time,
    /// When it last changed.
    pub updated: Time,
    /// The last login; `None`: never.
    pub last_login: Option<Time>,
    /// `online`, `away`, `busy` or `offline`.
    pub status: String,
    /// The status its owner chose.
    pub status_default: Option<String>,
    /// A line about the status.
    pub status_text: Option<String>,
    /// A few lines about the person.
    pub bio: Option<String>,
    /// Another name.
    pub nickname: Option<String>,
    /// Must choose a new password after the next login.
    pub require_password_change: bool,
    /// Object of custom fields.
    pub custom_fields: Json,
    /// Object of the preferences that were set.
    pub preferences: Json,
    /// Whatever else Rocket.Chat keeps on a user and a client sent (`language`, `utcOffset` …): an object.
    pub extra: Json,
}

impl User {
    /// An active account that cannot log in yet: give it a password.
    pub fn new(id: UserId, username: impl Into<String>, now: Time) -> Self {
        Self {
            id,
            username: username.into(),
            name: None,
            kind: UserKind::User,
            emails: Vec::new(),
            password: None,
            roles: vec!["user".to_owned()],
            active: true,
            created: now,
            updated: now,
            last_login: None,
            status: "offline".to_owned(),
            status_default: None,
            status_text: None,
            bio: None,
            nickname: None,
            require_password_change: false,
            custom_fields: Json::NONE,
            preferences: Json::NONE,
            extra: Json::NONE,
        }
    }

    /// How messages and rooms refer to this account.
    pub fn reference(&self) -> UserRef {
        UserRef { id: self.id.clone(), username: self.username.clone(), name: self.name.clone() }
    }

    /// Whether the account shows a picture that comes with the program.
    pub fn has_local_avatar(&self) -> bool {
        self.extra.value()["avatarOrigin"] == "local"
    }

    /// Notes which picture the account shows, and where that came from.
    pub fn set_avatar(&mut self, tag: Option<&str>, origin: Option<&str>) {
        self.extra = self.extra.with("avatarETag", tag.into()).with("avatarOrigin", origin.into());
    }

    /// The display name, else the login name.
    pub fn display_name(&self) -> &str {
        self.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&self.username)
    }

    /// Whether the account has this global role.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|known| known == role)
    }
}

/// What kind of account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserKind {
    /// A person.
    User,
    /// A program that writes messages.
    Bot,
    /// A part of the server.
    App,
}

impl UserKind {
    /// Rocket.Chat's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Bot => "bot",
            Self::App => "app",
        }
    }
}

/// An e-mail address of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// The address as given.
    pub address: String,
    /// Whether its owner has shown to own it.
    pub verified: bool,
}

/// A user as other records remember it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRef {
    /// The id.
    pub id: UserId,
    /// The login name at that time.
    pub username: String,
    /// The display name at that time.
    pub name: Option<String>,
}

/// A login token. Its key in the store is the hash of the token; the token itself is never kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginToken {
    /// Whose it is.
    pub user: UserId,
    /// When it was given out.
    pub created: Time,
    /// Set for personal access tokens, which do not expire.
    pub personal: Option<PersonalToken>,
}

/// What makes a token a personal access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonalToken {
    /// Its name, unique for its owner.
    pub name: String,
    /// The last six characters, to tell tokens apart.
    pub last_part: String,
    /// Whether it stands for the second factor, too.
    pub bypass_two_factor: bool,
}
