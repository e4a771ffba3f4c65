//! Parts of long lists: `offset`, `count`, `sort`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::error::{Error, Result};
use crate::service::settings;

/// Parameters of an endpoint that lists, and which part of the list is wanted.
///
/// It reads the same parameters twice; `#[serde(flatten)]` would lose the coercions of
/// [`super::lenient`].
pub struct Paged<P> {
    /// The endpoint's own parameters.
    pub params: P,
    offset: Option<String>,
    count: Option<String>,
    sort: Option<String>,
}

impl<'de, P: DeserializeOwned> Deserialize<'de> for Paged<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut given = Map::deserialize(deserializer)?;
        let text = |name: &str| match given.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let (offset, count, sort) = (text("offset"), text("count"), text("sort"));
        // Parameters that refuse strangers would refuse these.
        for name in ["offset", "count", "sort"] {
            given.shift_remove(name);
        }
        let params = super::lenient::parse(Value::Object(given)).map_err(serde::de::Error::custom)?;
        Ok(Self { params, offset, count, sort })
    }
}

impl<P: JsonSchema> JsonSchema for Paged<P> {
    fn schema_name() -> Cow<'static, str> {
        format!("Paged{}", P::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = P::json_schema(generator);
        let shape = schema.ensure_object();
        let properties = shape.entry("properties").or_insert_with(|| json!({}));
        // Numbers that are none mean the default, so that texts are as good.
        properties["offset"] = json!({"type": ["integer", "string"], "description": "how many to pass over"});
        properties["count"] =
            json!({"type": ["integer", "string"], "description": "how many at most; 0: all"});
        properties["sort"] =
            json!({"type": "string", "description": "a JSON object: names of fields, 1 or -1"});
        schema
    }
}

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many to pass over.
    pub offset: usize,
    /// How many at most.
    pub count: usize,
}

impl<P> Paged<P> {
    /// The same part of another list.
    pub fn map<Q>(self, change: impl FnOnce(P) -> Q) -> Paged<Q> {
        let Self { params, offset, count, sort } = self;
        Paged { params: change(params), offset, count, sort }
    }

    /// The part that is wanted, within the limits of the settings.
    pub fn page(&self, app: &App) -> Result<Page> {
        let default = settings::limit(app, "API_Default_Count")?.unwrap_or(50);
        self.page_of(app, usize::try_from(default).unwrap_or(usize::MAX))
    }

    /// The same where a page is `default` long if nothing else is wanted.
    pub fn page_of(&self, app: &App, default: usize) -> Result<Page> {
        let number =
            |text: &Option<String>| text.as_deref().and_then(|text| text.trim().parse::<usize>().ok());
        let most = settings::limit(app, "API_Upper_Count_Limit")?.unwrap_or(100);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let count = match number(&self.count) {
            Some(0) if settings::is_on(app, "API_Allow_Infinite_Count")? => usize::MAX,
            None | Some(0) => default,
            Some(count) => count.min(most),
        };
        Ok(Page { offset: number(&self.offset).unwrap_or(0), count })
    }

    /// The sort order: names of fields and whether they ascend.
    pub fn sort(&self) -> Result<Vec<(String, bool)>> {
        let Some(raw) = self.sort.as_deref().filter(|raw| !raw.is_empty()) else { return Ok(Vec::new()) };
        let refusal =
            || Error::refused("error-invalid-sort", format!("Invalid sort parameter provided: \"{raw}\""));
        let fields: Map<String, Value> = serde_json::from_str(raw).map_err(|_| refusal())?;
        let direction = |value: &Value| match value.as_i64() {
            Some(1) => Ok(true),
            Some(-1) => Ok(false),
            _ => Err(refusal()),
        };
        fields.iter().map(|(name, value)| Ok((name.clone(), direction(value)?))).collect()
    }
}

impl Page {
    /// This part of a list that is in memory.
    pub fn pick<T>(self, list: Vec<T>) -> Vec<T> {
        list.into_iter().skip(self.offset).take(self.count).collect()
    }

    /// Cuts this part out of a list that is in memory and wraps it: `{<name>, count, offset, total}`.
    pub fn cut(self, name: &str, mut list: Vec<Value>) -> Value {
        let total = list.len();
        list.drain(..self.offset.min(total));
        list.truncate(self.count);
        self.wrap(name, list, total)
    }

    /// Wraps a part that was cut before.
    pub fn wrap(self, name: &str, part: Vec<Value>, total: usize) -> Value {
        let mut reply = Map::new();
        let count = part.len();
        reply.insert(name.to_owned(), Value::Array(part));
        reply.insert("count".to_owned(), json!(count));
        reply.insert("offset".to_owned(), json!(self.offset));
        reply.insert("total".to_owned(), json!(total));
        Value::Object(reply)
    }
}

/// Sorts rows by a text field, without regard to case.
pub fn sort_by_text(rows: &mut [Value], field: &str, ascending: bool) {
    rows.sort_by_cached_key(|row| row[field].as_str().unwrap_or_default().to_lowercase());
    if !ascending {
        rows.reverse();
    }
}
