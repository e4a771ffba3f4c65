//! The lists of a room's messages in the store: always what the messages say, made for stores that
//! had none, gone with their room.

use std::sync::Arc;

use proptest::prelude::*;
use roomscribe::domain::message::{Pinned, Replies};
use roomscribe::domain::{Activity, Json, Message, MessageId, Room, RoomId, RoomKind, Time, UserId, UserRef};
use roomscribe::service::check;
use roomscribe::store::engine::fault::FaultEngine;
use roomscribe::store::engine::sled::SledEngine;
use roomscribe::store::message_indexes::{List, places};
use roomscribe::store::schema::{
    DeletedMessage, HiddenMessage, ListedMessage, MessagePlace, Reply, SCHEMA, Schema,
};
use roomscribe::store::{Direction, Error, Span, Store};
use serde_json::json;
use tempfile::TempDir;

use crate::said::{say, say_with};
use crate::support::TestServer;
use crate::support::work::again;

const CACHE: u64 = 16 << 20;

fn talk() -> RoomId {
    RoomId::new("talk")
}

fn message(number: i64) -> Message {
    let author = UserRef { id: UserId::new("u"), username: "bob".to_owned(), name: None };
    Message::new(MessageId::new(format!("m{number}")), talk(), author, Time::from_millis(number), "x")
}

/// What is done to one of the messages.
#[derive(Debug, Clone)]
enum Step {
    Put { number: i64, later: i64, pinned: bool, stars: u8, mentions: u8, replies: u8, discussion: bool },
    Delete(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let put = (0..6_i64, 0..3_i64, any::<bool>(), 0..3_u8, 0..3_u8, 0..3_u8, any::<bool>());
    prop_oneof![
        4 => put.prop_map(|(number, later, pinned, stars, mentions, replies, discussion)| {
            Step::Put { number, later, pinned, stars, mentions, replies, discussion }
        }),
        1 => (0..6_i64).prop_map(Step::Delete),
    ]
}

fn take(store: &Store, step: &Step) {
    store
        .write::<_, Error>(|batch| match step {
            Step::Put { number, later, pinned, stars, mentions, replies, discussion } => {
                let mut message = message(*number);
                message.updated_at = message.sent_at.plus(*later);
                message.pinned = pinned.then(Pinned::default);
                message.starred = (0..*stars).map(|user| UserId::new(format!("s{user}"))).collect();
                let mentioned: Vec<_> =
                    (0..*mentions).map(|user| json!({"_id": format!("u{user}")})).collect();
                message.mentions = Json::of(&mentioned);
                let last = (*replies > 1).then(|| Time::from_millis(40 + *number));
                message.replies = Some(Replies { count: (*replies).into(), last, followers: Vec::new() });
                if *discussion {
                    message.extra = Json::from_text(r#"{"drid":"d"}"#);
                }
                batch.put_message(&message)
            }
            Step::Delete(number) => match batch.message(&MessageId::new(format!("m{number}")))? {
                Some(message) => batch.delete_message(&message, Time::from_millis(99)),
                None => Ok(()),
            },
        })
        .expect("written");
}

fn listed(store: &Store) -> Vec<(RoomId, List, Time, MessageId)> {
    let entries = store.list::<ListedMessage>(Span::all(), Direction::Ascending, 0, usize::MAX);
    entries.expect("readable").into_iter().map(|(place, _)| place).collect()
}

fn expected(store: &Store) -> Vec<(RoomId, List, Time, MessageId)> {
    let messages = store.list::<Message>(Span::all(), Direction::Ascending, 0, usize::MAX);
    let mut all: Vec<_> =
        messages.expect("readable").iter().flat_map(|(_, message)| places(message)).collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn lists_hold_what_the_messages_say_whatever_happens(steps in prop::collection::vec(step(), 1..60)) {
        let directory = TempDir::new().unwrap();
        let store = Store::open(directory.path(), CACHE).unwrap();
        for step in &steps {
            take(&store, step);
        }
        let mut listed = listed(&store);
        listed.sort();
        prop_assert_eq!(listed, expected(&store));
    }
}

#[test]
fn a_message_changed_and_deleted_within_one_write_leaves_no_entry() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path(), CACHE).unwrap();
    let plain = message(1);
    store.write::<_, Error>(|batch| batch.put_message(&plain)).unwrap();
    store
        .write::<_, Error>(|batch| {
            let mut pinned = plain.clone();
            pinned.pinned = Some(Pinned::default());
            pinned.updated_at = Time::from_millis(5);
            batch.put_message(&pinned)?;
            // The caller still holds it as it was.
            batch.delete_message(&plain, Time::from_millis(9))
        })
        .unwrap();
    assert_eq!(listed(&store), []);
    let gone = store.list::<DeletedMessage>(Span::all(), Direction::Ascending, 0, 9).unwrap();
    let key = (talk(), Time::from_millis(9), plain.id);
    assert_eq!(gone, [(key, DeletedMessage { thread: None, began_thread: false })]);
}

