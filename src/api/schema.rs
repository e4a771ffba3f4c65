//! The shape of an endpoint's parameters, taken from their type, and the words for what does not
//! fit it.
//!
//! The texts are those of the validator that Rocket.Chat uses: every mistake in the order required
//! properties, properties too many, properties one by one. What fits is what
//! [`super::lenient`] can read: `"5"` is a number, `"True"` a boolean, a single text a list of one.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::lenient::{as_flag, as_number};
use crate::error::{Error, Result};

/// What an endpoint takes: a type that can be read and that tells its shape.
pub trait Params: DeserializeOwned + JsonSchema {}

impl<P: DeserializeOwned + JsonSchema> Params for P {}

/// The JSON schema of a type, without references to elsewhere.
pub fn of<P: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<P>().to_value();
    if let Value::Object(schema) = &mut schema {
        schema.remove("title");
        // What a struct says about itself is meant for its readers, not for the API's.
        schema.remove("description");
    }
    schema
}

/// For `#[schemars(extend("oneOf" = exactly_one(&[…])))]`: exactly one of these properties is there.
pub fn exactly_one(names: &[&str]) -> Value {
    let branch = |name: &&str| {
        let others: Vec<Value> =
            names.iter().filter(|other| *other != name).map(|other| json!({"required": [other]})).collect();
        json!({"required": [name], "not": {"anyOf": others}})
    };
    names.iter().map(branch).collect()
}

/// For `#[schemars(extend("anyOf" = at_least_one(&[…])))]`: at least one of these properties is there.
pub fn at_least_one(names: &[&str]) -> Value {
    names.iter().map(|name| json!({"required": [name]})).collect()
}

/// Refuses parameters that do not fit, naming every mistake.
pub fn check(schema: &Value, given: &Map<String, Value>) -> Result<()> {
    let mut mistakes = Vec::new();
    check_object(schema, given, "", &mut mistakes);
    let Some((field, _)) = mistakes.first() else { return Ok(()) };
    let details = if field.is_empty() { Value::Null } else { json!({"field": field}) };
    let texts: Vec<&str> = mistakes.iter().map(|(_, text)| text.as_str()).collect();
    Err(Error::Refused { code: "invalid-params".to_owned(), reason: texts.join("\n "), details })
}

/// Refuses parameters that are neither properties of `schema` nor among `more`. What old clients send
/// with every question, and what does nothing, is let through.
pub fn refuse_strangers(schema: &Value, more: &[&str], given: &Map<String, Value>) -> Result<()> {
    let known = |name: &str| {
        !schema["properties"][name].is_null() || more.contains(&name) || matches!(name, "query" | "fields")
    };
    match given.keys().find(|name| !known(name)) {
        None => Ok(()),
        Some(name) => Err(Error::Refused {
            code: "invalid-params".to_owned(),
            reason: "must NOT have additional properties".to_owned(),
            details: json!({"field": name}),
        }),
    }
}

/// Where, and what.
type Mistakes = Vec<(String, String)>;

fn within(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A property that is there; `null` is as good as none.
fn present<'a>(given: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    given.get(name).filter(|value| !value.is_null())
}

