//! What requests bring: queries, bodies, forms with files, filters, and the language of searches.
//!
//! The first byte says what the rest is; see [`check`].

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use jiff::tz::TimeZone;
use roomscribe::api::filter::Filter;
use roomscribe::api::lenient;
use roomscribe::api::page::{Page, Paged};
use roomscribe::api::request::{Incoming, Input, LARGEST_BODY};
use roomscribe::api::rows::TopRows;
use roomscribe::domain::query::{self, Query};
use roomscribe::domain::{Message, MessageId, Room, RoomId, RoomKind, Time, UserId, UserRef};
use roomscribe::service::caller::Proof;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::runtime::{Builder, Runtime};

use crate::sections::texts;
use crate::server::app;

/// Most people's; it has days of 23 and of 25 hours.
const ZONE: &str = "Europe/Berlin";
/// Between the parts of a form.
const BOUNDARY: &str = "x";

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_all().build().expect("a runtime starts");
}

/// Whatever comes is understood or refused, in a time that goes with its length.
pub fn check(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else { return };
    match kind {
        b'?' => parameters(read("GET", "", &String::from_utf8_lossy(rest), Vec::new())),
        b'{' => parameters(read("POST", "application/json", "", bytes.to_vec())),
        b'&' => parameters(read("POST", "application/x-www-form-urlencoded", "", rest.to_vec())),
        b'-' => form(bytes),
        b'$' => rows(rest),
        b'=' => search(&String::from_utf8_lossy(rest)),
        b'@' => instants(&String::from_utf8_lossy(rest)),
        _ => {}
    }
}

/// Parameters of every type that endpoints have.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Everything {
    text: String,
    number: Option<u32>,
    signed: Option<i64>,
    real: Option<f64>,
    flag: Option<bool>,
    texts: Option<Vec<String>>,
    choice: Option<Choice>,
    inner: Option<Box<Everything>>,
    any: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Choice {
    One,
    Other,
}

fn incoming(method: &str, content_type: &str, query: &str, body: Vec<Bytes>) -> Incoming {
    Incoming {
        method: method.to_owned(),
        head_only: false,
        path: "info".to_owned(),
        query: query.to_owned(),
        user_id: None,
        token: None,
        proof: Proof::default(),
        content_type: content_type.to_owned(),
        client: IpAddr::from([127, 0, 0, 1]),
        patience: Duration::from_secs(5),
        body: Box::pin(stream::iter(body.into_iter().map(Ok))),
    }
}

fn read(method: &str, content_type: &str, query: &str, body: Vec<u8>) -> Option<Input> {
    let incoming = incoming(method, content_type, query, vec![body.into()]);
    RUNTIME.with(|runtime| runtime.block_on(incoming.read(app(), Vec::new(), LARGEST_BODY)).ok())
}

fn parameters(input: Option<Input>) {
    let Some(params) = input.as_ref().and_then(Input::params) else { return };
    let _ = lenient::parse::<Everything>(Value::Object(params.clone()));
    if let Ok(paged) = lenient::parse::<Paged<Map<String, Value>>>(Value::Object(params.clone())) {
        let page = paged.page(app()).expect("the settings can be read");
        let _ = (page.pick(vec![1, 2, 3]), paged.sort());
    }
    let text = |name: &str| params.get(name).and_then(Value::as_str);
    let _ = Filter::parse(text("query"));
}

/// The last byte says into how large pieces the network cuts the form.
fn form(bytes: &[u8]) {
    let piece = bytes.last().map_or(1, |size| usize::from(*size).max(1));
    let pieces = bytes.chunks(piece).map(Bytes::copy_from_slice).collect();
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let incoming = incoming("POST", &content_type, "", pieces);
    let most = Some(bytes.len() as u64 / 2);
    let read = RUNTIME.with(|runtime| runtime.block_on(incoming.read_file(app(), Vec::new(), "file", most)));
    if let Ok(input) = read {
        let size = input.file.as_ref().map_or(0, |file| file.bytes.size());
        assert!(size <= bytes.len() as u64 / 2, "a file is larger than it may be");
        parameters(Some(input));
    }
}

/// A filter, an order and rows: a part of them in order.
fn rows(bytes: &[u8]) {
    let [filter, sort, rows] = texts(bytes);
    let Ok(filter) = Filter::parse(Some(&filter)) else { return };
    let _ = filter.check_fields(|field| field.len() < 9);
    let Ok(Value::Array(rows)) = serde_json::from_str(&rows) else { return };
    let found: Vec<Value> = rows.into_iter().filter(|row| filter.matches(row)).collect();
    let sort = Value::Object(Map::from_iter([("sort".to_owned(), Value::String(sort))]));
    let Ok(paged) = lenient::parse::<Paged<Map<String, Value>>>(sort) else { return };
    let Ok(sort) = paged.sort() else { return };
    let mut top = TopRows::new(Page { offset: 1, count: 5 }, sort);
    let total = found.len();
    for row in found {
        top.offer(row);
    }
    let (part, offered) = top.page();
    assert_eq!((part.len(), offered), (total.saturating_sub(1).min(5), total));
}

/// What is printed means the same, and everything that is found lies in the window.
fn search(text: &str) {
    let zone = TimeZone::get(ZONE).expect("the time zones are part of the program");
    let Ok(query) = Query::parse(text, &zone, "bob") else { return };
    let again = Query::parse(&query.to_string(), &TimeZone::UTC, "");
    assert_eq!(again.as_ref(), Ok(&query), "{text:?} is printed as {query}");
    let room = RoomId::new("GENERAL");
    let author = UserRef { id: UserId::new("u1"), username: "bob".to_owned(), name: None };
    let place = Room::new(room.clone(), RoomKind::Channel, Some("general".to_owned()), None, Time::default());
    let (from, until) = query.window();
    for at in [-62_000_000_000_000, 0, 1_710_498_030_123, 1_711_846_800_000, 253_000_000_000_000]
        .map(Time::from_millis)
    {
        let message = Message::new(MessageId::new("m1"), room.clone(), author.clone(), at, text);
        if query.matches(&message, &place) {
            assert!(
                from.is_none_or(|from| from <= at) && until.is_none_or(|until| at < until),
                "{text:?} at {at:?}"
            );
            assert!(query.may_match_room(&place), "{text:?}");
        }
    }
}

/// Points in time as people write them.
fn instants(text: &str) {
    if let Some(time) = Time::parse(text) {
        assert_eq!(Time::parse(&time.to_string()), Some(time), "{text:?}");
    }
    let zone = TimeZone::get(ZONE).expect("the time zones are part of the program");
    for bound in [query::Bound::From, query::Bound::Until] {
        let _ = query::instant(text, &zone, bound);
    }
}
