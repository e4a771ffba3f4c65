//! `users.*`: the pictures that show people. The pictures themselves are under `/avatar/`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
use crate::api::people::Person;
use crate::api::wire;
use crate::app::App;
use crate::domain::avatar::LARGEST_PICTURE;
use crate::error::{Error, Result};
use crate::service::avatars::{self, Named, Source};
use crate::service::caller::Caller;
use crate::service::settings;
use crate::service::uploads::Arrived;

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        post("users.setAvatar").returns(NOTHING).form("image", |_, _| Ok(Some(LARGEST_PICTURE as u64)), set),
        get("users.getAvatar").elsewhere(place),
        post("users.resetAvatar").returns(NOTHING).user(reset),
        get("users.getAvatarSuggestion")
            .returns("suggestions* object")
            .user(|_, _, _: Nothing| Ok(json!({"suggestions": {}}))),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Whose {
    user_id: Option<String>,
    username: Option<String>,
    user: Option<String>,
}

impl Whose {
    fn named(&self) -> Named<'_> {
        Named { id: self.user_id.as_deref(), username: self.username.as_deref().or(self.user.as_deref()) }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Set {
    avatar_url: Option<String>,
    user_id: Option<String>,
    username: Option<String>,
}

fn set(app: &App, caller: &Caller, file: Option<Arrived>, params: Set) -> Result<Value> {
    let named = Named { id: params.user_id.as_deref(), username: params.username.as_deref() };
    let source = match (params.avatar_url.as_deref().filter(|address| !address.is_empty()), file) {
        (Some(address), _) => Source::Address(address),
        (None, Some(file)) => Source::File(file),
        (None, None) => return Err(Error::plain("The 'image' param is required")),
    };
    avatars::set(app, caller, named, source)?;
    Ok(Value::Null)
}

fn place(app: &App, person: Person) -> Result<String> {
    let user = person.find(app)?;
    Ok(wire::account::avatar_url(&user, &settings::site_url(app)?))
}

fn reset(app: &App, caller: &Caller, params: Whose) -> Result<Value> {
    avatars::reset(app, caller, params.named())?;
    Ok(Value::Null)
}
