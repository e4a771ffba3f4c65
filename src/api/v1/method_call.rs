//! `method.call`: methods of the realtime API over REST.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::endpoint::{Access, Context, Endpoint, Limit, post};
use crate::api::methods;
use crate::error::Result;

/// The rows. The path only labels the call; the method that is run stands in the message.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let answer = "message*";
    vec![
        post("method.call/:method").limited(Limit::None).returns(answer).dispatcher(Access::Users, call),
        post("method.callAnon/:method").returns(answer).dispatcher(Access::Everybody, call),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Message {
    message: String,
    #[serde(rename = "method")]
    _label: String,
}

fn call(context: Context<'_>, params: Message) -> Result<Value> {
    Ok(json!({"message": methods::run(context, &params.message)?}))
}
