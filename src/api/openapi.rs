//! The OpenAPI document, made from the table of endpoints.

use serde_json::{Map, Value, json};

use super::endpoint::{Access, Endpoint, Intake, Method};
use super::fields::{BARE_LIST, BARE_TRUE, NOTHING};

/// The document for these rows.
pub fn document(endpoints: &[Endpoint]) -> Value {
    let mut paths = Map::new();
    for endpoint in endpoints {
        let operations = paths.entry(path(endpoint)).or_insert_with(|| json!({}));
        operations[endpoint.terms.method.word().to_lowercase()] = operation(endpoint);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "roomscribe",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The part of Rocket.Chat's REST API that roomscribe speaks, and its own exports.*",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "user": {"type": "apiKey", "in": "header", "name": "X-User-Id"},
                "token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"},
            },
            "schemas": {
                "Failure": {
                    "type": "object",
                    "required": ["success"],
                    "properties": {
                        "success": {"const": false},
                        "error": {"type": "string"},
                        "errorType": {"type": "string"},
                        "details": {},
                    },
                },
                "NotLoggedIn": {
                    "type": "object",
                    "required": ["status", "message"],
                    "properties": {"status": {"const": "error"}, "message": {"type": "string"}},
                },
            },
        },
    })
}

/// `settings/:_id` is `/api/v1/settings/{_id}` here.
fn path(endpoint: &Endpoint) -> String {
    let segments = endpoint.terms.path.split('/').map(|segment| match segment.strip_prefix(':') {
        Some(name) => format!("{{{name}}}"),
        None => segment.to_owned(),
    });
    format!("/api/v1/{}", segments.collect::<Vec<_>>().join("/"))
}

fn operation(endpoint: &Endpoint) -> Value {
    let family = endpoint.terms.path.split(['.', '/']).next().unwrap_or_default();
    let mut operation = json!({"operationId": format!("{}:{}", endpoint.terms.method.word(), endpoint.terms.path), "tags": [family]});
    if let Some(text) = demands(endpoint) {
        operation["description"] = text.into();
    }
    if endpoint.access == Access::Users {
        operation["security"] = json!([{"user": [], "token": []}]);
    }
    let in_path = endpoint.terms.path.split('/').filter_map(|segment| segment.strip_prefix(':'));
    let mut parameters: Vec<Value> = in_path
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    let shape = shape(endpoint);
    match endpoint.terms.method {
        Method::Get | Method::Delete => parameters.extend(in_query(&shape)),
        Method::Post | Method::Put => operation["requestBody"] = body(endpoint, shape),
    }
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    operation["responses"] = responses(endpoint);
    operation
}

fn demands(endpoint: &Endpoint) -> Option<String> {
    let needs: Vec<&str> = endpoint.terms.needs.iter().copied().chain(endpoint.terms.needs_in_room).collect();
    (!needs.is_empty()).then(|| format!("Needs the permission {}.", needs.join(", ")))
}

/// What the endpoint takes: what its type says, how its family names rooms, and what its row says
/// that is checked by hand.
fn shape(endpoint: &Endpoint) -> Value {
    let mut shape = if endpoint.schema["type"] == "object" { endpoint.schema.clone() } else { json!({}) };
    shape["type"] = "object".into();
    if shape["properties"].is_null() {
        shape["properties"] = json!({});
    }
    let taken = endpoint.terms.takes.schema();
    if let (Some(known), Some(more)) = (shape["properties"].as_object_mut(), taken["properties"].as_object())
    {
        known.extend(more.clone());
        for name in endpoint.terms.family.iter().flat_map(|family| family.names()) {
            known.entry(name).or_insert_with(|| json!({"type": "string"}));
        }
        // What stands in the path is told there.
        for name in endpoint.terms.path.split('/').filter_map(|segment| segment.strip_prefix(':')) {
            known.shift_remove(name);
        }
    }
    let in_path = |name: &Value| {
        endpoint.terms.path.split('/').any(|segment| segment.strip_prefix(':') == name.as_str())
    };
    let required = [&shape["required"], &taken["required"]].into_iter().filter_map(Value::as_array).flatten();
    let required: Vec<Value> = required.filter(|name| !in_path(name)).cloned().collect();
    if let Value::Object(shape) = &mut shape {
        shape.shift_remove("required");
        if !required.is_empty() {
            shape.insert("required".to_owned(), Value::Array(required));
        }
        if let Some(Value::Object(named)) = endpoint.terms.family.map(super::rooms::Family::schema) {
            shape.extend(named);
        }
    }
    shape
}

fn in_query(shape: &Value) -> Vec<Value> {
    let required = |name: &str| {
        shape["required"].as_array().is_some_and(|names| names.iter().any(|known| known == name))
    };
    let properties = shape["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, schema)| {
            json!({"name": name, "in": "query", "required": required(name), "schema": schema})
        })
        .collect()
}

