//! `/hooks/…`: where other programs post into rooms. They have no account here; id and token of an
//! incoming integration stand in the path.

use std::sync::Arc;

use serde_json::{Map, Value};
use warp::http::StatusCode;
use warp::reply::Response;

use crate::api::reply::Reply;
use crate::api::request::{Incoming, LARGEST_STRANGE_BODY};
use crate::app::App;
use crate::domain::{Integration, IntegrationId};
use crate::error::{Error, Result};
use crate::service::caller::Client;
use crate::service::integrations::incoming;
use crate::service::settings;
use crate::telemetry::spawn_blocking;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// Post a message.
    Post,
    /// Make an outgoing integration.
    Subscribe,
    /// Remove one.
    Unsubscribe,
    /// Show what calls look like.
    Sample,
}

/// What a path asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Call {
    act: Act,
    id: IntegrationId,
    token: String,
}

/// The call that a path is: `/hooks/[add|remove|sample/]<id>/[<user>/]<token>`. The user is of old
/// days; the token alone decides.
pub fn call(path: &str) -> Option<Call> {
    let segments: Vec<&str> = path.strip_prefix("/hooks/")?.split('/').collect();
    let (act, rest) = match segments.as_slice() {
        ["add", rest @ ..] => (Act::Subscribe, rest),
        ["remove", rest @ ..] => (Act::Unsubscribe, rest),
        ["sample", rest @ ..] => (Act::Sample, rest),
        rest => (Act::Post, rest),
    };
    let ([id, token] | [id, _, token]) = rest else { return None };
    let text = |text: &str| Some(percent_encoding::percent_decode_str(text).decode_utf8().ok()?.into_owned());
    Some(Call { act, id: IntegrationId::new(text(id)?), token: text(token)? })
}

/// Answers a call.
pub async fn answer(app: &Arc<App>, call: Call, incoming: Incoming) -> Response {
    let fits = match call.act {
        Act::Post => incoming.method == "GET" || incoming.method == "POST",
        Act::Subscribe => incoming.method == "POST",
        Act::Unsubscribe => incoming.method == "POST" || incoming.method == "DELETE",
        Act::Sample => incoming.method == "GET",
    };
    if !fits {
        return super::small(Reply::no_endpoint());
    }
    let (worker, act) = (Arc::clone(app), call.act);
    let opened = spawn_blocking(move || open(&worker, &call)).await;
    let integration = match opened.unwrap_or_else(|panic| Err(Error::internal(panic))) {
        Ok(integration) => integration,
        Err(error) => return super::small(Reply::failure(&error)),
    };
    if !integration.enabled {
        return super::text(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
    }
    let client = Client::at(incoming.client);
    // Who only asks for the headers wants nothing done.
    let looks = incoming.head_only;
    let said = match incoming.read(app, Vec::new(), LARGEST_STRANGE_BODY).await {
        Ok(input) if looks => {
            drop(input);
            Ok(Map::new())
        }
        Ok(input) => input.parse::<Map<String, Value>>(),
        Err(refusal) => return super::small(refusal),
    };
    let worker = Arc::clone(app);
    let done = spawn_blocking(move || perform(&worker, &client, act, &integration, &said?)).await;
    let done = done.unwrap_or_else(|panic| Err(Error::internal(panic)));
    let durable = app.store.durable().await.map_err(Error::from);
    super::small(match done.and_then(|value| durable.map(|()| value)) {
        Ok(value) => Reply::success(value),
        Err(error) => Reply::failure(&error),
    })
}

/// The integration that a call knows the token of, as long as it is not called too often.
fn open(app: &App, call: &Call) -> Result<Integration> {
    let unknown = || Error::NotFound("Invalid integration id or token provided.".to_owned());
    let integration = incoming::open(app, &call.id, &call.token)?.ok_or_else(unknown)?;
    if settings::is_on(app, "API_Enable_Rate_Limiter")? {
        let (most, now) = (app.config.integrations.posts_per_minute, app.now());
        let allowance = app.hook_limiter.count_one(integration.id.clone(), most, 60_000, now);
        if allowance.refused {
            return Err(Error::TooMany { seconds: allowance.reset.since(now).as_secs().max(1) });
        }
    }
    Ok(integration)
}

fn perform(
    app: &App,
    client: &Client,
    act: Act,
    integration: &Integration,
    said: &Map<String, Value>,
) -> Result<Value> {
    match act {
        Act::Post => incoming::receive(app, client, integration, said).map(|()| Value::Null),
        Act::Subscribe => incoming::subscribe(app, client, integration, said).map(|()| Value::Null),
        Act::Unsubscribe => {
            let url = said.get("target_url").and_then(Value::as_str).unwrap_or_default();
            incoming::unsubscribe(app, client, integration, url).map(|()| Value::Null)
        }
        Act::Sample => incoming::samples(app, integration),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_what_is_to_be_done() {
        let read = |path| call(path).map(|call| (call.act, call.id.to_string(), call.token));
        let expected = |act| Some((act, "i".to_owned(), "t/1".to_owned()));
        assert_eq!(read("/hooks/i/t%2f1"), expected(Act::Post));
        assert_eq!(read("/hooks/i/u/t%2f1"), expected(Act::Post));
        assert_eq!(read("/hooks/add/i/t%2f1"), expected(Act::Subscribe));
        assert_eq!(read("/hooks/remove/i/u/t%2f1"), expected(Act::Unsubscribe));
        assert_eq!(read("/hooks/sample/i/t%2f1"), expected(Act::Sample));
        for none in ["/hooks/", "/hooks/i", "/hooks/a/b/c/d", "/hooks/i/%ff", "/hook/i/t"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
