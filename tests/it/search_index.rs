//! The index of searches finds what reading everything finds, whatever was sent, changed, deleted
//! and sealed before, and reads little for it.

use std::cell::Cell;
use std::ops::ControlFlow;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use roomscribe::domain::message::Pinned;
use roomscribe::domain::search_run::Needs;
use roomscribe::domain::{Message, MessageId, Room, RoomId, RoomKind, Time, User};
use roomscribe::service::search::search;
use roomscribe::service::search_query::SearchQuery;
use roomscribe::store::search::Stretch;
use roomscribe::store::{Direction, Error};
use roomscribe::work::indexing;

use crate::said::say;
use crate::support::{NOW, TestServer};

/// Messages of a run in these tests.
const RUN: usize = 4;

/// Something happens in a room. Numbers choose a message that is there.
#[derive(Debug, Clone)]
enum Event {
    Send { author: bool, seconds: i64, text: String },
    Edit(usize, String),
    Pin(usize),
    Star(usize),
    Delete(usize),
    DeleteFirst(usize),
    Index,
}

fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof!["[ab]{1,4}", "(alpha|beta|Gamma|Straße|ΟΔΟΣ)", "[a-z]{5,9}"];
    prop::collection::vec(word, 0..8).prop_map(|words| words.join(" "))
}

fn event() -> impl Strategy<Value = Event> {
    let send = (any::<bool>(), 0..2000_i64, text()).prop_map(|(author, seconds, text)| Event::Send {
        author,
        seconds,
        text,
    });
    prop_oneof![
        12 => send,
        2 => (any::<usize>(), text()).prop_map(|(which, text)| Event::Edit(which, text)),
        1 => any::<usize>().prop_map(Event::Pin),
        1 => any::<usize>().prop_map(Event::Star),
        2 => any::<usize>().prop_map(Event::Delete),
        1 => (1..12_usize).prop_map(Event::DeleteFirst),
        2 => Just(Event::Index),
    ]
}

fn query() -> impl Strategy<Value = String> {
    let words = prop::collection::vec("([ab]{1,5}|alpha|bet|mma|straße|οδος|[a-z]{3})", 0..3)
        .prop_map(|words| words.join(" "));
    let what = prop_oneof![
        4 => words,
        1 => "/(alpha|b+a|Gam|[ab]{3,4}b|οδ)(a| b)?/i?",
        1 => "\"[ab]{1,2} [ab]{1,2}\"",
    ];
    let operators = "( from:(me|bob|nobody))?( (has:star|is:pinned))?( order:asc)?( after:2024-03-14)?";
    (what, operators).prop_map(|(what, operators)| format!("{what}{operators}"))
}

struct Scene<'a> {
    server: &'a TestServer,
    room: Room,
    users: [User; 2],
}

impl Scene<'_> {
    fn all(&self) -> Vec<Message> {
        let mut all = Vec::new();
        let (first, last) = (Time::from_millis(i64::MIN), Time::from_millis(i64::MAX));
        self.server
            .app
            .store
            .history::<Error>(&self.room.id, first, last, Direction::Ascending, |message| {
                all.push(message);
                Ok(ControlFlow::Continue(()))
            })
            .expect("the store works");
        all
    }

    fn put(&self, message: &Message) {
        self.server.app.store.write::<_, Error>(|batch| batch.put_message(message)).expect("the store works");
    }

    fn delete(&self, messages: &[Message]) {
        let deleted = self.server.app.store.write::<_, Error>(|batch| {
            for message in messages {
                batch.delete_message(message, self.server.app.now())?;
            }
            Ok(())
        });
        deleted.expect("the store works");
    }

    fn happen(&self, event: Event) {
        let all = self.all();
        let chosen = |which: usize| (!all.is_empty()).then(|| all[which % all.len()].clone());
        match event {
            Event::Send { author, seconds, text } => {
                let author = self.users[usize::from(author)].reference();
                let at = Time::from_millis(NOW - 1000 * seconds);
                let room = self.room.id.clone();
                self.put(&Message::new(MessageId::random(), room, author, at, text));
            }
            Event::Edit(which, text) => {
                if let Some(message) = chosen(which) {
                    self.put(&Message { text, ..message });
                }
            }
            Event::Pin(which) => {
                if let Some(message) = chosen(which) {
                    self.put(&Message { pinned: Some(Pinned::default()), ..message });
                }
            }
            Event::Star(which) => {
                if let Some(message) = chosen(which) {
                    self.put(&Message { starred: vec![self.users[0].id.clone()], ..message });
                }
            }
            Event::Delete(which) => self.delete(&chosen(which).into_iter().collect::<Vec<_>>()),
            Event::DeleteFirst(count) => self.delete(&all[..count.min(all.len())]),
            Event::Index => indexing::pass(&self.server.app, None, RUN, || true).expect("the store works"),
        }
    }

    /// What reading everything finds.
    fn expected(&self, text: &str) -> Vec<MessageId> {
        let find =
            |name: &str| Ok(self.users.iter().find(|user| user.username == name).map(|user| user.id.clone()));
        let query = SearchQuery::read(text, &self.users[0], false, find).expect("the store works");
        let mut all = self.all();
        if query.direction == Direction::Descending {
            all.reverse();
        }
        all.retain(|message| (query.since..query.until).contains(&message.sent_at) && query.matches(message));
        all.into_iter().map(|message| message.id).collect()
    }

    fn found(&self, text: &str, page: (usize, usize)) -> Vec<MessageId> {
        let found =
            search(&self.server.app, &self.users[0], &self.room, text, page).expect("the store works");
        found.into_iter().map(|message| message.id).collect()
    }
}

