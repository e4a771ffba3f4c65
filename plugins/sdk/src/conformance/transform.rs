//! The suite for transforms.

use serde::Serialize;
use serde_json::{Value, json};

use super::suite::{Register, registry, sample_members, sample_messages, sample_room, sample_scope};
use crate::{AnyTransform, ErrorKind, Member, Message, Result, Room, Texts, Transformer, Verdict};

/// What a transform left, as the REST API writes it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Transformed {
    /// The room.
    pub room: Value,
    /// The members that stayed.
    pub members: Vec<Value>,
    /// The messages that stayed.
    pub messages: Vec<Value>,
}

/// Runs the whole suite against the transform `id` that `register` brings, with options that it
/// accepts.
///
/// Panics with a sentence that says what is wrong. Checked: that it describes itself, options that do
/// not exist, hostile strings everywhere, the same input twice, the same message again out of its
/// turn, and that no message is made up or changes its place.
pub fn transform(register: Register, id: &str, options: Value) {
    let registry = registry(register, id);
    let transform = registry.transform(id).expect("registered under its id");
    assert!(!transform.describe().is_empty(), "{id} describes itself");
    for option in transform.options() {
        assert!(!option.help.is_empty(), "option {} has a line of help", option.name);
    }
    transform.check(&options).expect("the given options are accepted");
    let mut nonsense = options.clone();
    match &mut nonsense {
        Value::Object(nonsense) => drop(nonsense.insert("no such option".to_owned(), json!(1))),
        nonsense => *nonsense = json!({"no such option": 1}),
    }
    let refused = transform.check(&nonsense).expect_err("an unknown option is refused");
    assert_eq!(refused.kind(), ErrorKind::BadOptions, "an unknown option is the requester's mistake");
    assert!(refused.to_string().contains("no such option"), "{refused} names the option");

    let (room, members, messages) = (sample_room(), sample_members(), sample_messages());
    let run = || transformed(transform, &options, &room, &members, &messages).expect("hostile messages pass");
    let once = run();
    assert_eq!(once, run(), "the same input makes the same output");
    let mut given = messages.iter().map(|message| message.id);
    for message in &once.messages {
        let id = message["_id"].as_str().expect("an id");
        assert!(given.any(|given| given == id), "message {id} was given, and in this order");
    }
    assert_eq!(once.messages, read_backwards(transform, &options, &messages), "a message stays as it was");
}

/// Passes a room, its members and messages through a transform as the host does.
pub fn transformed(
    transform: &dyn AnyTransform,
    options: &Value,
    room: &Room<'_>,
    members: &[Member<'_>],
    messages: &[Message<'_>],
) -> Result<Transformed> {
    let mut transformer = started(transform, options, members, messages)?;
    let texts = Texts::new();
    let mut room = room.clone();
    transformer.room(&mut room, &sample_scope(), &texts)?;
    let mut left = Transformed { room: read_again(&room), members: Vec::new(), messages: Vec::new() };
    for member in members {
        let mut member = member.clone();
        if transformer.member(&mut member, &texts)? == Verdict::Keep {
            left.members.push(read_again(&member));
        }
    }
    for message in messages {
        left.messages.extend(one(&mut *transformer, message)?);
    }
    Ok(left)
}

fn started<'run>(
    transform: &'run dyn AnyTransform,
    options: &Value,
    members: &[Member<'_>],
    messages: &[Message<'_>],
) -> Result<Box<dyn Transformer + 'run>> {
    let mut transformer = transform.start(options)?;
    if transformer.wants_preview() {
        for member in members {
            transformer.preview_member(member);
        }
        for message in messages {
            transformer.preview(message);
        }
    }
    Ok(transformer)
}

/// A second reading in another order, by the same transformer.
fn read_backwards(transform: &dyn AnyTransform, options: &Value, messages: &[Message<'_>]) -> Vec<Value> {
    let mut transformer =
        started(transform, options, &sample_members(), messages).expect("started as before");
    let texts = Texts::new();
    let mut room = sample_room();
    transformer.room(&mut room, &sample_scope(), &texts).expect("a room");
    for mut member in sample_members() {
        transformer.member(&mut member, &texts).expect("a member");
    }
    let mut read = |message| one(&mut *transformer, message).expect("passes again");
    for message in messages {
        read(message);
    }
    let mut messages: Vec<Value> = messages.iter().rev().filter_map(read).collect();
    messages.reverse();
    messages
}

fn one(transformer: &mut dyn Transformer, message: &Message<'_>) -> Result<Option<Value>> {
    let texts = Texts::new();
    let mut message = message.clone();
    let verdict = transformer.message(&mut message, &texts)?;
    Ok((verdict == Verdict::Keep).then(|| read_again(&message)))
}

/// Through text, as a reader of the export gets it.
fn read_again(view: &impl Serialize) -> Value {
    let text = serde_json::to_string(view).expect("serializes");
    serde_json::from_str(&text).expect("is valid JSON")
}
