//! `exports.create`: who may export what. A room that somebody may not see is, for them, no room.

use roomscribe::domain::{RoomId, RoomKind};
use serde_json::{Value, json};

use crate::support::exports::forbidden;
use crate::support::orders::{create, json_of, with};
use crate::support::{Caller, TestServer};

/// A public room, and a private one of `olga`, the owner, `mo`, a moderator, and `bob`, each with a
/// message: `p1` and `s1`.
fn rooms(server: &TestServer) -> (RoomId, RoomId) {
    let public = server.room(RoomKind::Channel, "public", &["admin"]);
    let secret = server.room(RoomKind::Group, "secret", &["olga", "mo", "bob"]);
    let (store, mo) = (&server.app.store, server.user("mo"));
    let mut member = store.subscription(&secret, &mo.id).expect("readable").expect("a member");
    member.roles = vec!["moderator".to_owned()];
    store.write::<_, roomscribe::store::Error>(|batch| batch.put_subscription(&member)).expect("kept");
    server.say(&public, "p1", "2024-03-01T00:00:00.000Z", "all may read this");
    server.say(&secret, "s1", "2024-03-01T00:00:00.000Z", "few may read this");
    (public, secret)
}

/// Every way to ask for something of one room.
fn asking(room: &RoomId, name: &str, message: &str) -> Vec<Value> {
    let bodies = [
        json!({"rooms": [room.as_str()]}),
        json!({"rooms": [name]}),
        json!({"rooms": [format!("#{name}")]}),
        json!({"thread": message}),
        json!({"messages": [message]}),
    ];
    bodies.iter().map(|body| with(body, "formats", json!(["json"]))).collect()
}

fn assert_all(caller: &Caller<'_>, bodies: &[Value], status: u16) {
    for body in bodies {
        for dry in [true, false] {
            let answer = create(caller, &with(body, "dryRun", json!(dry)));
            assert_eq!(answer.status(), status, "{body}: {}", answer.text());
            if status == 403 {
                assert_eq!(answer.body(), &forbidden());
            }
            if let Some(id) = answer.body()["export"]["_id"].as_str() {
                caller.post("exports.cancel", json!({"exportId": id})).ok();
            }
        }
    }
}

#[test]
fn strangers_get_nothing() {
    let server = TestServer::start();
    let (public, _) = rooms(&server);
    let not_logged_in = json!({"status": "error", "message": "You must be logged in to do this."});
    for body in [json!({}), json_of(&public), json!({"scope": "server", "formats": ["pdf"]})] {
        let answer = create(&server.anonymous(), &body);
        assert_eq!((answer.status(), answer.body()), (401, &not_logged_in));
    }
    let nobody = server.as_user("nobody");
    assert_all(&nobody, &asking(&public, "public", "p1"), 403);
    for scope in ["visible", "server"] {
        assert_all(&nobody, &[json!({"scope": scope, "formats": ["json"]})], 403);
    }
}

#[test]
fn a_room_that_one_may_not_see_is_no_room() {
    let server = TestServer::start();
    let (_, secret) = rooms(&server);
    server.grant("mail-messages", &["admin", "user"]);
    for caller in [server.as_admin(), server.as_user("stranger")] {
        let hidden = asking(&secret, "secret", "s1");
        let nowhere = asking(&RoomId::new("nowhere"), "nothing", "none");
        for (hidden, nowhere) in hidden.iter().zip(&nowhere) {
            let told = |body: &Value, words: [&str; 3]| {
                let answer = create(&caller, body);
                assert_eq!(answer.status(), 400, "{body}: {}", answer.text());
                let mut text = answer.text().to_owned();
                for word in words {
                    text = text
                        .replace(&format!("\\\"{word}\\\""), "X")
                        .replace(&format!("\\\"#{word}\\\""), "X");
                }
                text
            };
            let both = [
                told(hidden, [secret.as_str(), "secret", "s1"]),
                told(nowhere, ["nowhere", "nothing", "none"]),
            ];
            assert_eq!(both[0], both[1]);
            assert!(both[0].contains("there is no") && both[0].contains('X'), "{}", both[0]);
        }
        // Not even beside a room that is there, nor twice.
        for names in [json!(["public", "secret"]), json!(["secret", "secret"])] {
            let answer = create(&caller, &json!({"rooms": names, "formats": ["json"]}));
            assert_eq!(answer.refusal(), "`rooms`: there is no room \"secret\" [error-invalid-params]");
        }
        // Nor among messages.
        for id in ["s1", "none"] {
            let answer = create(&caller, &json!({"messages": ["p1", id], "formats": ["json"]}));
            let error = format!(
                "`messages`: there is no message \"{id}\" in the room of \"p1\" [error-invalid-params]"
            );
            assert_eq!(answer.refusal(), error);
        }
    }
}

