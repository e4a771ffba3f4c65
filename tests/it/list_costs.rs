//! A page of a list costs what it shows, however much is stored; and the indexes that make that
//! possible are made for stores that have none.

use roomscribe::domain::directory::{DirectoryEntry, FileByName, MemberByName};
use roomscribe::domain::{RoomId, RoomKind, Subscription, User, UserId};
use roomscribe::service::check;
use roomscribe::store::schema::Schema;
use roomscribe::store::{Direction, Error, Record, Span, Store};
use serde_json::json;

use crate::cost::{counted, settle};
use crate::said::{say, send_file};
use crate::support::TestServer;

/// As many people in a room.
fn crowd(server: &TestServer, room: &RoomId, prefix: &str, count: usize) {
    let now = server.app.now();
    server
        .app
        .store
        .write::<_, Error>(|batch| {
            (0..count).try_for_each(|number| {
                let user = User::new(UserId::random(), format!("{prefix}{number:05}"), now);
                batch.put_user(&user)?;
                batch.put_subscription(&Subscription::new(&user.reference(), room.clone(), now))
            })
        })
        .expect("a crowd");
    settle(server);
}

#[test]
fn pages_cost_what_they_show() {
    let (server, counting) = counted();
    let small = server.room(RoomKind::Channel, "small", &["bob"]);
    let large = server.room(RoomKind::Channel, "large", &["bob"]);
    crowd(&server, &small, "s", 100);
    crowd(&server, &large, "l", 3000);
    let bob = server.as_user("bob");
    for (endpoint, query) in [
        ("channels.members", "offset=20&count=30"),
        ("channels.members", "count=30&sort=%7B%22username%22:-1%7D"),
    ] {
        let mut costs = Vec::new();
        // Settings are read at the first.
        for room in [&small, &small, &large] {
            counting.take();
            let answer = bob.get(endpoint, &format!("roomId={room}&{query}"));
            assert_eq!(answer.ok()["count"], 30);
            costs.push(counting.take());
        }
        let costs = &costs[1..];
        assert_eq!(costs[0], costs[1], "{endpoint}?{query}: in the small and the large room");
    }
    // Pages by role pass over short entries, but read only those accounts that they show.
    let mut reads = Vec::new();
    for room in [&small, &small, &large] {
        counting.take();
        bob.get("rooms.membersOrderedByRole", &format!("roomId={room}&count=30")).ok();
        reads.push(counting.take()[0]);
    }
    assert_eq!(reads[1], reads[2]);
}

#[test]
fn lists_of_rooms_read_only_the_rooms_that_they_show() {
    let (server, counting) = counted();
    let (bob, admin) = (server.as_user("bob"), server.as_admin());
    let general = RoomId::new("GENERAL");
    let lists = [
        (&bob, "channels.list", "count=10"),
        (&admin, "groups.listAll", "count=10"),
        (&admin, "rooms.adminRooms", "count=10"),
        (&bob, "directory", "count=10"),
        (&bob, "directory", "type=users&count=3"),
        (&bob, "channels.files", "roomId=GENERAL&count=3"),
        (&bob, "spotlight", "query=room"),
    ];
    let mut reads = Vec::new();
    for round in 0..2 {
        for number in 0..60 * (1 + round * 2) {
            server.room(RoomKind::Channel, &format!("room{round}-{number:03}"), &["al"]);
            server.room(RoomKind::Group, &format!("group{round}-{number:03}"), &["al"]);
            send_file(&server, &general, "al", &format!("{round}-{number}.txt"), "text/plain");
        }
        crowd(&server, &general, &format!("p{round}"), 50 * (1 + round));
        let costs = lists.map(|(caller, endpoint, query)| {
            // Settings are read at the first.
            caller.get(endpoint, query).ok();
            counting.take();
            caller.get(endpoint, query).ok();
            (endpoint, counting.take()[0])
        });
        reads.push(costs);
    }
    assert_eq!(reads[0], reads[1], "among few and among many");
}

