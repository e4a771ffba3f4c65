//! Methods about other people.

use serde_json::{Value, json};

use super::Methods;
use super::call::Call;
use super::rooms::{done, field};
use crate::error::{Error, Result};

pub(super) const METHODS: Methods = &[
    ("createDirectMessage", create_direct),
    ("getUserRoles", |call| field(call.get("roles.getUsersInPublicRoles", json!({})), "users")),
    ("setUserActiveStatus", |call| {
        let params = json!({
            "userId": call.text(0)?,
            "activeStatus": call.argument(1),
            "confirmRelinquish": call.argument(2),
        });
        call.post("users.setActiveStatus", params)?;
        Ok(Some(true.into()))
    }),
    ("insertOrUpdateUser", insert_or_update),
    ("blockUser", |call| set_blocked(call, true)),
    ("unblockUser", |call| set_blocked(call, false)),
    ("authorization:addUserToRole", |call| {
        let params = json!({"roleId": call.text(0)?, "username": call.text(1)?, "roomId": call.argument(2)});
        call.post("roles.addUserToRole", params)?;
        Ok(Some(true.into()))
    }),
    ("authorization:removeUserFromRole", |call| {
        let params = json!({"roleId": call.text(0)?, "username": call.text(1)?, "scope": call.argument(2)});
        call.post("roles.removeUserFromRole", params)?;
        Ok(Some(true.into()))
    }),
];

/// The names of the others, one after the other; options may come last.
fn create_direct(call: &Call<'_>) -> Result<Option<Value>> {
    let names: Vec<&str> = call.arguments.iter().filter_map(Value::as_str).collect();
    if names.is_empty() {
        return Err(Error::refused("error-invalid-user", "Invalid user"));
    }
    let exclude = call.arguments.last().map(|options| options["excludeSelf"].clone());
    field(call.post("im.create", json!({"usernames": names.join(","), "excludeSelf": exclude})), "room")
}

/// An account as the administration's form tells it: with an id it changes, else it is made.
fn insert_or_update(call: &Call<'_>) -> Result<Option<Value>> {
    let mut given = call.object(0)?.clone();
    let Some(Value::String(id)) = given.shift_remove("_id") else {
        let reply = call.post("users.create", Value::Object(given))?;
        return Ok(Some(reply["user"]["_id"].clone()));
    };
    if id == call.caller()?.user.id.as_str() && given.get("verified") == Some(&json!(true)) {
        return Err(Error::refused("error-action-not-allowed", "Editing user is not allowed"));
    }
    call.post("users.update", json!({"userId": id, "data": given}))?;
    Ok(Some(true.into()))
}

fn set_blocked(call: &Call<'_>, block: bool) -> Result<Option<Value>> {
    call.field(0, "blocked")?;
    done(call.post("im.blockUser", json!({"roomId": call.field(0, "rid")?, "block": block})))?;
    Ok(Some(true.into()))
}