#[test]
fn the_index_finds_what_reading_everything_finds() {
    let server = TestServer::start();
    let users = ["al", "bob"].map(|name| server.user(name));
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() });
    let number = Cell::new(0);
    let hits = Cell::new(0);
    let given =
        (prop::collection::vec(event(), 0..120), prop::collection::vec(query(), 12), 0..4_usize, 0..6_usize);
    runner
        .run(&given, |(events, queries, offset, count)| {
            number.set(number.get() + 1);
            let id = server.room(RoomKind::Channel, &format!("room{}", number.get()), &["al"]);
            let room = server.app.store.room(&id).unwrap().expect("a room");
            let scene = Scene { server: &server, room, users: users.clone() };
            for event in events {
                scene.happen(event);
            }
            for text in queries {
                let expected = scene.expected(&text);
                hits.set(hits.get() + expected.len());
                prop_assert_eq!(&scene.found(&text, (0, 1000)), &expected, "{}", text);
                let page: Vec<_> = expected.into_iter().skip(offset).take(count).collect();
                prop_assert_eq!(scene.found(&text, (offset, count)), page, "{}", text);
            }
            Ok(())
        })
        .unwrap();
    assert!(hits.get() > 100, "the queries find something: {}", hits.get());
}

/// The stretches that a search for a text would read, and how many it would pass over.
fn read(server: &TestServer, room: &RoomId, text: &str) -> (Vec<Stretch>, usize) {
    let (mut read, mut passed) = (Vec::new(), 0);
    let query = SearchQuery::read(text, &server.user("al"), false, |_| Ok(None)).expect("the store works");
    let window = (query.since, query.until);
    let store = &server.app.store;
    let needs: Needs = query.needs();
    store
        .stretches::<Error>(room, window, Direction::Descending, &needs, |stretch| {
            match stretch {
                Some(stretch) => read.push(stretch),
                None => passed += 1,
            }
            Ok(ControlFlow::Continue(()))
        })
        .expect("the store works");
    (read, passed)
}

#[test]
fn only_runs_that_may_hold_it_are_read() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["al"]);
    for number in 0..80 {
        let text = if number == 30 { "the needle is here" } else { "nothing but hay" };
        say(&server, &room, "al", text);
    }
    indexing::pass(&server.app, None, RUN, || true).unwrap();
    let counts = |text: &str| {
        let (read, passed) = read(&server, &room, text);
        let loose = read.iter().filter(|stretch| stretch.is_loose).count();
        (loose, read.len() - loose, passed)
    };
    assert_eq!(counts("needle"), (1, 1, 18));
    assert_eq!(counts("hay"), (1, 19, 0));
    assert_eq!(counts("absent"), (1, 0, 19));
    assert_eq!(counts("/nee+dle/"), (1, 1, 18));
    assert_eq!(counts("from:eve"), (1, 0, 19));
}

#[test]
fn a_crowd_of_late_messages_gets_runs_of_its_own() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["al"]);
    for _ in 0..3 * RUN {
        say(&server, &room, "al", "early");
    }
    let pass = || indexing::pass(&server.app, None, RUN, || true).unwrap();
    pass();
    let count = |kind: &str| {
        let volumes = server.app.store.check().unwrap();
        volumes.iter().find(|volume| volume.kind == kind).expect("a kind").records
    };
    assert_eq!((count("search run"), count("stale search run")), (2, 0));
    let author = server.user("al").reference();
    for number in 0..50 {
        let text = format!("{:032x}", u128::MAX / (number + 7));
        let id = MessageId::random();
        let message = Message::new(id, room.clone(), author.clone(), Time::from_millis(NOW - 9), text);
        server.app.store.write::<_, Error>(|batch| batch.put_message(&message)).unwrap();
    }
    assert_eq!(count("stale search run"), 1);
    pass();
    assert_eq!(count("stale search run"), 0);
    // 50 late ones with the four of the first run, and the second run.
    assert_eq!(count("search run"), 54_u64.div_ceil(RUN as u64) + 1);
    assert_eq!(read(&server, &room, "absent").0.len(), 1, "only what is loose is read");
}
