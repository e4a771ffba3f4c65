//! Sending costs the same in every room, however many members and messages it has, and so does a page
//! of one of its lists.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use roomscribe::domain::message::Replies;
use roomscribe::domain::{Json, RoomId, RoomKind, Subscription, User, UserId};
use roomscribe::store::engine::sled::SledEngine;
use roomscribe::store::engine::{Batch, Direction, Engine, Range, Visit};
use roomscribe::store::{Error, Result, Store};
use serde_json::json;

use crate::said::{say, say_with};
use crate::support::TestServer;

/// Counts what is asked of the engine.
pub(crate) struct CountingEngine {
    inner: SledEngine,
    reads: AtomicU64,
    walked: AtomicU64,
    changes: AtomicU64,
}

impl Engine for CountingEngine {
    fn get(&self, key: &[u8], read: &mut dyn FnMut(&[u8])) -> Result<()> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.inner.get(key, read)
    }

    fn walk(&self, range: Range, direction: Direction, visit: &mut Visit<'_>) -> Result<()> {
        self.inner.walk(range, direction, &mut |key, value| {
            self.walked.fetch_add(1, Ordering::SeqCst);
            visit(key, value)
        })
    }

    fn apply(&self, batch: Batch) -> Result<()> {
        self.changes.fetch_add(batch.len() as u64, Ordering::SeqCst);
        self.inner.apply(batch)
    }

    fn flush(&self) -> Result<()> {
        self.inner.flush()
    }

    fn passed(&self, key: &[u8]) -> Result<()> {
        self.inner.passed(key)
    }

    fn size(&self) -> Result<u64> {
        self.inner.size()
    }
}

impl CountingEngine {
    /// Reads, entries walked, and changes since the last call.
    pub(crate) fn take(&self) -> [u64; 3] {
        [&self.reads, &self.walked, &self.changes].map(|count| count.swap(0, Ordering::SeqCst))
    }
}

/// A server that counts what it asks of its engine.
pub(crate) fn counted() -> (TestServer, Arc<CountingEngine>) {
    let mut counting = None;
    let server = TestServer::start().reopen_with(|directory| {
        Store::open_with(directory, |place| {
            let inner = SledEngine::open(place, 16 << 20)?;
            let (reads, walked, changes) = Default::default();
            let engine = Arc::new(CountingEngine { inner, reads, walked, changes });
            counting = Some(Arc::clone(&engine));
            Ok(engine)
        })
    });
    (server, counting.expect("the store was opened"))
}

/// Brings to the engine what was written and not waited for: until then it costs nothing to read.
pub(crate) fn settle(server: &TestServer) {
    server.app.store.durable_blocking().expect("a sound disk");
}

#[test]
fn sending_costs_the_same_in_a_room_of_two_and_a_room_of_thousands() {
    let (server, counting) = counted();
    let small = server.room(RoomKind::Channel, "small", &["al", "bo"]);
    let large = server.room(RoomKind::Channel, "large", &["al", "bo"]);
    server
        .app
        .store
        .write::<_, Error>(|batch| {
            (0..3000).try_for_each(|number| {
                let user = User::new(UserId::random(), format!("user{number}"), server.app.now());
                batch.put_user(&user)?;
                batch.put_subscription(&Subscription::new(&user.reference(), large.clone(), user.created))
            })
        })
        .expect("a large room");
    for _ in 0..2000 {
        say(&server, &large, "bo", "hello");
    }
    let al = server.as_user("al");
    for text in ["plain", "to @bo and #small", "to @all of you"] {
        let mut costs = Vec::new();
        for room in [&small, &large] {
            let message = json!({"message": {"rid": room.as_str(), "msg": text}});
            al.post("chat.sendMessage", message.clone());
            counting.take();
            al.post("chat.sendMessage", message);
            costs.push(counting.take());
        }
        assert!(costs[0][2] > 0, "{text}: something was written");
        if text == "plain" {
            assert_eq!(
                costs[0][2], 4,
                "the message, its place, the room's activity, the author's membership"
            );
        }
        assert_eq!(
            costs[0], costs[1],
            "{text}: reads, entries walked and changes in the small and the large room"
        );
    }
}

