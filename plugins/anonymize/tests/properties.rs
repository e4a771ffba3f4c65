//! Nobody is named any more, whatever they are called and wherever they stood.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use export_sdk::conformance::{Transformed, transformed};
use export_sdk::{
    Author, Edited, Member, Message, Pinned, Reaction, Registry, Replies, Room, RoomKind, Settings, Timestamp,
};
use proptest::prelude::*;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

/// Id, login name and display name, unlike anything else in the export.
type Person = (String, String, String);

fn person() -> impl Strategy<Value = Person> {
    let name = "Zq[a-zäß]{4,8}( [A-ZÖ][a-z'.-]{3,8}q)?";
    ("zi[A-Za-z0-9]{15}", "zq[a-z0-9]{4,9}([._-][a-z0-9]{3,6})?", name)
}

fn people() -> impl Strategy<Value = Vec<Person>> {
    prop::collection::vec(person(), 2..6)
}

/// Messages that name the people of `order` in turn, each in another field.
fn messages<'a>(
    people: &'a [Person],
    order: &[usize],
    words: &'a [String],
    raw: &'a [Box<RawValue>],
) -> Vec<Message<'a>> {
    let pick = |n: usize| &people[order[n % order.len()] % people.len()];
    (0..order.len())
        .map(|n| {
            let (id, login, name) = pick(n);
            let author = Author { id, username: login, name: Some(name) };
            let mut message = Message::new("m", "r", author, Timestamp::default(), &words[n]);
            let (id, login, name) = pick(n + 1);
            let emoji = [":bee:", login][n % 2];
            message.reactions = vec![Reaction { emoji, usernames: vec![login], names: vec![name] }];
            message.edited = Some(Edited { at: Timestamp::default(), by_id: id, by_username: login });
            let (id, login, _) = pick(n + 2);
            message.pinned = Some(Pinned { at: None, by: Some((id, login)) });
            message.replies = Some(Replies { count: 1, last: None, followers: vec![id] });
            message.starred = vec![id];
            message.mentions = Some(&raw[3 * n]);
            message.attachments = Some(&raw[3 * n + 1]);
            message.extra = vec![("alias".into(), &raw[3 * n + 2]), ("avatar".into(), &raw[3 * n + 2])];
            message.urls = Some(&raw[3 * n + 1]);
            message.files_json = Some(&raw[3 * n + 1]);
            message
        })
        .collect()
}

/// For each person of `order` three values that name them.
fn values(people: &[Person], order: &[usize]) -> Vec<Box<RawValue>> {
    let person = |n: &usize| &people[n % people.len()];
    let values = order.iter().map(person).flat_map(|(id, login, name)| {
        [
            json!([{"_id": id, "username": login, "name": name}]),
            json!([{
                "author_name": name, "text": format!("*{name}* {id}: @{login}"), "name": format!("{login}.png"),
                "title_link": format!("/avatar/{login}?{id}"), "fields": [{"value": login, "title": name}],
                "other": name, "url": login, "color": login, "ts": name, "type": login, "format": name,
                "image_type": format!("image/{login}"), "image_preview": login, "size": id, "video_size": name,
                "meta": {login: {name: 1}}, "title_link_download": login, "image_dimensions": {login: name},
            }]),
            json!(name),
        ]
    });
    values.map(|value| to_raw_value(&value).unwrap()).collect()
}

fn run(people: &[Person], order: &[usize], around: &[String], announced: usize) -> Transformed {
    let mut registry = Registry::default();
    let settings = Settings::new("anonymize", toml::Table::new(), "data");
    transform_anonymize::register(&mut registry, &settings).unwrap();
    let words: Vec<String> = order
        .iter()
        .zip(around.iter().cycle())
        .map(|(n, around)| {
            let (id, login, name) = &people[n % people.len()];
            format!(
                "{around} {name}, ({login}) @{login} {} {around} '{id}' {} {}",
                name.to_uppercase(),
                name.replace(' ', "\u{a0}\n "),
                login.replacen('q', "\u{200b}q\u{ad}", 1),
            )
        })
        .collect();
    let raw = values(people, order);
    let messages = messages(people, order, &words, &raw);
    let members: Vec<Member<'_>> = people[..announced.min(people.len())]
        .iter()
        .map(|(id, login, name)| {
            let mut member = Member::new(id, login);
            member.name = Some(name);
            member
        })
        .collect();
    let ((one, ..), (other, login, name)) = (&people[0], &people[1]);
    let room = format!("{one}{other}");
    let mut room = Room::new(&room, login);
    room.kind = RoomKind::Direct;
    room.topic = name;
    room.title = format!("{login}, {name}").into();
    let transform = registry.transform("anonymize").unwrap();
    transformed(transform, &Value::Null, &room, &members, &messages).unwrap()
}

/// Everybody is announced or writes.
fn everybody(people: &[Person], order: &[usize]) -> Vec<usize> {
    order.iter().copied().chain(0..people.len()).collect()
}

fn around() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[ -~]{0,12}[ .,@(]|\\PC{0,6} ", 1..4)
}

proptest! {
    #[test]
    fn nobody_is_named_any_more(
        people in people(),
        order in prop::collection::vec(0..6_usize, 1..5),
        around in around(),
        announced in 0..6_usize,
    ) {
        let left = run(&people, &everybody(&people, &order), &around, announced);
        let text = format!("{} {} {}", left.room, json!(left.members), json!(left.messages)).to_lowercase();
        let text = text.replace(['\u{200b}', '\u{ad}'], "").replace("\u{a0}\\n ", " ");
        for (id, login, name) in &people {
            for secret in [id, login, name] {
                prop_assert!(!text.contains(&secret.to_lowercase()), "{secret} in {text}");
            }
        }
    }

    #[test]
    fn the_same_person_has_the_same_pseudonym(
        people in people(),
        order in prop::collection::vec(0..6_usize, 1..9),
        around in around(),
        announced in 0..6_usize,
    ) {
        let order = everybody(&people, &order);
        let left = run(&people, &order, &around, announced);
        let mut pseudonyms = vec![None; people.len()];
        for (message, n) in left.messages.iter().zip(&order) {
            let (id, login) = (&message["u"]["_id"], &message["u"]["username"]);
            prop_assert_eq!(id, login);
            let known = pseudonyms[n % people.len()].get_or_insert(id.clone());
            prop_assert_eq!(&*known, id);
            prop_assert_eq!(&message["mentions"][0]["_id"], id);
        }
        let distinct: std::collections::BTreeSet<String> = pseudonyms.iter().flatten().map(Value::to_string).collect();
        prop_assert_eq!(distinct.len(), people.len());
    }
}
