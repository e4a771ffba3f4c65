//! What Rocket.Chat's environment variables say about users, settings and the deployment.
//!
//! `MONGO_URL`, `NODE_ENV`, `INSTANCE_IP` and others that mean nothing here are passed over.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::domain::defaults;
use crate::domain::name::{is_address, is_usual};

/// What the environment asks for. Much of it is secret, so it prints little of itself.
#[derive(Clone, Default)]
pub struct Environment {
    /// `ADMIN_*`, if `ADMIN_PASS` is set.
    pub admin: Option<FirstAdmin>,
    /// `INITIAL_USER`: an administrator who is there from the beginning.
    pub initial_user: Option<InitialUser>,
    /// `OVERWRITE_SETTING_<id>`: forced on every start.
    pub overwritten: BTreeMap<String, String>,
    /// `<id>` of a setting: its value until it is changed.
    pub initial: BTreeMap<String, String>,
    /// `SETTINGS_BLOCKED`: ids of settings that nobody may change.
    pub blocked: BTreeSet<String>,
    /// `SETTINGS_HIDDEN`: ids of settings that nobody may see.
    pub hidden: BTreeSet<String>,
    /// `MAX_RESUME_LOGIN_TOKENS`: sessions a user may have.
    pub most_sessions: Option<usize>,
    /// `CREATE_TOKENS_FOR_USERS`: whether callers make tokens for users.
    pub tokens_for_users: bool,
    /// `CREATE_TOKENS_FOR_USERS_SECRET`, hashed: whoever knows it does, too.
    pub tokens_secret: Option<[u8; 32]>,
    /// `ALLOW_UNSAFE_QUERY_AND_FIELDS_API_PARAMS`.
    pub unsafe_query: bool,
    /// `DEPLOY_METHOD`: how the server was installed.
    pub deploy_method: Option<String>,
    /// `DEPLOY_PLATFORM`: on what.
    pub deploy_platform: Option<String>,
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
    /// Whether the address counts as verified.
    pub verified: bool,
    /// The password.
    pub password: String,
}

/// `INITIAL_USER`, a JSON object.
#[derive(Clone, Deserialize)]
pub struct InitialUser {
    /// The id; made up if not given.
    #[serde(rename = "_id")]
    pub id: Option<String>,
    /// The login name.
    pub username: String,
    /// The display name.
    pub name: Option<String>,
    /// The address.
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

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<&String> = self.overwritten.keys().chain(self.initial.keys()).collect();
        f.debug_struct("Environment").field("settings", &ids).finish_non_exhaustive()
    }
}

impl Environment {
    /// Reads the variables that are left, none of them empty.
    pub(super) fn read(mut all: BTreeMap<String, String>) -> Result<Self> {
        let ids = |list: Option<String>| -> BTreeSet<String> {
            let list = list.unwrap_or_default();
            list.split(',').map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect()
        };
        let mut read = Self {
            admin: first_admin(&mut all)?,
            initial_user: all.remove("INITIAL_USER").as_deref().map(initial_user).transpose()?,
            blocked: ids(all.remove("SETTINGS_BLOCKED")),
            hidden: ids(all.remove("SETTINGS_HIDDEN")),
            tokens_for_users: all
                .get("CREATE_TOKENS_FOR_USERS")
                .is_some_and(|word| matches!(word.as_str(), "yes" | "true")),
            tokens_secret: all
                .remove("CREATE_TOKENS_FOR_USERS_SECRET")
                .map(|secret| Sha256::digest(secret).into()),
            unsafe_query: all
                .get("ALLOW_UNSAFE_QUERY_AND_FIELDS_API_PARAMS")
                .is_some_and(|value| value.eq_ignore_ascii_case("true")),
            deploy_method: all.remove("DEPLOY_METHOD"),
            deploy_platform: all.remove("DEPLOY_PLATFORM"),
            ..Self::default()
        };
        if let Some(most) = all.get("MAX_RESUME_LOGIN_TOKENS") {
            let number = most.parse().ok().filter(|most| *most > 0);
            let number =
                number.with_context(|| format!("MAX_RESUME_LOGIN_TOKENS={most} must be a number from 1 on"));
            read.most_sessions = Some(number?);
        }
        if read.tokens_for_users && read.tokens_secret.is_none() {
            let text =
                "CREATE_TOKENS_FOR_USERS works without a secret; CREATE_TOKENS_FOR_USERS_SECRET asks for one";
            tracing::warn!("{text}");
        }
        for (list, ids) in [("SETTINGS_BLOCKED", &read.blocked), ("SETTINGS_HIDDEN", &read.hidden)] {
            for id in ids {
                warn_if_unknown(list, id);
            }
        }
        for (key, value) in all {
            if let Some(id) = key.strip_prefix("OVERWRITE_SETTING_") {
                warn_if_unknown(&key, id);
                check(id, &key, &value)?;
                read.overwritten.insert(id.to_owned(), value);
            } else if defaults::definition(&key).is_some() {
                check(&key, &key, &value)?;
                read.initial.insert(key, value);
            }
        }
        Ok(read)
    }