#[test]
fn a_further_reply_changes_as_much_in_a_thread_of_two_as_in_one_of_hundreds() {
    let (server, counting) = counted();
    let room = server.room(RoomKind::Channel, "talk", &["al", "bo"]);
    let al = server.as_user("al");
    let mut followers = vec![server.user("bo").id];
    let thread = |id: &str, followers: &[UserId]| {
        let replies = Replies { count: 1, last: None, followers: followers.to_vec() };
        say_with(&server, &room, "bo", id, |message| message.replies = Some(replies))
    };
    let small = thread("small", &followers);
    server
        .app
        .store
        .write::<_, Error>(|batch| {
            (0..300).try_for_each(|number| {
                let user = User::new(UserId::random(), format!("user{number}"), server.app.now());
                followers.push(user.id.clone());
                batch.put_subscription(&Subscription::new(&user.reference(), room.clone(), user.created))
            })
        })
        .expect("a large room");
    let large = thread("large", &followers);
    server.clock.advance(1000);
    settle(&server);
    let mut costs = Vec::new();
    for thread in [&small, &large] {
        let reply = json!({"message": {"rid": room.as_str(), "msg": "hello", "tmid": thread.as_str()}});
        counting.take();
        al.post("chat.sendMessage", reply.clone()).ok();
        let [.., first] = counting.take();
        al.post("chat.sendMessage", reply).ok();
        let [reads, _, further] = counting.take();
        costs.push((first, reads, further));
    }
    let [small, large] = [costs[0], costs[1]];
    assert_eq!(large.0, small.0 + 300, "the first reply is noted for each follower");
    assert_eq!(large.1, small.1 + 300, "a further one is a look at each");
    assert_eq!(large.2, small.2, "and no change");
}

#[test]
fn a_page_of_a_list_costs_the_same_after_ten_messages_and_after_thousands() {
    let (server, counting) = counted();
    let small = server.room(RoomKind::Channel, "small", &["al", "bo"]);
    let large = server.room(RoomKind::Channel, "large", &["al", "bo"]);
    let al = server.as_user("al");
    for (room, messages) in [(&small, 10), (&large, 2000)] {
        for number in 0..3 {
            let mentioning = json!([{"_id": al.id(), "username": "al"}]);
            say_with(&server, room, "bo", "marked", |message| {
                message.pinned = Some(roomscribe::domain::message::Pinned::default());
                message.starred = vec![UserId::new(al.id())];
                message.mentions = Json::of(&mentioning);
                message.extra = Json::of(&json!({"drid": number.to_string()}));
                message.replies = Some(Replies { count: 1, last: None, followers: Vec::new() });
            });
        }
        for _ in 0..messages {
            say(&server, room, "bo", "plain");
        }
    }
    settle(&server);
    let since = server.app.now().plus(-1).to_string();
    for query in [
        "chat.getPinnedMessages?roomId=",
        "chat.getStarredMessages?roomId=",
        "chat.getMentionedMessages?roomId=",
        "chat.getDiscussions?roomId=",
        "chat.getThreadsList?rid=",
        "channels.messages?pinned=true&roomId=",
    ] {
        let (endpoint, query) = query.split_once('?').expect("a query");
        let mut costs = Vec::new();
        let ask = |room: &RoomId| {
            assert_eq!(al.get(endpoint, &format!("{query}{room}")).ok()["total"], 3, "{endpoint}");
        };
        // Settings are read once.
        ask(&small);
        for room in [&small, &large] {
            counting.take();
            ask(room);
            costs.push(counting.take());
        }
        assert_eq!(costs[0], costs[1], "{endpoint}: in the small and the large room");
    }
    for endpoint in ["chat.syncMessages?lastUpdate", "chat.getDeletedMessages?since"] {
        let (endpoint, name) = endpoint.split_once('?').expect("a query");
        let mut costs = Vec::new();
        for room in [&small, &large] {
            say(&server, room, "bo", "the last");
            counting.take();
            al.get(endpoint, &format!("roomId={room}&{name}={since}")).ok();
            costs.push(counting.take());
        }
        assert!(costs[1][1] < 10, "{endpoint}: only what is new is walked over: {costs:?}");
    }
}

#[test]
fn a_page_of_people_reads_as_many_accounts_among_dozens_and_among_hundreds() {
    let (server, counting) = counted();
    let admin = server.as_admin();
    let grow = |range: std::ops::Range<u32>| {
        let put = server.app.store.write::<_, Error>(|batch| {
            range.into_iter().try_for_each(|number| {
                batch.put_user(&User::new(UserId::random(), format!("user{number}"), server.app.now()))
            })
        });
        put.expect("more people");
        settle(&server);
    };
    let by_name = "sort=%7B%22name%22:-1%7D";
    let queries = [
        ("users.list", ""),
        ("users.listByStatus", ""),
        ("users.listByStatus", "status=active"),
        ("users.listByStatus", by_name),
        ("users.presence", ""),
        ("directory", "type=users"),
    ];
    let reads = || {
        queries.map(|(endpoint, query)| {
            let ask = || {
                admin.get(endpoint, &format!("{query}&count=5")).ok();
            };
            // Settings are read once.
            ask();
            counting.take();
            ask();
            let [reads, ..] = counting.take();
            reads
        })
    };
    grow(0..20);
    let among_dozens = reads();
    grow(20..400);
    assert_eq!(among_dozens, reads(), "{queries:?}");
}
