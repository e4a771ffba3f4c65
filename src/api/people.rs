//! The users that a request names, by id or login name.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::App;
use crate::domain::{User, UserId};
use crate::error::{Error, Result};

/// Parameters that name one user.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    user_id: Option<String>,
    username: Option<String>,
    user: Option<String>,
}

impl Person {
    /// The user.
    pub fn find(&self, app: &App) -> Result<User> {
        let username = self.username.as_deref().or(self.user.as_deref()).filter(|name| !name.is_empty());
        let found = match (self.user_id.as_deref().filter(|id| !id.is_empty()), username) {
            (Some(id), _) => app.store.user(&UserId::new(id))?,
            (None, Some(username)) => app.store.user_by_name(username.trim_start_matches('@'))?,
            (None, None) => {
                let text = "The required \"userId\" or \"username\" param was not provided";
                return Err(Error::refused("error-user-param-not-provided", text));
            }
        };
        found.ok_or_else(|| {
            let text = "The required \"userId\" or \"username\" param provided does not match any users";
            Error::refused("error-invalid-user", text)
        })
    }
}

/// Parameters that name one user or several.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct People {
    user_id: Option<String>,
    username: Option<String>,
    user: Option<String>,
    user_ids: Option<Vec<String>>,
    usernames: Option<Vec<String>>,
}

impl People {
    /// Those of the users who exist.
    pub fn find(&self, app: &App) -> Result<Vec<User>> {
        let ids = self.user_ids.iter().flatten().chain(&self.user_id);
        let names = self.usernames.iter().flatten().chain(&self.username).chain(&self.user);
        let (mut given, mut users) = (0, Vec::<User>::new());
        let found = ids
            .filter(|id| !id.is_empty())
            .map(|id| app.store.user(&UserId::new(id)))
            .chain(names.filter(|name| !name.is_empty()).map(|name| app.store.user_by_name(name)));
        for user in found {
            given += 1;
            users.extend(user?.filter(|user| users.iter().all(|known| known.id != user.id)));
        }
        if given == 0 {
            let text = "Please provide \"userId\" or \"username\" or \"userIds\" or \"usernames\" as param";
            return Err(Error::refused("error-users-params-not-provided", text));
        }
        Ok(users)
    }
}
