//! What the environment says about users and settings, in Rocket.Chat's variables.

use std::collections::BTreeMap;

/// What Rocket.Chat's environment variables ask for.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `ADMIN_*`, if `ADMIN_PASS` is set.
    pub admin: Option<FirstAdmin>,
    /// `INITIAL_USER`: a JSON object.
    pub initial_user: Option<String>,
    /// `OVERWRITE_SETTING_<id>`: forced on every start.
    pub overwritten: BTreeMap<String, String>,
    /// `<id>` of a setting: its value until it is changed.
    pub initial: BTreeMap<String, String>,
    /// `MAX_RESUME_LOGIN_TOKENS`: sessions of a user.
    pub most_sessions: Option<usize>,
    /// `CREATE_TOKENS_FOR_USERS`: whether callers make tokens for users.
    pub tokens_for_users: bool,
    /// `CREATE_TOKENS_FOR_USERS_SECRET`, hashed: whoever knows it does, too.
    pub tokens_secret: Option<[u8; 32]>,
}

/// `ADMIN_USERNAME` and its siblings.
#[derive(Clone)]
pub struct FirstAdmin {
    /// The login name.
    pub username: String,
    /// The display name.
    pub name: String,
    /// The address, if given.
    pub email: Option<String>,
    /// The password.
    pub password: String,
}

/// The password is nobody's business, in logs least of all.
impl std::fmt::Debug for FirstAdmin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FirstAdmin").field("username", &self.username).finish_non_exhaustive()
    }
}
