//! What must not be noted down: the secrets among the options of plug-ins.

use serde_json::Value;
use url::Url;

use crate::domain::{Choice, Json, Order};

/// Names of options whose values nobody else may know, or parts of them.
const SECRET: &[&str] =
    &["password", "passphrase", "secret", "token", "credential", "authorization", "private"];
/// What stands there instead.
const LEFT_OUT: &str = "(left out)";

/// The order with the values of secret options left out, and addresses without user names, passwords,
/// queries and fragments.
pub fn without(order: &Order) -> Order {
    let mut order = order.clone();
    for choice in order.transforms.iter_mut().chain(&mut order.formats).chain([&mut order.delivery]) {
        clean_choice(choice);
    }
    order
}

fn clean_choice(choice: &mut Choice) {
    let mut options = choice.options.value();
    clean(&mut options);
    choice.options = Json::of(&options);
}

fn clean(value: &mut Value) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => {
            if let Some(plain) = plain_address(text) {
                *text = plain;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(clean),
        Value::Object(entries) => {
            for (name, value) in entries {
                let name = name.to_lowercase();
                if SECRET.iter().any(|secret| name.contains(secret)) {
                    *value = LEFT_OUT.into();
                } else {
                    clean(value);
                }
            }
        }
    }
}

/// An address without what may let its reader in.
fn plain_address(text: &str) -> Option<String> {
    let mut url = Url::parse(text).ok().filter(Url::has_host)?;
    // Those that have a host have room for these, too.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_left_out_wherever_they_stand_and_the_rest_is_kept() {
        let mut options = json!({
            "to": ["a@b.cd"],
            "url": "https://user:pass@hooks.example.org:8443/rooms?key=1#x",
            "apiToken": "hush",
            "nested": [{"Passphrase": "hush", "depth": 3, "text": "http is a protocol"}],
            "secret": {"any": "shape"},
        });
        clean(&mut options);
        let expected = json!({
            "to": ["a@b.cd"],
            "url": "https://hooks.example.org:8443/rooms",
            "apiToken": LEFT_OUT,
            "nested": [{"Passphrase": LEFT_OUT, "depth": 3, "text": "http is a protocol"}],
            "secret": LEFT_OUT,
        });
        assert_eq!(options, expected);
    }
}
