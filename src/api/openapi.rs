//! The OpenAPI document, made from the table of endpoints.

use serde_json::{Map, Value, json};

use super::endpoint::{Access, Endpoint};

/// The document for these rows.
pub fn document(endpoints: &[Endpoint]) -> Value {
    let mut paths = Map::new();
    for endpoint in endpoints {
        let path = path(endpoint);
        let operations = paths.entry(path).or_insert_with(|| json!({}));
        operations[endpoint.method.word().to_lowercase()] = operation(endpoint);
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
                    "properties": {
                        "success": {"const": false},
                        "error": {"type": "string"},
                        "errorType": {"type": "string"},
                        "details": {},
                    },
                },
            },
        },
    })
}

/// `settings/:_id` is `/api/v1/settings/{_id}` here.
fn path(endpoint: &Endpoint) -> String {
    let segments = endpoint.path.split('/').map(|segment| match segment.strip_prefix(':') {
        Some(name) => format!("{{{name}}}"),
        None => segment.to_owned(),
    });
    format!("/api/v1/{}", segments.collect::<Vec<_>>().join("/"))
}

fn operation(endpoint: &Endpoint) -> Value {
    let parameters = endpoint.path.split('/').filter_map(|segment| segment.strip_prefix(':'));
    let parameters: Vec<Value> = parameters
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    let failure = |description: &str| {
        let schema = json!({"$ref": "#/components/schemas/Failure"});
        json!({"description": description, "content": {"application/json": {"schema": schema}}})
    };
    let success =
        json!({"description": "Success", "content": {"application/json": {"schema": {"type": "object"}}}});
    let mut responses = Map::from_iter([
        ("200".to_owned(), success),
        ("400".to_owned(), failure("Refused; `errorType` says why")),
        ("429".to_owned(), failure("Too many calls")),
    ]);
    let mut operation = json!({"operationId": format!("{}:{}", endpoint.method.word(), endpoint.path)});
    if endpoint.access == Access::Users {
        operation["security"] = json!([{"user": [], "token": []}]);
        responses.insert("401".to_owned(), failure("Not logged in"));
        responses.insert("403".to_owned(), failure("Permissions are missing"));
    }
    let needs: Vec<&str> = endpoint.needs.iter().copied().chain(endpoint.needs_in_room).collect();
    if !needs.is_empty() {
        operation["description"] = format!("Needs the permission {}.", needs.join(", ")).into();
    }
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    operation["responses"] = Value::Object(responses);
    operation
}