fn names(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn check_object(schema: &Value, given: &Map<String, Value>, path: &str, mistakes: &mut Mistakes) {
    for name in names(&schema["required"]) {
        // A required property may be null, if its type takes that.
        if !given.contains_key(name) {
            mistakes.push((within(path, name), format!("must have required property '{name}'")));
        }
    }
    let none = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    if schema["additionalProperties"] == false {
        for name in given.keys().filter(|name| !properties.contains_key(*name)) {
            mistakes.push((within(path, name), "must NOT have additional properties".to_owned()));
        }
    }
    for (name, property) in properties {
        if let Some(value) = present(given, name) {
            check_value(property, value, &within(path, name), mistakes);
        }
    }
    if let Some(branches) = schema["oneOf"].as_array() {
        check_branches(branches, given, path, mistakes);
    }
    if let Some(branches) = schema["anyOf"].as_array()
        && !branches
            .iter()
            .flat_map(|branch| names(&branch["required"]))
            .any(|name| present(given, name).is_some())
    {
        for name in branches.iter().flat_map(|branch| names(&branch["required"])) {
            mistakes.push((within(path, name), format!("must have required property '{name}'")));
        }
        mistakes.push((path.to_owned(), "must match a schema in anyOf".to_owned()));
    }
}

fn check_branches(branches: &[Value], given: &Map<String, Value>, path: &str, mistakes: &mut Mistakes) {
    let mut found = Mistakes::new();
    let mut fitting = 0;
    for branch in branches {
        let before = found.len();
        for name in names(&branch["required"]) {
            if present(given, name).is_none() {
                found.push((within(path, name), format!("must have required property '{name}'")));
            }
        }
        let others = branch["not"]["anyOf"].as_array().into_iter().flatten();
        for name in others.flat_map(|other| names(&other["required"])) {
            if present(given, name).is_some() {
                found.push((within(path, name), "must NOT have additional properties".to_owned()));
            }
        }
        fitting += usize::from(found.len() == before);
    }
    // Of several that are given none is named as missing: each is one too many.
    let any = branches
        .iter()
        .flat_map(|branch| names(&branch["required"]))
        .any(|name| present(given, name).is_some());
    if fitting != 1 {
        mistakes.extend(found.into_iter().filter(|(_, text)| !any || text.starts_with("must NOT")));
        mistakes.push((path.to_owned(), "must match exactly one schema in oneOf".to_owned()));
    }
}

fn check_value(schema: &Value, value: &Value, path: &str, mistakes: &mut Mistakes) {
    let mut say = |text: &str| mistakes.push((path.to_owned(), text.to_owned()));
    // An optional part is the part or null; null was passed over before.
    if let Some(alternatives) = schema["anyOf"].as_array().filter(|_| schema["type"].is_null()) {
        if let Some(part) = alternatives.iter().find(|part| part["type"] != "null") {
            check_value(part, value, path, mistakes);
        }
        return;
    }
    let allowed: Vec<&str> = match &schema["type"] {
        Value::String(word) => vec![word],
        words => names(words).collect(),
    };
    let Some(&wanted) = allowed.iter().find(|word| **word != "null") else { return };
    if !allowed.iter().any(|word| fits(word, value)) {
        return say(&format!("must be {}", if wanted == "integer" { "number" } else { wanted }));
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        return say("must be equal to one of the allowed values");
    }
    if wanted == "integer" && schema["minimum"] == 0 && as_number(value).is_some_and(|number| number < 0.0) {
        return say("must be number");
    }
    match value {
        Value::Array(items) if wanted == "array" => {
            if let Some(least) = schema["minItems"].as_u64()
                && items.len() < usize::try_from(least).unwrap_or(usize::MAX)
            {
                return say(&format!("must NOT have fewer than {least} items"));
            }
            for (number, item) in items.iter().enumerate() {
                check_value(&schema["items"], item, &within(path, &number.to_string()), mistakes);
            }
        }
        Value::Object(given) if wanted == "object" => check_object(schema, given, path, mistakes),
        Value::String(text) if wanted == "string" => {
            if let Some(least) = schema["minLength"].as_u64()
                && text.chars().count() < usize::try_from(least).unwrap_or(usize::MAX)
            {
                say(&format!("must NOT have fewer than {least} characters"));
            }
        }
        _ => {}
    }
}

fn fits(word: &str, value: &Value) -> bool {
    match word {
        "string" => value.is_string() || value.is_number() || value.is_boolean(),
        "number" => as_number(value).is_some(),
        "integer" => as_number(value).is_some_and(|number| number.fract() == 0.0),
        "boolean" => as_flag(value).is_some(),
        "array" => value.is_array() || value.is_string(),
        "object" => value.is_object(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Inner {
        name: String,
        roles: Option<Vec<String>>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    #[schemars(extend("oneOf" = exactly_one(&["roomId", "roomName"])))]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Given {
        room_id: Option<String>,
        room_name: Option<String>,
        user_id: String,
        count: Option<u32>,
        data: Option<Inner>,
    }

    fn said(given: Value) -> String {
        let Value::Object(given) = given else { panic!("an object") };
        check(&of::<Given>(), &given).map_or_else(|refusal| refusal.to_string(), |()| "fits".to_owned())
    }

    #[test]
    fn what_can_be_read_fits() {
        assert_eq!(said(json!({"roomId": 5, "userId": "u", "count": "7", "data": null})), "fits");
        let data = json!({"name": "x", "roles": "admin"});
        assert_eq!(said(json!({"roomName": "x", "userId": true, "data": data})), "fits");
    }

    #[test]
    fn every_mistake_is_named() {
        let one = "must match exactly one schema in oneOf [invalid-params]";
        assert_eq!(
            said(json!({})),
            format!(
                "must have required property 'userId'\n must have required property 'roomId'\n \
                 must have required property 'roomName'\n {one}"
            )
        );
        let extra = "must NOT have additional properties";
        assert_eq!(
            said(json!({"roomId": "a", "roomName": "b", "userId": "u"})),
            format!("{extra}\n {extra}\n {one}")
        );
        assert_eq!(
            said(json!({"roomId": [], "userId": "u", "count": -1})),
            "must be string\n must be number [invalid-params]"
        );
        assert_eq!(
            said(json!({"roomId": "r", "userId": "u", "data": {"name": {}, "roles": [[]], "x": 1}})),
            "must NOT have additional properties\n must be string\n must be string [invalid-params]"
        );
    }

    #[test]
    fn the_first_mistake_is_the_field_of_the_details() {
        let given = json!({"roomId": "r", "userId": "u", "data": {"name": "n", "roles": [[]]}});
        let Error::Refused { details, .. } = check(&of::<Given>(), given.as_object().unwrap()).unwrap_err()
        else {
            panic!("a refusal")
        };
        assert_eq!(details, json!({"field": "data.roles.0"}));
    }
}