#[test]
fn roles_in_a_room_count_in_that_room() {
    let server = TestServer::start();
    let (public, secret) = rooms(&server);
    let visible = json!({"scope": "visible", "formats": ["json"]});
    let of_secret = asking(&secret, "secret", "s1");
    // As it is at the beginning: members, owner and moderator may not.
    for name in ["olga", "mo", "bob"] {
        assert_all(&server.as_user(name), &of_secret, 403);
        assert_all(&server.as_user(name), std::slice::from_ref(&visible), 403);
    }
    for (role, may, may_not) in [("owner", "olga", "mo"), ("moderator", "mo", "olga")] {
        server.grant("mail-messages", &["admin", role]);
        assert_all(&server.as_user(may), &of_secret, 200);
        assert_all(&server.as_user(may), std::slice::from_ref(&visible), 200);
        assert_all(&server.as_user(may), &asking(&public, "public", "p1"), 403);
        for name in [may_not, "bob"] {
            assert_all(&server.as_user(name), &of_secret, 403);
            assert_all(&server.as_user(name), std::slice::from_ref(&visible), 403);
        }
        assert_all(&server.as_user(may), &[json!({"scope": "server", "formats": ["json"]})], 403);
    }
}

#[test]
fn visible_has_no_room_that_one_may_see_but_not_export() {
    let server = TestServer::start();
    rooms(&server);
    server.grant("mail-messages", &["owner"]);
    server.work();
    let exported = server.made(&server.as_user("olga"), &json!({"scope": "visible", "formats": ["json"]}));
    assert_eq!(exported.names(), ["secret.json"]);
}

#[test]
fn what_was_visible_is_asked_again_when_the_export_is_made() {
    let server = TestServer::start();
    let (_, secret) = rooms(&server);
    server.grant("mail-messages", &["user"]);
    let caller = server.as_user("bob");
    let id = crate::support::orders::ordered(&caller, &json!({"scope": "visible", "formats": ["json"]}));
    let bob = server.user("bob");
    let left = server
        .app
        .store
        .write::<_, roomscribe::store::Error>(|batch| batch.delete_subscription(&secret, &bob.id));
    assert!(left.unwrap());
    server.work();
    let path = server.file_of(&server.finished(&id));
    let names: Vec<String> = crate::support::exports::unpack(&path).into_keys().collect();
    assert_eq!(names, ["general.json", "public.json"]);
}

#[test]
fn the_server_is_for_those_who_hold_its_permission_and_nothing_else() {
    let server = TestServer::start();
    let (_, secret) = rooms(&server);
    let all = json!({"scope": "server", "formats": ["json"]});
    assert_all(&server.as_admin(), std::slice::from_ref(&all), 200);
    server.grant("export-server", &["auditor"]);
    assert_all(&server.as_admin(), std::slice::from_ref(&all), 403);
    let mut auditor = server.user("auditor");
    auditor.roles = vec!["user".to_owned(), "auditor".to_owned()];
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&auditor)).unwrap();
    assert_all(&server.as_user("auditor"), std::slice::from_ref(&all), 200);
    assert_all(&server.as_user("auditor"), &[json_of(&secret)], 400);
}

#[test]
fn permissions_come_before_what_else_may_be_wrong() {
    let server = TestServer::start();
    let (public, _) = rooms(&server);
    let wrong = json!({"rooms": [public.as_str()], "formats": [], "from": "nonsense", "query": "("});
    assert_all(&server.as_user("bob"), std::slice::from_ref(&wrong), 403);
    assert_all(&server.as_admin(), std::slice::from_ref(&wrong), 400);
}