    /// Whether nobody may change a setting.
    pub fn is_fixed(&self, id: &str) -> bool {
        self.overwritten.contains_key(id) || self.blocked.contains(id) || self.hidden.contains(id)
    }
}

fn first_admin(all: &mut BTreeMap<String, String>) -> Result<Option<FirstAdmin>> {
    let Some(password) = all.remove("ADMIN_PASS") else {
        if all.contains_key("ADMIN_USERNAME") || all.contains_key("ADMIN_EMAIL") {
            tracing::warn!("ADMIN_USERNAME and ADMIN_EMAIL make no administrator without ADMIN_PASS");
        }
        return Ok(None);
    };
    let admin = FirstAdmin {
        username: all.remove("ADMIN_USERNAME").unwrap_or_else(|| "admin".to_owned()),
        name: all.remove("ADMIN_NAME").unwrap_or_else(|| "Administrator".to_owned()),
        email: all.remove("ADMIN_EMAIL"),
        verified: all.get("ADMIN_EMAIL_VERIFIED").is_none_or(|value| !value.eq_ignore_ascii_case("false")),
        password,
    };
    check_person(["ADMIN_USERNAME", "ADMIN_EMAIL"], &admin.username, admin.email.as_deref())?;
    Ok(Some(admin))
}

fn initial_user(text: &str) -> Result<InitialUser> {
    // What serde says could show the password.
    let Ok(user) = serde_json::from_str::<InitialUser>(text) else {
        bail!(
            "INITIAL_USER must be a JSON object of texts with `username` and `password`, and perhaps `_id`, \
             `name` and `email`"
        );
    };
    if user.password.trim().is_empty() {
        bail!("INITIAL_USER: `password` is blank");
    }
    if user.id.as_ref().is_some_and(String::is_empty) {
        bail!("INITIAL_USER: `_id` is empty; leave it out to have one made up");
    }
    check_person(["INITIAL_USER: username", "INITIAL_USER: email"], &user.username, user.email.as_deref())?;
    Ok(user)
}

/// Refuses names that nobody could log in with, and addresses that no mail reaches.
fn check_person(said: [&str; 2], username: &str, email: Option<&str>) -> Result<()> {
    let [of_name, of_email] = said;
    if !is_usual(username) {
        bail!("{of_name}={username:?}: a login name has letters, digits, '-', '_' and '.'");
    }
    match email {
        Some(email) if !is_address(email) => bail!("{of_email}={email:?} is no e-mail address"),
        Some(_) | None => Ok(()),
    }
}

/// An environment made for Rocket.Chat may speak of more than there is here.
fn warn_if_unknown(said: &str, id: &str) {
    if defaults::definition(id).is_none() {
        tracing::warn!("{said}: there is no setting {id:?} here; it is passed over");
    }
}

