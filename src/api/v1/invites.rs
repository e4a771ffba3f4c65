//! Links that let people into a room.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::channels::lifecycle::Nothing;
use crate::api::endpoint::{Endpoint, delete, get, post};
use crate::api::fields::{BARE_LIST, BARE_TRUE, NOTHING};
use crate::api::lenient::as_number;
use crate::api::wire;
use crate::app::App;
use crate::domain::{Invite, RoomId};
use crate::error::{Error, Result};
use crate::service::caller::{Caller, Client};
use crate::service::invites;

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("listInvites").returns(BARE_LIST).user(list),
        post("findOrCreateInvite")
            .takes("rid*, days number, maxUses number")
            .returns("_id*, rid*, userId*, days* number, maxUses* number, uses* number, url*")
            .user(find_or_create),
        delete("removeInvite/:_id").returns(BARE_TRUE).user(remove),
        post("sendInvitationEmail").returns(NOTHING).user(ask_by_mail),
        post("useInviteToken").returns("room* object").user(redeem),
        post("validateInviteToken").returns("valid* boolean").public(validate),
    ]
}

fn shown(app: &App, invite: &Invite) -> Result<Value> {
    Ok(wire::invite(invite, &invites::url(app, invite)?))
}

/// A bare list: clients know it so.
fn list(app: &App, caller: &Caller, _: Nothing) -> Result<Value> {
    invites::list(app, caller)?.iter().map(|invite| shown(app, invite)).collect()
}

fn find_or_create(app: &App, caller: &Caller, params: Map<String, Value>) -> Result<Value> {
    let rid = params.get("rid").and_then(Value::as_str).filter(|rid| !rid.is_empty());
    let rid =
        rid.ok_or_else(|| Error::refused("error-the-field-is-required", "The field rid is required"))?;
    let days = number(params.get("days"), 1);
    let uses = number(params.get("maxUses"), 0);
    let invite = invites::find_or_create(app, caller, &RoomId::new(rid), days, uses)?;
    shown(app, &invite)
}

/// A whole number; what is none is one that nobody may choose.
fn number(value: Option<&Value>, default: u32) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
    match value {
        None | Some(Value::Null) => default,
        Some(value) => as_number(value)
            .filter(|number| number.fract() == 0.0 && (0.0..1e6).contains(number))
            .map_or(u32::MAX, |number| number as u32),
    }
}

#[derive(Deserialize, JsonSchema)]
struct Named {
    #[serde(rename = "_id")]
    id: String,
}

fn remove(app: &App, caller: &Caller, named: Named) -> Result<Value> {
    invites::remove(app, caller, &named.id)?;
    Ok(Value::Bool(true))
}

#[derive(Deserialize, JsonSchema)]
struct Token {
    token: Option<String>,
}

fn redeem(app: &App, caller: &Caller, params: Token) -> Result<Value> {
    let room = invites::redeem(app, &caller.user, &params.token.unwrap_or_default())?;
    let mut shown = json!({"rid": room.id.as_str(), "t": room.kind.letter(), "name": room.name});
    shown["fname"] = room.title().into();
    if let Some(parent) = &room.parent {
        shown["prid"] = parent.as_str().into();
    }
    Ok(json!({"room": shown}))
}

fn validate(app: &App, _: &Client, params: Token) -> Result<Value> {
    Ok(json!({"valid": invites::is_valid(app, &params.token.unwrap_or_default())?}))
}

#[derive(Deserialize, JsonSchema)]
struct Addresses {
    #[schemars(length(min = 1))]
    emails: Vec<String>,
}

fn ask_by_mail(app: &App, caller: &Caller, params: Addresses) -> Result<Value> {
    invites::ask_by_mail(app, caller, &params.emails)?;
    Ok(Value::Null)
}