fn body(endpoint: &Endpoint, mut shape: Value) -> Value {
    let (part, needed) = match endpoint.terms.intake {
        None => return json!({"content": {"application/json": {"schema": shape}}}),
        Some(Intake::Room(_)) => ("file", true),
        Some(Intake::Form(name, _)) => (name, false),
    };
    shape["properties"][part] = json!({"type": "string", "format": "binary"});
    if needed {
        shape["required"] = json!([part]);
    }
    json!({"required": needed, "content": {"multipart/form-data": {"schema": shape}}})
}

fn responses(endpoint: &Endpoint) -> Value {
    let failure = |description: &str, schema: &str| {
        let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
        json!({"description": description, "content": {"application/json": {"schema": schema}}})
    };
    let mut responses = Map::from_iter([
        if endpoint.terms.redirects {
            ("307".to_owned(), json!({"description": "It is elsewhere; `Location` says where"}))
        } else {
            ("200".to_owned(), success(endpoint))
        },
        ("400".to_owned(), failure("Refused; `errorType` says why", "Failure")),
        ("403".to_owned(), failure("Permissions are missing", "Failure")),
        ("404".to_owned(), failure("There is no such thing", "Failure")),
        ("413".to_owned(), failure("The body is too large", "Failure")),
        ("429".to_owned(), failure("Too many calls", "Failure")),
    ]);
    if endpoint.access == Access::Users || endpoint.terms.path == "login" {
        responses.insert("401".to_owned(), failure("Not logged in", "NotLoggedIn"));
    }
    Value::Object(responses)
}

/// `success` is in every success but those of logging in and out, which say `status`, and those that
/// are no objects.
fn success(endpoint: &Endpoint) -> Value {
    if let Some(media_type) = endpoint.terms.media_type {
        return json!({"description": "Success", "content": {media_type: {}}});
    }
    let schema = match endpoint.terms.returns.0 {
        BARE_LIST => json!({"type": "array"}),
        BARE_TRUE => json!({"const": true}),
        said => {
            let mut schema = endpoint.terms.returns.schema();
            if schema["properties"]["status"].is_null() {
                schema["properties"]["success"] = json!({"const": true});
                match schema["required"].as_array_mut() {
                    Some(required) => required.push("success".into()),
                    None => schema["required"] = json!(["success"]),
                }
            }
            if said == NOTHING {
                schema["additionalProperties"] = false.into();
            }
            schema
        }
    };
    json!({"description": "Success", "content": {"application/json": {"schema": schema}}})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::v1;

    #[test]
    fn every_operation_says_what_it_takes_and_gives() {
        let document = document(&v1::endpoints());
        let search = &document["paths"]["/api/v1/users.info"]["get"];
        let names: Vec<&Value> =
            search["parameters"].as_array().unwrap().iter().map(|parameter| &parameter["name"]).collect();
        assert!(names.contains(&&json!("username")), "{names:?}");
        let create = &document["paths"]["/api/v1/users.create"]["post"];
        let schema = &create["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(schema["required"], json!(["email", "name", "password", "username"]));
        let setting = &document["paths"]["/api/v1/settings/{_id}"]["get"];
        assert_eq!(setting["parameters"][0]["in"], "path");
        let login = &document["paths"]["/api/v1/login"]["post"]["responses"]["200"];
        assert_eq!(
            login["content"]["application/json"]["schema"]["required"],
            json!(["status", "data"]),
            "logging in says status, not success"
        );
    }

    #[test]
    fn every_row_says_what_a_success_holds() {
        let silent = |endpoint: &Endpoint| {
            endpoint.terms.returns.is_empty()
                && endpoint.terms.media_type.is_none()
                && !endpoint.terms.redirects
        };
        let forgotten: Vec<&str> = v1::endpoints()
            .iter()
            .filter(|endpoint| silent(endpoint))
            .map(|endpoint| endpoint.terms.path)
            .collect();
        assert!(forgotten.is_empty(), "no `.returns(…)`; if there is nothing, NOTHING: {forgotten:?}");
    }

    #[test]
    fn every_row_says_what_it_takes() {
        // The schema of a map; types tell of themselves, and files come with or without more.
        let untold = |endpoint: &Endpoint| {
            let untyped = endpoint.schema.is_null() || endpoint.schema["additionalProperties"] == true;
            untyped && endpoint.terms.takes.is_empty() && endpoint.terms.intake.is_none()
        };
        let forgotten: Vec<&str> = v1::endpoints()
            .iter()
            .filter(|endpoint| untold(endpoint))
            .map(|endpoint| endpoint.terms.path)
            .collect();
        assert!(forgotten.is_empty(), "no `.takes(…)`: {forgotten:?}");
    }
}