/// Refuses a value that a setting cannot have: better now than never in force.
fn check(id: &str, key: &str, value: &str) -> Result<()> {
    let Some(definition) = defaults::definition(id) else { return Ok(()) };
    if definition.kind.from_environment(value).is_none() {
        bail!("{key}={value} does not suit the setting {id}: it takes a {}", definition.kind.word());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[(&str, &str)]) -> Result<Environment> {
        let pairs = given.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Environment::read(pairs.collect())
    }

    #[test]
    fn settings_are_forced_or_given_or_fixed() {
        let given = [
            ("OVERWRITE_SETTING_Site_Name", "x"),
            ("Language", "de"),
            ("SETTINGS_BLOCKED", "Site_Url, E2E_Enable,"),
            ("SETTINGS_HIDDEN", "SMTP_Host"),
            ("PATH", "/bin"),
        ];
        let read = read(&given).unwrap();
        assert_eq!(read.overwritten["Site_Name"], "x");
        assert_eq!(read.initial.into_iter().collect::<Vec<_>>(), [("Language".to_owned(), "de".to_owned())]);
        assert_eq!(read.blocked.len(), 2);
        assert!(read.hidden.contains("SMTP_Host"));
    }

    #[test]
    fn values_that_do_not_suit_stop_the_start() {
        let error = read(&[("OVERWRITE_SETTING_API_User_Limit", "many")]).unwrap_err().to_string();
        assert!(error.contains("OVERWRITE_SETTING_API_User_Limit=many"), "{error}");
        assert!(read(&[("Message_AllowEditing", "perhaps")]).is_err());
        assert!(read(&[("MAX_RESUME_LOGIN_TOKENS", "0")]).is_err());
        assert_eq!(read(&[("MAX_RESUME_LOGIN_TOKENS", "3")]).unwrap().most_sessions, Some(3));
        assert_eq!(read(&[]).unwrap().most_sessions, None);
    }

    #[test]
    fn the_first_administrator_takes_a_password() {
        assert!(read(&[("ADMIN_USERNAME", "root")]).unwrap().admin.is_none());
        let given = [("ADMIN_PASS", "sesame"), ("ADMIN_EMAIL", "a@b"), ("ADMIN_EMAIL_VERIFIED", "false")];
        let read = read(&given).unwrap();
        assert!(!format!("{read:?}").contains("sesame"));
        let admin = read.admin.unwrap();
        assert_eq!((admin.username.as_str(), admin.verified), ("admin", false));
    }

    #[test]
    fn people_who_could_not_log_in_stop_the_start() {
        for (given, expected) in [
            (&[("ADMIN_PASS", "x"), ("ADMIN_USERNAME", "the boss")][..], "ADMIN_USERNAME=\"the boss\""),
            (&[("ADMIN_PASS", "x"), ("ADMIN_EMAIL", "boss")], "ADMIN_EMAIL=\"boss\" is no e-mail address"),
            (&[("INITIAL_USER", "hush")], "INITIAL_USER must be a JSON object"),
            (&[("INITIAL_USER", r#"{"username":"ann"}"#)], "`username` and `password`"),
            (&[("INITIAL_USER", r#"{"username":"ann","password":" "}"#)], "`password` is blank"),
            (&[("INITIAL_USER", r#"{"username":"a b","password":"hush"}"#)], "INITIAL_USER: username"),
        ] {
            let error = read(given).unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("hush"), "{error}");
        }
        let user = read(&[("INITIAL_USER", r#"{"username":"ann","password":"hush"}"#)]).unwrap().initial_user;
        assert_eq!(user.map(|user| user.username).as_deref(), Some("ann"));
    }

    #[test]
    fn making_tokens_for_others_takes_a_word() {
        assert!(!read(&[]).unwrap().tokens_for_users);
        let given = [("CREATE_TOKENS_FOR_USERS", "yes"), ("CREATE_TOKENS_FOR_USERS_SECRET", "hush")];
        let read = read(&given).unwrap();
        assert!(read.tokens_for_users);
        assert_eq!(read.tokens_secret, Some(Sha256::digest("hush").into()));
    }
}
