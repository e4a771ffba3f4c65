//! `e2e.*`: keys of end-to-end encryption, which clients make and the server keeps.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
use crate::app::App;
use crate::error::Result;
use crate::service::caller::Caller;
use crate::service::encryption_keys::{self, Keys};

/// The rows. Rooms have no keys of their own here, so nobody waits for one.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        post("e2e.setUserPublicAndPrivateKeys").returns(NOTHING).user(set),
        get("e2e.fetchMyKeys").returns("public_key, private_key").user(own),
        get("e2e.fetchUsersWaitingForGroupKey")
            .returns("usersWaitingForE2EKeys* object")
            .user(|_, _, _: Rooms| Ok(json!({"usersWaitingForE2EKeys": {}}))),
        post("e2e.provideUsersSuggestedGroupKeys")
            .returns(NOTHING)
            .user(|_, _, _: Suggested| Ok(Value::Null)),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Made {
    #[schemars(length(max = 16384))]
    public_key: String,
    #[schemars(length(max = 16384))]
    private_key: String,
    #[serde(default)]
    force: bool,
}

fn set(app: &App, caller: &Caller, made: Made) -> Result<Value> {
    let keys = Keys { public: made.public_key, private: made.private_key };
    encryption_keys::set(app, &caller.user.id, &keys, made.force)?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

fn own(_: &App, caller: &Caller, _: Nothing) -> Result<Value> {
    Ok(match encryption_keys::of(&caller.user) {
        Some(keys) => json!({"public_key": keys.public, "private_key": keys.private}),
        None => json!({}),
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "checked, but nobody waits in any room")]
struct Rooms {
    room_ids: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "checked, but no room has a key")]
struct Suggested {
    users_suggested_group_keys: Map<String, Value>,
}
