//! Methods that change the sounds that administrators add.

use super::Methods;
use super::call::Call;
use crate::error::{Error, Result};
use crate::service::sounds;

pub(super) const METHODS: Methods = &[
    ("insertOrUpdateSound", |call| {
        let given = call.object(0)?;
        let text = |name: &str| given.get(name).and_then(serde_json::Value::as_str);
        let (name, extension) = (text("name").unwrap_or_default(), text("extension").unwrap_or_default());
        Ok(Some(sounds::put(call.app, call.caller()?, text("_id"), name, extension)?.into()))
    }),
    ("uploadCustomSound", |call| {
        let caller = call.caller()?;
        sounds::upload(call.app, caller, call.field(2, "_id")?, call.text(1)?, &bytes(call)?)?;
        Ok(None)
    }),
    ("deleteCustomSound", |call| {
        sounds::delete(call.app, call.caller()?, call.text(0)?)?;
        Ok(Some(true.into()))
    }),
];

/// A file as clients send it: a text with a character for every byte.
fn bytes(call: &Call<'_>) -> Result<Vec<u8>> {
    let no_byte = |_| Error::plain("Match error: Expected binary string, got string");
    call.text(0)?.chars().map(|character| u8::try_from(character).map_err(no_byte)).collect()
}
