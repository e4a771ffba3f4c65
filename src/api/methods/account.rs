//! Methods about one's own account: sessions, second factors, profile, presence.

use serde_json::{Value, json};

use super::Methods;
use super::call::Call;
use super::rooms::{done, field};
use crate::error::Result;
use crate::service::sessions;

pub(super) const METHODS: Methods = &[
    ("login", log_in),
    ("logout", |call| done(call.post("logout", json!({})))),
    ("logoutOtherClients", |call| {
        let mut reply = call.post("users.logoutOtherClients", json!({}))?;
        Ok(Some(json!({"token": reply["token"].take(), "tokenExpires": reply["tokenExpires"].take()})))
    }),
    ("personalAccessTokens:generateToken", |call| {
        let params = json!({"tokenName": call.field(0, "tokenName")?, "bypassTwoFactor": call.argument(0)["bypassTwoFactor"]});
        field(call.post("users.generatePersonalAccessToken", params), "token")
    }),
    ("personalAccessTokens:regenerateToken", |call| {
        let params = json!({"tokenName": call.field(0, "tokenName")?});
        field(call.post("users.regeneratePersonalAccessToken", params), "token")
    }),
    ("personalAccessTokens:removeToken", |call| {
        done(call.post("users.removePersonalAccessToken", json!({"tokenName": call.field(0, "tokenName")?})))
    }),
    ("saveUserPreferences", |call| {
        let data = Value::Object(call.object(0)?.clone());
        call.post("users.setPreferences", json!({"data": data}))?;
        Ok(Some(true.into()))
    }),
    ("saveUserProfile", save_profile),
    ("requestDataDownload", |call| {
        let full = call.argument(0)["fullExport"].as_bool().unwrap_or(false);
        call.get("users.requestDataDownload", json!({"fullExport": full})).map(Some)
    }),
    ("setUserStatus", |call| {
        done(call.post("users.setStatus", json!({"status": call.argument(0), "message": call.argument(1)})))
    }),
    ("UserPresence:setDefaultStatus", |call| set_status(call, call.text(0)?)),
    ("UserPresence:online", |call| set_status(call, "online")),
    ("UserPresence:away", |call| set_status(call, "away")),
    ("getAvatarSuggestion", |call| field(call.get("users.getAvatarSuggestion", json!({})), "suggestions")),
    ("setAvatarFromService", |call| done(call.post("users.setAvatar", json!({"avatarUrl": call.text(0)?})))),
    ("resetAvatar", |call| done(call.post("users.resetAvatar", json!({"userId": call.argument(0)})))),
    ("e2e.setUserPublicAndPrivateKeys", |call| {
        done(call.post("e2e.setUserPublicAndPrivateKeys", Value::Object(call.object(0)?.clone())))
    }),
    ("e2e.fetchMyKeys", |call| call.get("e2e.fetchMyKeys", json!({})).map(Some)),
    ("deleteUserOwnAccount", |call| {
        let params = json!({"password": call.text(0)?, "confirmRelinquish": call.argument(1)});
        call.post("users.deleteOwnAccount", params)?;
        Ok(Some(true.into()))
    }),
    ("sendForgotPasswordEmail", |call| {
        call.post("users.forgotPassword", json!({"email": call.text(0)?}))?;
        Ok(Some(true.into()))
    }),
    ("sendConfirmationEmail", |call| {
        call.post("users.sendConfirmationEmail", json!({"email": call.text(0)?}))?;
        Ok(Some(true.into()))
    }),
];

/// What is sent over a socket is sent here, too.
fn log_in(call: &Call<'_>) -> Result<Option<Value>> {
    let mut params = Value::Object(call.object(0)?.clone());
    if let Value::Object(wrapped) = params["totp"].clone() {
        params = wrapped.get("login").cloned().unwrap_or_default();
        params["code"] = wrapped.get("code").cloned().unwrap_or_default();
    }
    let resumed = params["resume"].is_string();
    let reply = call.post("login", params)?;
    let data = &reply["data"];
    let kind = if resumed { "resume" } else { "password" };
    let token = data["authToken"].as_str().unwrap_or_default();
    let created = call.app.store.token(&sessions::hash(token))?.map(|token| token.created);
    let expires = sessions::expires(call.app, created.unwrap_or(call.app.now()))?;
    Ok(Some(json!({
        "id": data["userId"],
        "token": token,
        "tokenExpires": crate::api::wire::time(expires),
        "type": kind,
    })))
}

fn set_status(call: &Call<'_>, status: &str) -> Result<Option<Value>> {
    done(call.post("users.setStatus", json!({"status": status})))
}

/// The names of the form are others than those of the endpoint.
fn save_profile(call: &Call<'_>) -> Result<Option<Value>> {
    let given = call.object(0)?;
    let names = [
        ("email", "email"),
        ("realname", "name"),
        ("username", "username"),
        ("nickname", "nickname"),
        ("statusText", "statusText"),
        ("statusType", "statusType"),
        ("bio", "bio"),
        ("typedPassword", "currentPassword"),
        ("newPassword", "newPassword"),
    ];
    let data: Value = names
        .into_iter()
        .filter_map(|(name, own)| Some((own.to_owned(), given.get(name)?.clone())))
        .filter(|(_, value)| !value.is_null())
        .collect::<serde_json::Map<_, _>>()
        .into();
    call.post("users.updateOwnBasicInfo", json!({"data": data, "customFields": call.argument(1)}))?;
    Ok(Some(true.into()))
}
