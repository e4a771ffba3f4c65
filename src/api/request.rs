//! From raw requests to parameters.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::body::{Body, collect};
use super::reply::Reply;
use super::schema::Params;
use super::{lenient, multipart};
use crate::app::App;
use crate::error::{Error, Result};
use crate::limits::bodies::{Sender, Share};
use crate::service::caller::Proof;
use crate::service::uploads::Arrived;

/// JSON and forms of users larger than this are refused.
pub const LARGEST_BODY: usize = 50 * 1024 * 1024;
/// The same for strangers, who have only names and passwords to tell.
pub const LARGEST_STRANGE_BODY: usize = 1024 * 1024;

/// Bodies that may hold more values than this are refused.
const MOST_VALUES: usize = 100_000;

/// What the segments of a path say, by their names in the endpoint's row.
pub type PathParameters = Vec<(&'static str, String)>;

/// A request as it arrives: nothing of it has been believed yet.
pub struct Incoming {
    /// The method's word.
    pub method: String,
    /// Whether only the headers of the answer are wanted, though the method reads `GET`.
    pub head_only: bool,
    /// The path behind `/api/v1/`, decoded.
    pub path: String,
    /// The query, raw.
    pub query: String,
    /// `X-User-Id`.
    pub user_id: Option<String>,
    /// `X-Auth-Token`.
    pub token: Option<String>,
    /// `x-2fa-code`, `x-2fa-method` and `User-Agent`.
    pub proof: Proof,
    /// `Content-Type`.
    pub content_type: String,
    /// The client's address.
    pub client: IpAddr,
    /// How long to wait for the next piece of the body.
    pub patience: Duration,
    /// The body.
    pub body: Body,
}

impl Incoming {
    /// Reads what the endpoint needs, at most so many bytes. The error is the whole answer.
    pub async fn read(self, app: &App, path: PathParameters, most: usize) -> Result<Input, Reply> {
        // Only users may send as much as that.
        let sender = if most > LARGEST_STRANGE_BODY { Sender::User } else { Sender::Stranger };
        let mut share = app.bodies.share(sender);
        let mut params = if self.method == "GET" {
            Ok(from_pairs(&self.query))
        } else {
            let body = collect(self.body, self.patience, most, &mut share).await?;
            parse_body(&self.content_type, &body)
        };
        if self.method == "DELETE"
            && let Ok(params) = &mut params
        {
            // Some clients say in the query what is to go.
            params.extend(from_pairs(&self.query));
        }
        if let Ok(params) = &mut params {
            params.extend(named(path));
        }
        Ok(Input { asks: self.method == "GET", params, file: None, share: Some(share) })
    }

    /// Whether the body is a form that may hold files.
    pub fn is_form_of_parts(&self) -> bool {
        self.content_type.to_ascii_lowercase().starts_with("multipart/form-data")
    }

    /// Reads a form with a file of at most `most` bytes in the part `part`. The error is the whole
    /// answer.
    pub async fn read_file(
        self,
        app: &Arc<App>,
        path: PathParameters,
        part: &str,
        most: Option<u64>,
    ) -> Result<Input, Reply> {
        let (mut params, file) = multipart::receive(app, self, part, most).await?;
        params.extend(named(path));
        Ok(Input { asks: false, params: Ok(params), file, share: None })
    }
}

fn named(path: PathParameters) -> impl Iterator<Item = (String, Value)> {
    path.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value)))
}