fn forget<R: Record>(store: &Store) {
    let all = store.list::<R>(Span::all(), Direction::Ascending, 0, usize::MAX).expect("readable");
    assert!(!all.is_empty(), "{}", R::NAME);
    store
        .write::<_, Error>(|batch| {
            for (key, _) in &all {
                batch.delete::<R>(key);
            }
            Ok(())
        })
        .expect("written");
}

#[test]
fn an_old_store_gets_its_indexes_when_it_is_opened() {
    let server = TestServer::start();
    let talk = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    crowd(&server, &talk, "c", 1200);
    send_file(&server, &talk, "bob", "a.txt", "text/plain");
    say(&server, &talk, "bob", "hello");
    let lists = |server: &TestServer| {
        let bob = server.as_user("bob");
        let ask = |endpoint: &str, query: &str| bob.get(endpoint, query).body().clone();
        [
            ask("channels.members", &format!("roomId={talk}&offset=1150")),
            ask("channels.list", ""),
            ask("channels.files", &format!("roomId={talk}")),
            ask("directory", "type=users&count=5"),
        ]
    };
    let before = lists(&server);
    let store = &server.app.store;
    forget::<DirectoryEntry>(store);
    forget::<MemberByName>(store);
    forget::<FileByName>(store);
    store
        .write::<_, Error>(|batch| {
            batch.delete::<Schema>(&("with indexes by name".to_owned(),));
            Ok(())
        })
        .expect("written");
    assert_ne!(lists(&server), before);
    let found = check::check(store, server.directory()).expect("readable");
    assert!(found.complaints.iter().any(|complaint| complaint.contains("is not in the list of the members")));
    let server = server.reopen();
    assert_eq!(lists(&server), before);
}

#[test]
fn the_indexes_stay_whole_whatever_happens() {
    let server = TestServer::start();
    let (bob, admin) = (server.as_user("bob"), server.as_admin());
    let talk = server.room(RoomKind::Channel, "talk", &["bob", "al", "zoe"]);
    server.room(RoomKind::Group, "secret", &["zoe"]);
    bob.post("im.create", json!({"username": "al"})).ok();
    let (al, zoe) = (server.user("al").id, server.user("zoe").id);
    let room = json!({"roomId": talk.as_str()});
    admin.post("users.update", json!({"userId": al.as_str(), "data": {"username": "Yan", "name": "Y"}})).ok();
    admin.post("users.setActiveStatus", json!({"userId": al.as_str(), "activeStatus": false})).ok();
    admin
        .post("users.update", json!({"userId": al.as_str(), "data": {"username": "xan", "active": true}}))
        .ok();
    bob.post("channels.addOwner", json!({"roomId": talk.as_str(), "userId": zoe.as_str()})).ok();
    bob.post("channels.rename", json!({"roomId": talk.as_str(), "name": "walk"})).ok();
    bob.post("channels.leave", room.clone()).ok();
    bob.post("channels.join", room).ok();
    let file = bob.send_file(&format!("rooms.media/{talk}"), ("a.txt", "text/plain", b"hello"), &[]);
    let id = file.ok()["file"]["_id"].as_str().expect("an id").to_owned();
    bob.post(&format!("rooms.mediaConfirm/{talk}/{id}"), json!({"fileName": "b.txt"})).ok();
    admin.post("users.delete", json!({"userId": zoe.as_str(), "confirmRelinquish": true})).ok();
    let found = check::check(&server.app.store, server.directory()).expect("readable");
    assert_eq!(found.complaints, Vec::<String>::new());
    admin.post("channels.delete", json!({"roomName": "walk"})).ok();
    while server.app.store.clear_deleted_room().expect("cleared") {}
    let found = check::check(&server.app.store, server.directory()).expect("readable");
    assert_eq!(found.complaints, Vec::<String>::new());
}
