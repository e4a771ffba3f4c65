//! The contract of every transform, what is blacked out where, and what stays as it is.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use export_sdk::conformance::{self, sample_messages, sample_room, transformed};
use export_sdk::{Author, Member, Message, Reaction, Registry, Room, Settings, Timestamp};
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn registry() -> Registry {
    let mut registry = Registry::default();
    transform_redact::register(&mut registry, &Settings::new("redact", toml::Table::new(), "data")).unwrap();
    registry
}

fn raw(json: &'static str) -> &'static RawValue {
    serde_json::from_str(json).unwrap()
}

fn message(text: &str) -> Message<'_> {
    let author = Author { id: "u1", username: "jane@x.org", name: Some("Jane +49 30 901820") };
    Message::new("0123456789", "r1", author, Timestamp::default(), text)
}

fn redacted(options: &Value, message: Message<'_>) -> Value {
    let registry = registry();
    let redact = registry.transform("redact").unwrap();
    let mut left = transformed(redact, options, &Room::new("r1", "a"), &[], &[message]).unwrap();
    left.messages.remove(0)
}

fn text(options: &Value, text: &str) -> String {
    redacted(options, message(text))["msg"].as_str().unwrap().to_owned()
}

fn refused(options: Value) -> String {
    registry().transform("redact").unwrap().check(&options).unwrap_err().to_string()
}

#[test]
fn it_keeps_the_contract() {
    conformance::transform(transform_redact::register, "redact", Value::Null);
    let options = json!({"kinds": ["ip", "email"], "patterns": ["(?i)script", "."], "replacement": ""});
    conformance::transform(transform_redact::register, "redact", options);
}

#[test]
fn each_kind_is_named_where_it_stood() {
    let said = "Jane <jane@x.org>, +49 171 1234567, 4111 1111 1111 1111, DE89370400440532013000, 10.0.0.1";
    assert_eq!(text(&Value::Null, said), "Jane <[email]>, [phone], [card], [iban], 10.0.0.1");
    assert_eq!(
        text(&json!({"kinds": ["ip"], "patterns": ["(?i)JANE"]}), said),
        "[redacted] <[redacted]@x.org>, +49 171 1234567, 4111 1111 1111 1111, DE89370400440532013000, [ip]"
    );
    assert_eq!(
        text(&json!({"kinds": ["phone", "card"], "replacement": "█"}), said),
        "Jane <jane@x.org>, █, █, DE89370400440532013000, 10.0.0.1"
    );
}

#[test]
fn everything_that_people_wrote_is_looked_through() {
    let mut message = message("x");
    message.reactions =
        vec![Reaction { emoji: ":bee:", usernames: vec!["j@x.org"], names: vec!["J j@x.org"] }];
    message.mentions = Some(raw(r#"[{"_id":"u1","username":"j@x.org","name":"J j@x.org"}]"#));
    message.urls = Some(raw(r#"[{"url":"mailto:j@x.org","meta":{"t":"j@x.org"}}]"#));
    message.files_json = Some(raw(r#"[{"_id":"0171 1234567","name":"j@x.org","size":1.50}]"#));
    message.attachments = Some(raw(r#"[{"title":"j@x.org","fields":[{"title":"a","value":"0171 1234567"}],
            "attachments":[{"text":"\"j@x.org\"","image_preview":"+4901711234567"}],"j@x.org":1,"type":"j@x.org"}]"#));
    message.extra = vec![
        ("alias".into(), raw(r#""j@x.org""#)),
        ("customFields".into(), raw(r#"{"a":["j@x.org",7],"j@x.org":{"0171 1234567":1}}"#)),
    ];
    message.extra.push(("k@x.org".into(), raw("1")));
    message.reactions.push(Reaction { emoji: ":j@x.org:", usernames: vec!["k"], names: vec![] });
    let left = redacted(&Value::Null, message);
    let expected = json!({
        "_id": "0123456789", "rid": "r1", "msg": "x", "ts": "1970-01-01T00:00:00.000Z",
        "u": {"_id": "u1", "username": "jane@x.org", "name": "Jane [phone]"},
        "_updatedAt": "1970-01-01T00:00:00.000Z",
        "mentions": [{"_id": "u1", "username": "j@x.org", "name": "J [email]"}],
        "urls": [{"url": "mailto:[email]", "meta": {"t": "[email]"}}],
        "files": [{"_id": "0171 1234567", "name": "[email]", "size": 1.5}],
        "attachments": [{
            "title": "[email]", "fields": [{"title": "a", "value": "[phone]"}],
            "attachments": [{"text": "\"[email]\"", "image_preview": "[phone]"}],
            "[email]": 1, "type": "[email]",
        }],
        "reactions": {":bee:": {"usernames": ["j@x.org"], "names": ["J [email]"]},
            ":[email]:": {"usernames": ["k"]}},
        "alias": "[email]", "customFields": {"a": ["[email]", 7], "[email]": {"[phone]": 1}},
        "[email]": 1,
    });
    assert_eq!(left, expected);
}

#[test]
fn rooms_and_members_are_looked_through_too() {
    let registry = registry();
    let redact = registry.transform("redact").unwrap();
    let mut room = Room::new("r1", "acme");
    room.title = "Project Acme".into();
    room.topic = "Ask jane@x.org";
    let mut member = Member::new("u1", "acme");
    member.name = Some("J (acme)");
    let left = transformed(redact, &json!({"patterns": ["(?i)acme"]}), &room, &[member], &[]).unwrap();
    assert_eq!(left.room["name"], "[redacted]");
    assert_eq!(left.room["fname"], "Project [redacted]");
    assert_eq!(left.room["topic"], "Ask [email]");
    assert_eq!(left.members, [json!({"_id": "u1", "username": "acme", "name": "J ([redacted])"})]);
}

#[test]
fn what_holds_nothing_passes_byte_for_byte() {
    let registry = registry();
    let mut transformer = registry.transform("redact").unwrap().start(&Value::Null).unwrap();
    let odd = raw(r#"{ "a" : [ 1.50, 1e400, "\u00e4\/" ] , "a" : {} }"#);
    let holds_nothing = |message: &Message<'_>| !message.text.contains("@example.org");
    for mut message in sample_messages().into_iter().filter(holds_nothing) {
        message.extra.push(("odd".into(), odd));
        let (texts, before) = (export_sdk::Texts::new(), serde_json::to_string(&message).unwrap());
        transformer.message(&mut message, &texts).unwrap();
        assert_eq!(serde_json::to_string(&message).unwrap(), before);
    }
    let texts = export_sdk::Texts::new();
    let (mut room, scope) = (sample_room(), conformance::sample_scope());
    transformer.room(&mut room, &scope, &texts).unwrap();
    assert_eq!(serde_json::to_string(&room).unwrap(), serde_json::to_string(&sample_room()).unwrap());
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    assert!(refused(json!({"patterns": ["["]})).starts_with(r#"`patterns`: the pattern "[" cannot be used"#));
    assert!(refused(json!({"kinds": ["emails"]})).contains("emails"));
    assert!(refused(json!({"kinds": []})).contains("`kinds` is empty"));
    let again = refused(json!({"patterns": [r"\w+"]}));
    assert_eq!(again, r#"`replacement`: "[email]" is itself blacked out; choose another one"#);
    assert!(refused(json!({"replacement": "call +49 171 1234567"})).starts_with("`replacement`"));
    assert!(refused(json!({"replacement": "x".repeat(101)})).contains("at most 100"));
}
