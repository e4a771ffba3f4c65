//! Exports of random rooms hold what a naive filter picks, in the order that each format wants.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use roomscribe::domain::message::Replies;
use roomscribe::domain::{Message, MessageId, RoomId, RoomKind, Time};
use serde_json::json;

use crate::support::TestServer;

/// 2024-03-01T00:00:00Z.
const MARCH: i64 = 1_709_251_200_000;
const HOUR: i64 = 3_600_000;
const AUTHORS: [&str; 3] = ["alice", "bob", "carol"];
const WORDS: [&str; 4] = ["apple", "plum", "apple plum", "Äpfel"];

/// What a query means, said without the query language.
type Meaning = fn(&Message) -> bool;

const QUERIES: [(&str, Meaning); 10] = [
    ("", |_| true),
    ("apple", |message| message.text.contains("apple")),
    ("ÄPFEL", |message| message.text == "Äpfel"),
    ("from:alice", |message| message.author.username == "alice"),
    ("-from:alice plum", |message| message.author.username != "alice" && message.text.contains("plum")),
    ("is:reply or from:bob", |message| message.thread.is_some() || message.author.username == "bob"),
    ("-is:thread", |message| message.replies.is_none()),
    ("is:system", |message| message.kind.is_some()),
    ("before:2024-03-02", |message| message.sent_at.millis() < MARCH + 24 * HOUR),
    ("NOT (after:2024-03-01 apple)", |message| {
        !(message.sent_at.millis() >= MARCH + 24 * HOUR && message.text.contains("apple"))
    }),
];

#[derive(Debug, Clone)]
struct Said {
    /// Hours after March began; several messages may have the same.
    hour: i64,
    author: usize,
    word: usize,
    is_system: bool,
    /// The place of the message that it answers, if that is another one.
    answers: Option<usize>,
}

#[derive(Debug, Clone)]
struct Case {
    said: Vec<Said>,
    query: usize,
    from: Option<i64>,
    until: Option<i64>,
    system_messages: bool,
}

fn cases() -> impl Strategy<Value = Case> {
    let said = (0..72_i64, 0..3_usize, 0..4_usize, prop::bool::weighted(0.15), prop::option::of(0..12_usize))
        .prop_map(|(hour, author, word, is_system, answers)| Said { hour, author, word, is_system, answers });
    let hours = || prop::option::of(0..72_i64);
    (prop::collection::vec(said, 0..25), 0..QUERIES.len(), hours(), hours(), any::<bool>()).prop_map(
        |(said, query, from, until, system_messages)| Case { said, query, from, until, system_messages },
    )
}

/// The messages of a case, in no order.
fn messages(server: &TestServer, room: &RoomId, said: &[Said]) -> Vec<Message> {
    let id = |place: usize| MessageId::new(format!("{room}{place:02}"));
    let begins = |place: usize| said.get(place).is_some_and(|said| said.answers.is_none());
    let answered = |place: usize, said: &Said| said.answers.filter(|other| *other != place && begins(*other));
    let all: Vec<Option<usize>> =
        said.iter().enumerate().map(|(place, said)| answered(place, said)).collect();
    said.iter()
        .enumerate()
        .map(|(place, said)| {
            let author = server.user(AUTHORS[said.author]).reference();
            let at = Time::from_millis(MARCH + said.hour * HOUR);
            let mut message = Message::new(id(place), room.clone(), author, at, WORDS[said.word]);
            message.kind = said.is_system.then(|| "uj".to_owned());
            message.thread = all[place].map(id);
            let replies = all.iter().filter(|other| **other == Some(place)).count() as u64;
            message.replies =
                (replies > 0).then_some(Replies { count: replies, last: None, followers: Vec::new() });
            message
        })
        .collect()
}

/// Oldest first, and replies right after the message that began their thread if they are younger.
fn in_threads(by_time: &[Message]) -> Vec<String> {
    let key = |message: &Message| (message.sent_at, message.id.clone());
    let begins = |message: &&Message| message.replies.is_some() && message.thread.is_none();
    let leader = |message: &Message| {
        let thread = message.thread.clone()?;
        let leader = by_time.iter().find(|other| other.id == thread).filter(begins)?;
        (key(leader) < key(message)).then(|| key(leader))
    };
    let mut sorted: Vec<&Message> = by_time.iter().collect();
    sorted.sort_by_key(|message| match leader(message) {
        Some(leader) => (leader, Some(key(message))),
        None => (key(message), None),
    });
    sorted.iter().map(|message| message.id.to_string()).collect()
}

#[test]
fn an_export_holds_what_a_naive_filter_picks() {
    let server = TestServer::start_with_plugins(crate::support::plugins::ids);
    server.work();
    let admin = server.as_admin();
    let number = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: 96, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&cases(), |case| {
        number.set(number.get() + 1);
        let room = server.room(RoomKind::Channel, &format!("room{}", number.get()), &["admin"]);
        let mut all = messages(&server, &room, &case.said);
        for message in &all {
            server.put_message(message);
        }
        let (text, meaning) = QUERIES[case.query];
        let at = |hour: Option<i64>| hour.map(|hour| Time::from_millis(MARCH + hour * HOUR));
        let (from, until) = (at(case.from), at(case.until).filter(|_| case.from < case.until));
        let body = json!({
            "rooms": [room.as_str()], "formats": ["by-time", "by-threads"], "query": text,
            "systemMessages": case.system_messages,
            "from": from.map(|from| from.to_string()), "until": until.map(|until| until.to_string()),
        });
        all.retain(|message| {
            from.is_none_or(|from| message.sent_at >= from)
                && until.is_none_or(|until| message.sent_at < until)
                && (case.system_messages || message.kind.is_none())
                && meaning(message)
        });
        all.sort_by_key(|message| (message.sent_at, message.id.clone()));
        let exported = server.made(&admin, &body);
        let lines = |format: &str| -> Vec<String> {
            let entry = &exported.entries[&format!("{format}/room{}.ids", number.get())];
            String::from_utf8(entry.clone()).unwrap().lines().map(ToOwned::to_owned).collect()
        };
        let count = format!("{} in all", all.len());
        let by_time = all.iter().map(|message| message.id.to_string()).chain([count.clone()]);
        prop_assert_eq!(lines("by-time"), by_time.collect::<Vec<_>>());
        let by_threads = in_threads(&all).into_iter().chain([count]);
        prop_assert_eq!(lines("by-threads"), by_threads.collect::<Vec<_>>());
        Ok(())
    });
    outcome.unwrap();
}