/// Writes messages as programs of layout 1 did.
fn write_the_old_way(store: &Store, messages: &[Message]) {
    store
        .write::<_, Error>(|batch| {
            let room =
                Room::new(talk(), RoomKind::Channel, Some("talk".to_owned()), None, Time::from_millis(0));
            batch.put_room(&room)?;
            let count = messages.len() as u64;
            batch.put_activity(&room.id, &Activity { messages: count, ..Activity::default() })?;
            for message in messages {
                let place = MessagePlace { room: message.room.clone(), sent_at: message.sent_at };
                batch.put(&(message.id.clone(),), &place)?;
                if let Some(thread) = &message.thread {
                    batch.put(&(thread.clone(), message.sent_at, message.id.clone()), &Reply)?;
                }
                batch.put(&(message.room.clone(), message.sent_at, message.id.clone()), message)?;
            }
            batch.put(&("schema".to_owned(),), &Schema(1))
        })
        .expect("written");
    store.durable_blocking().expect("written");
}

fn old_messages() -> Vec<Message> {
    let mark = |number| {
        let mut message = message(number);
        if number % 3 == 0 {
            message.pinned = Some(Pinned::default());
        }
        if number % 5 == 0 {
            message.starred = (0..4).map(|user| UserId::new(format!("s{user}"))).collect();
        }
        if number % 7 == 0 {
            message.thread = Some(MessageId::new("m0"));
        }
        message
    };
    (0..2500).map(mark).collect()
}

#[test]
fn a_store_that_was_written_before_there_were_lists_gets_them_when_it_is_opened() {
    let directory = TempDir::new().unwrap();
    {
        let store = Store::open(directory.path(), CACHE).unwrap();
        write_the_old_way(&store, &old_messages());
        assert_eq!(listed(&store), []);
    }
    let store = again(|| Store::open(directory.path(), CACHE)).unwrap();
    assert_eq!(store.get::<Schema>(&("schema".to_owned(),)).unwrap(), Some(Schema(SCHEMA)));
    let mut listed = listed(&store);
    listed.sort();
    assert_eq!(listed, expected(&store));
    assert_eq!(store.count_listed(&talk(), &List::Pinned, u64::MAX).unwrap(), 834);
    assert_eq!(store.count_listed(&talk(), &List::Starred(UserId::new("s3")), u64::MAX).unwrap(), 500);
    let findings = check::check(&store, directory.path()).unwrap();
    assert_eq!(findings.complaints, Vec::<String>::new());
}

#[test]
fn an_upgrade_that_the_disk_cuts_short_is_made_up_for() {
    let directory = TempDir::new().unwrap();
    {
        let store = Store::open(directory.path(), CACHE).unwrap();
        write_the_old_way(&store, &old_messages());
    }
    // Each try fails a little later, and begins with what the one before has left.
    let mut tries = 0;
    while let Err(error) = again(|| {
        Store::open_with(directory.path(), |path| {
            let engine = FaultEngine::new(SledEngine::open(path, CACHE)?);
            engine.fail_writes_after(tries);
            Ok(Arc::new(engine))
        })
    }) {
        assert!(matches!(error, Error::Io(_) | Error::NotDurable | Error::Failed), "{error}");
        tries += 1;
    }
    assert!(tries > 0, "the disk was full");
    let store = again(|| Store::open(directory.path(), CACHE)).unwrap();
    let mut listed = listed(&store);
    listed.sort();
    assert_eq!(listed, expected(&store));
    assert_eq!(store.get::<Schema>(&("schema".to_owned(),)).unwrap(), Some(Schema(SCHEMA)));
}

#[test]
fn a_check_finds_lists_that_are_wrong() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let pinned = |message: &mut Message| message.pinned = Some(Pinned::default());
    let id = say_with(&server, &room, "bob", "x", pinned);
    let findings = || check::check(&server.app.store, server.directory()).unwrap().complaints;
    assert_eq!(findings(), Vec::<String>::new());
    let at = server.app.store.message_place(&id).unwrap().unwrap().sent_at;
    server
        .app
        .store
        .write::<_, Error>(|batch| {
            batch.delete::<ListedMessage>(&(room.clone(), List::Pinned, at, id.clone()));
            batch.put(&(room.clone(), List::Threads, at, id.clone()), &ListedMessage)
        })
        .unwrap();
    let expected = [
        format!("message {id} is missing in the list Pinned"),
        format!("message {id} does not belong into the list Threads"),
    ];
    assert_eq!(findings(), expected);
}

#[test]
fn nothing_of_a_deleted_room_stays_behind() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let store = &server.app.store;
    for number in 0..1100 {
        let id = say_with(&server, &room, "bob", "x", |message| {
            message.starred = vec![UserId::new("s")];
        });
        if number % 2 == 0 {
            let message = store.message(&id).unwrap().unwrap();
            let now = server.app.now();
            store
                .write::<_, Error>(|batch| {
                    batch.keep_version(&message, now)?;
                    batch.delete_message(&message, now)
                })
                .unwrap();
        }
    }
    let kept = server.room(RoomKind::Channel, "other", &["bob"]);
    say(&server, &kept, "bob", "stays");
    let counts = |room: &RoomId| {
        let span = || Span::of(&(room.clone(),));
        [
            store.count::<ListedMessage>(span(), u64::MAX).unwrap(),
            store.count::<DeletedMessage>(span(), u64::MAX).unwrap(),
            store.count::<HiddenMessage>(span(), u64::MAX).unwrap(),
            store.count::<Message>(span(), u64::MAX).unwrap(),
        ]
    };
    assert_eq!(counts(&room), [550, 550, 550, 550]);
    let record = store.room(&room).unwrap().unwrap();
    store.write::<_, Error>(|batch| batch.delete_room(&record)).unwrap();
    while store.clear_deleted_room().unwrap() {}
    assert_eq!((counts(&room), counts(&kept)), ([0; 4], [0, 0, 0, 1]));
}
