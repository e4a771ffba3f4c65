//! `push.*`: devices that want to be told of messages.

use serde_json::{Map, Value, json};

use super::channels::lifecycle::Nothing;
use crate::api::endpoint::{Endpoint, delete, get, post};
use crate::api::fields::NOTHING;
use crate::api::matching::{Params, filled};
use crate::api::wire;
use crate::app::App;
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::{devices, settings};

/// An address longer than this is none.
const LONGEST: usize = 4096;

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        post("push.token").takes("type*, value*, appName*").returns("result* object").user(add),
        delete("push.token").takes("token*").returns(NOTHING).user(remove),
        get("push.info").returns("pushGatewayEnabled* boolean, defaultPushGateway* boolean").user(info),
    ]
}

fn text<'a>(params: &'a Params, key: &str, code: &str) -> Result<&'a str> {
    filled(params, key).filter(|text| text.len() <= LONGEST).ok_or_else(|| {
        let text = format!("The required \"{key}\" body param is missing or invalid.");
        Error::refused(format!("error-{code}-param-not-valid"), text)
    })
}

fn add(app: &App, caller: &Caller, params: Map<String, Value>) -> Result<Value> {
    let service = text(&params, "type", "type")?;
    if !["apn", "gcm"].contains(&service) {
        let text = "The required \"type\" body param is missing or invalid.";
        return Err(Error::refused("error-type-param-not-valid", text));
    }
    let value = text(&params, "value", "token")?;
    let application = text(&params, "appName", "appName")?;
    let token = devices::add(app, &caller.user.id, service, value, application)?;
    Ok(json!({"result": {
        "_id": token.id,
        "token": {&token.service: token.value},
        "appName": token.application,
        "userId": caller.user.id.as_str(),
        "enabled": true,
        "createdAt": wire::time(token.created),
        "_updatedAt": wire::time(token.updated),
    }}))
}

fn remove(app: &App, caller: &Caller, params: Map<String, Value>) -> Result<Value> {
    let value = text(&params, "token", "token")?;
    if !devices::remove(app, &caller.user.id, value)? {
        return Err(Error::NotFound("Resource not found".to_owned()));
    }
    Ok(Value::Null)
}

fn info(app: &App, _: &Caller, _: Nothing) -> Result<Value> {
    let gateway = settings::is_on(app, "Push_enable_gateway")?;
    Ok(json!({"pushGatewayEnabled": gateway, "defaultPushGateway": false}))
}
