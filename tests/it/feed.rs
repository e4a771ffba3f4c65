//! What listeners within the program hear of each thing that happens: the message, the room's
//! counters, the memberships.

use std::time::Duration;

use roomscribe::domain::change::{Change, Changed, How};
use roomscribe::domain::{RoomId, RoomKind, UserId};
use roomscribe::store::feed::{Heard, Listener};
use serde_json::{Value, json};

use crate::support::{Caller, TestServer};

/// A server whose changes are listened to.
struct Ears<'a> {
    server: &'a TestServer,
    listener: Listener,
}

impl<'a> Ears<'a> {
    fn new(server: &'a TestServer) -> Self {
        Self { server, listener: Listener::new(&server.app.store) }
    }

    /// What is heard of a call, in a few words, without what it does to the caller's session.
    fn of(&mut self, caller: &Caller<'_>, endpoint: &str, body: Value) -> (Value, Vec<String>) {
        let reply = caller.post(endpoint, body).ok().clone();
        (reply, self.rest())
    }

    fn rest(&mut self) -> Vec<String> {
        let mut words = Vec::new();
        loop {
            let waited = self.server.runtime().block_on(async {
                tokio::time::timeout(Duration::from_millis(50), self.listener.next()).await
            });
            let Ok(heard) = waited else { return words };
            match heard.expect("the disk works") {
                Heard::Changes(changes) => words.extend(changes.iter().map(word)),
                Heard::Missed(missed) => panic!("{missed} writes were missed"),
            }
        }
    }
}

fn word(change: &Change) -> String {
    let how = match change.how {
        How::Inserted => '+',
        How::Updated => '~',
        How::Removed => '-',
    };
    let what = match &change.what {
        Changed::Message { id, .. } if id.as_str().len() < 10 => format!("message {id}"),
        // Ids of what the server noted are made up.
        Changed::Message { .. } => "record".to_owned(),
        Changed::Room(_) => "room".to_owned(),
        Changed::Activity(_) => "activity".to_owned(),
        Changed::Subscription { user, .. } => format!("subscription {user}"),
        Changed::User(user) => format!("user {user}"),
        Changed::Role(role) => format!("role {role}"),
        Changed::Permission(permission) => format!("permission {permission}"),
        Changed::Setting(setting) => format!("setting {setting}"),
    };
    format!("{how}{what}")
}

fn sorted(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words
}

#[test]
fn every_side_effect_is_heard() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    let mut heard = Ears::new(&server);
    let (al_member, bob_member) = (format!("subscription {}", al.id()), format!("subscription {}", bob.id()));

    let (reply, made) = heard.of(&bob, "channels.create", json!({"name": "talk", "members": ["al"]}));
    let room = reply["channel"]["_id"].as_str().unwrap().to_owned();
    let expected = sorted(vec![
        "+room".to_owned(),
        "+activity".to_owned(),
        format!("+{al_member}"),
        format!("+{bob_member}"),
    ]);
    assert_eq!(sorted(made), expected);

    let message = json!({"message": {"_id": "m", "rid": room, "msg": "hello @al"}});
    let (_, sent) = heard.of(&bob, "chat.sendMessage", message);
    // Who is mentioned has a counter that goes up; who sends has read it.
    let expected = sorted(vec![
        "+message m".to_owned(),
        "~activity".to_owned(),
        format!("~{al_member}"),
        format!("~{bob_member}"),
    ]);
    assert_eq!(sorted(sent), expected);

    let change = json!({"roomId": room, "msgId": "m", "text": "hello"});
    assert!(heard.of(&bob, "chat.update", change).1.contains(&"~message m".to_owned()));
    let react = json!({"messageId": "m", "emoji": "smile"});
    assert!(heard.of(&al, "chat.react", react).1.contains(&"~message m".to_owned()));
    let (_, pinned) = heard.of(&bob, "chat.pinMessage", json!({"messageId": "m"}));
    assert!(
        pinned.contains(&"~message m".to_owned()) && pinned.contains(&"+record".to_owned()),
        "{pinned:?}"
    );
    let (_, read) = heard.of(&al, "subscriptions.read", json!({"rid": room}));
    assert_eq!(read, [format!("~{al_member}")]);

    let (_, topic) = heard.of(&bob, "channels.setTopic", json!({"roomId": room, "topic": "weather"}));
    assert_eq!(sorted(topic), ["+record", "~activity", "~room"]);
    let (_, renamed) = heard.of(&bob, "channels.rename", json!({"roomId": room, "name": "chatter"}));
    assert!(renamed.contains(&"~room".to_owned()) && renamed.contains(&"+record".to_owned()), "{renamed:?}");
    let (_, made_owner) = heard.of(&bob, "channels.addOwner", json!({"roomId": room, "userId": al.id()}));
    assert!(made_owner.contains(&format!("~{al_member}")), "{made_owner:?}");

    let (_, left) = heard.of(&al, "channels.leave", json!({"roomId": room}));
    assert_eq!(
        sorted(left),
        sorted(vec!["+record".to_owned(), "~activity".to_owned(), format!("-{al_member}")])
    );
    let (_, joined) = heard.of(&al, "channels.join", json!({"roomId": room}));
    assert_eq!(
        sorted(joined),
        sorted(vec!["+record".to_owned(), "~activity".to_owned(), format!("+{al_member}")])
    );

    let (_, deleted) = heard.of(&bob, "chat.delete", json!({"roomId": room, "msgId": "m"}));
    assert!(deleted.contains(&"-message m".to_owned()), "{deleted:?}");
    let (_, gone) = heard.of(&bob, "channels.delete", json!({"roomId": room}));
    for word in
        ["-room".to_owned(), "-activity".to_owned(), format!("-{al_member}"), format!("-{bob_member}")]
    {
        assert!(gone.contains(&word), "{word}: {gone:?}");
    }

    let admin = server.as_admin();
    heard.rest();
    let (_, named) = heard.of(&admin, "settings/Site_Name", json!({"value": "Our chat"}));
    assert_eq!(named, ["+setting Site_Name"]);
    let grants = json!({"permissions": [{"_id": "create-c", "roles": ["admin"]}]});
    assert_eq!(heard.of(&admin, "permissions.update", grants).1, ["~permission create-c"]);
    let away = json!({"status": "away", "message": ""});
    assert_eq!(heard.of(&bob, "users.setStatus", away).1, [format!("~user {}", bob.id())]);
}

#[test]
fn a_refusal_is_not_heard() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "talk", &["bob"]);
    let stranger = server.as_user("al");
    let mut heard = Ears::new(&server);
    let body = json!({"message": {"rid": room.as_str(), "msg": "let me in"}});
    assert_eq!(stranger.post("chat.sendMessage", body).status(), 400);
    assert!(heard.rest().is_empty());
    let (room, user) = (RoomId::new(room.as_str()), UserId::new(stranger.id()));
    assert!(server.app.store.subscription(&room, &user).unwrap().is_none());
}
