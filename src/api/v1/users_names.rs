//! `users.*`: finding people as one types, and names for oneself.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::users_listing::only;
use crate::api::endpoint::{Endpoint, get};
use crate::api::filter::Filter;
use crate::api::wire::{self, Detail};
use crate::app::App;
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::{access, account_names, completion};

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("users.autocomplete").returns("items* objects").user(complete),
        get("users.checkUsernameAvailability").returns("result* boolean").user(check_username),
        get("users.getUsernameSuggestion").returns("result*").user(suggest_username),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct Complete {
    selector: String,
}

#[derive(Deserialize)]
struct Selector {
    #[serde(default)]
    term: String,
    #[serde(default)]
    exceptions: Vec<String>,
    #[serde(default)]
    conditions: Map<String, Value>,
}

fn complete(app: &App, caller: &Caller, params: Complete) -> Result<Value> {
    const FIELDS: [&str; 7] = ["_id", "username", "name", "status", "statusText", "avatarETag", "nickname"];
    let invalid = || Error::plain("error-invalid-query");
    let selector: Selector = serde_json::from_str(&params.selector).map_err(|_| invalid())?;
    let conditions = Conditions::read(selector.conditions, DEEPEST).ok_or_else(invalid)?;
    let privileged = access::holds(app, &caller.user, "view-full-other-user-info")?;
    // Nobody finds by what he does not see.
    let detail = if privileged { Detail::Full } else { Detail::Public };
    let found = completion::find(app, caller, &selector.term, &selector.exceptions, |user| {
        conditions.hold(&wire::user(user, detail))
    })?;
    let items = found.iter().map(|user| only(wire::user(user, Detail::Public), &FIELDS));
    Ok(json!({"items": items.collect::<Vec<_>>()}))
}

/// Conditions are nested no deeper.
const DEEPEST: usize = 8;

/// Conditions on a user: of fields, and of `$and` and `$or` of more conditions.
enum Conditions {
    Fields(Filter),
    All(Vec<Conditions>),
    Any(Vec<Conditions>),
}

impl Conditions {
    /// Reads them; `None` if anything is not understood.
    fn read(given: Map<String, Value>, depth: usize) -> Option<Self> {
        let mut all = Vec::new();
        let mut fields = Map::new();
        for (key, value) in given {
            match (key.as_str(), value) {
                (word @ ("$and" | "$or"), Value::Array(parts)) if depth > 0 => {
                    let parts = parts.into_iter().map(|part| match part {
                        Value::Object(part) => Self::read(part, depth - 1),
                        _ => None,
                    });
                    let parts = parts.collect::<Option<Vec<_>>>()?;
                    all.push(if word == "$and" { Self::All(parts) } else { Self::Any(parts) });
                }
                (word, _) if word.starts_with('$') => return None,
                (_, value) => {
                    fields.insert(key, value);
                }
            }
        }
        all.push(Self::Fields(Filter::parse(Some(&Value::Object(fields).to_string())).ok()?));
        Some(Self::All(all))
    }

    fn hold(&self, row: &Value) -> bool {
        match self {
            Self::Fields(filter) => filter.matches(row),
            Self::All(parts) => parts.iter().all(|part| part.hold(row)),
            Self::Any(parts) => parts.iter().any(|part| part.hold(row)),
        }
    }
}

#[derive(Deserialize, JsonSchema)]
struct Username {
    username: String,
}

fn check_username(app: &App, caller: &Caller, params: Username) -> Result<Value> {
    Ok(json!({"result": account_names::is_available(app, &caller.user, &params.username)?}))
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

fn suggest_username(app: &App, caller: &Caller, _: Nothing) -> Result<Value> {
    Ok(json!({"result": completion::suggest_username(app, &caller.user)?}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(conditions: Value) -> Option<Conditions> {
        let Value::Object(conditions) = conditions else { panic!("an object") };
        Conditions::read(conditions, DEEPEST)
    }

    #[test]
    fn conditions_may_be_nested() {
        let row = json!({"username": "al", "type": "user", "active": true});
        let holds = |conditions| read(conditions).unwrap().hold(&row);
        assert!(holds(json!({})));
        assert!(holds(json!({"$or": [{"username": "bob"}, {"type": "user"}], "active": true})));
        assert!(!holds(json!({"$and": [{"username": "al"}, {"type": "bot"}]})));
        assert!(holds(json!({"$and": [{"$or": [{"username": {"$in": ["al"]}}]}]})));
        assert!(!holds(json!({"$or": []})));
    }

    #[test]
    fn what_is_no_condition_is_not_understood() {
        for bad in [
            json!({"$nor": [{"username": "al"}]}),
            json!({"$or": {"username": "al"}}),
            json!({"$and": ["al"]}),
            json!({"$and": [{"$where": "1"}]}),
            json!({"username": {"$where": "1"}}),
        ] {
            assert!(read(bad.clone()).is_none(), "{bad}");
        }
        let deep = (0..100).fold(json!({"a": 1}), |inner, _| json!({"$and": [inner]}));
        assert!(read(deep).is_none());
    }
}