fn parse_body(content_type: &str, body: &[u8]) -> Result<Map<String, Value>> {
    // A value takes some hundred times the memory of its two characters.
    if body.iter().filter(|byte| matches!(byte, b'{' | b'[' | b',' | b'&')).count() > MOST_VALUES {
        return Err(Error::invalid(format!("the body holds more than {MOST_VALUES} values")));
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    let params = if content_type.starts_with("application/x-www-form-urlencoded") {
        let text = std::str::from_utf8(body).map_err(|_| Error::invalid("the form is not UTF-8"))?;
        from_pairs(text)
    } else {
        match serde_json::from_slice(body) {
            Ok(Value::Object(params)) => params,
            Ok(_) => return Err(Error::invalid("must be object")),
            Err(error) => return Err(Error::invalid(format!("the body is not valid JSON: {error}"))),
        }
    };
    match params.get("payload") {
        Some(Value::String(payload)) => match serde_json::from_str(payload) {
            Ok(Value::Object(params)) => Ok(params),
            _ => Err(Error::invalid("payload must be a JSON object")),
        },
        _ => Ok(params),
    }
}

/// Pairs as in a query or form: `a=1&b[]=x&b[]=y&c[d]=z`; a repeated key is a list.
fn from_pairs(text: &str) -> Map<String, Value> {
    let mut params = Map::new();
    for (key, value) in form_urlencoded::parse(text.trim_start_matches('?').as_bytes()) {
        let value = Value::String(value.into_owned());
        match key.split_once('[') {
            Some((name, "]")) => push(&mut params, name, value),
            Some((name, inner)) if inner.trim_end_matches(']').parse::<u32>().is_ok() => {
                push(&mut params, name, value);
            }
            Some((name, inner)) => {
                let object = params.entry(name).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(object) = object {
                    object.insert(inner.trim_end_matches(']').to_owned(), value);
                }
            }
            None if params.contains_key(key.as_ref()) => push(&mut params, &key, value),
            None => {
                params.insert(key.into_owned(), value);
            }
        }
    }
    params
}

fn push(params: &mut Map<String, Value>, name: &str, value: Value) {
    match params.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
        Value::Array(list) => list.push(value),
        single => *single = Value::Array(vec![single.take(), value]),
    }
}

/// The parameters of a request: of the query if it asks, of the body if it does something, and of
/// the path.
pub struct Input {
    /// Whether this is a `GET`.
    pub asks: bool,
    /// The file, for endpoints that take one in.
    pub file: Option<Arrived>,
    params: Result<Map<String, Value>>,
    share: Option<Share>,
}

impl Input {
    /// Parameters that did not come by HTTP.
    pub fn of(asks: bool, params: Map<String, Value>) -> Self {
        Self { asks, file: None, params: Ok(params), share: None }
    }

    /// What the body takes of the memory for bodies, to be held as long as the parameters are.
    pub fn take_share(&mut self) -> Option<Share> {
        self.share.take()
    }

    /// The parameters as the endpoint's own type. What does not fit is refused in the words of a
    /// JSON schema.
    pub fn parse<P: Params>(self) -> Result<P> {
        lenient::parse(Value::Object(self.params?))
    }

    /// The parameters, if they could be read.
    pub fn params(&self) -> Option<&Map<String, Value>> {
        self.params.as_ref().ok()
    }

    /// A parameter that is a text, not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.params.as_ref().ok()?.get(name)? {
            Value::String(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn queries_are_read_as_clients_write_them() {
        let read = |query| Value::Object(from_pairs(query));
        assert_eq!(read("?"), json!({}));
        assert_eq!(read("a=1&a=2"), json!({"a": ["1", "2"]}));
        assert_eq!(read("status%5B%5D=online"), json!({"status": ["online"]}));
        assert_eq!(read("status[0]=x&status[1]=y"), json!({"status": ["x", "y"]}));
        assert_eq!(read("name[$regex]=g&x=%C3%A4+b"), json!({"name": {"$regex": "g"}, "x": "ä b"}));
        assert_eq!(read("query={\"_id\": \"x\"}"), json!({"query": "{\"_id\": \"x\"}"}));
    }

    #[test]
    fn a_body_is_an_object_a_form_or_an_error() {
        let read = |kind, body: &[u8]| parse_body(kind, body).map(Value::Object);
        assert_eq!(read("application/json", b" ").unwrap(), json!({}));
        assert_eq!(read("text/plain", b"{\"a\":1}").unwrap(), json!({"a": 1}));
        assert_eq!(read("application/x-www-form-urlencoded", b"payload={\"a\":2}").unwrap(), json!({"a": 2}));
        for bad in [&b"[1]"[..], b"{", b"\xff", b"nonsense", b"{\"payload\":\"[]\"}"] {
            assert!(read("application/json", bad).is_err(), "{bad:?}");
        }
        let deep = "[".repeat(100_000);
        assert!(read("application/json", deep.as_bytes()).is_err(), "deep nesting does not break the stack");
    }
}
