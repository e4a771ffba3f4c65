//! `directory` and `spotlight`.

use roomscribe::domain::{Json, RoomKind, User};
use roomscribe::service::{permissions, settings};
use serde_json::{Value, json};

use crate::said::say;
use crate::support::{Answer, TestServer};

fn listed(answer: &Answer, list: &str, key: &str) -> String {
    let rows = answer.ok()[list].as_array().expect("a list");
    rows.iter().map(|row| row[key].as_str().unwrap_or("-")).collect::<Vec<_>>().join(" ")
}

fn put_room(server: &TestServer, kind: RoomKind, name: &str, extra: &str) {
    let id = server.room(kind, name, &["al"]);
    let mut room = server.app.store.room(&id).expect("readable").expect("a room");
    room.extra = Json::from_text(extra);
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_room(&room)).expect("put");
}

fn put_user(server: &TestServer, user: &User) {
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(user)).expect("put");
}

fn deny(server: &TestServer, permission: &str) {
    let roles: Vec<String> = Vec::new();
    server
        .as_admin()
        .post("permissions.update", json!({"permissions": [{"_id": permission, "roles": roles}]}))
        .ok();
}

#[test]
fn the_directory_lists_channels() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let talk = server.room(RoomKind::Channel, "talk", &["al", "eve", "io"]);
    server.room(RoomKind::Group, "secret", &["al"]);
    put_room(&server, RoomKind::Channel, "best", r#"{"featured":true}"#);
    server.as_user("al").post("teams.create", json!({"name": "crew", "type": 0})).ok();
    let list = |query: &str| bob.get("directory", query);
    let names = |query: &str| listed(&list(query), "result", "name");
    assert_eq!(names(""), "best talk general", "featured first, then by name from the end");
    assert_eq!(names("type=channels&sort=%7B%22name%22:1%7D"), "best general talk");
    assert_eq!(names("sort=%7B%22usersCount%22:-1%7D&text=AL"), "talk general");
    assert_eq!(names("query=%7B%22text%22:%22tal%22,%22type%22:%22channels%22%7D"), "talk");
    let page = list("count=1&offset=1");
    assert_eq!(
        (&page.ok()["count"], &page.ok()["offset"], &page.ok()["total"]),
        (&json!(1), &json!(1), &json!(3))
    );
    say(&server, &talk, "al", "hello");
    let row = list("text=talk").ok()["result"][0].clone();
    let expected = json!({"_id": talk.as_str(), "t": "c", "name": "talk", "fname": "talk", "usersCount": 3,
                          "ts": "2024-03-15T10:20:30.123Z", "default": false});
    for (key, value) in expected.as_object().expect("an object") {
        assert_eq!(&row[key], value, "{key}");
    }
    assert_eq!((&row["lastMessage"]["msg"], &row["u"]), (&json!("hello"), &Value::Null));
    for empty in ["type=teams&text=talk", "type=posts", "type=users&workspace=external"] {
        assert_eq!(
            list(empty).body(),
            &json!({"result": [], "count": 0, "offset": 0, "total": 0, "success": true})
        );
    }
}

#[test]
fn the_directory_lists_teams_by_their_main_rooms() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    let make = |name: &str, kind: u8| {
        al.post("teams.create", json!({"name": name, "type": kind})).ok()["team"].clone()
    };
    let (crew, _) = (make("crew", 0), make("inner", 1));
    let in_team = json!({"name": "deck", "extraData": {"teamId": crew["_id"]}});
    al.post("channels.create", in_team).ok();
    let names = |caller: &crate::support::Caller<'_>, query: &str| {
        listed(&caller.get("directory", &format!("type=teams&{query}")), "result", "name")
    };
    assert_eq!(names(&bob, ""), "crew");
    assert_eq!(names(&al, ""), "inner crew", "by name from the end");
    assert_eq!(names(&al, "sort=%7B%22name%22:1%7D"), "crew inner");
    assert_eq!(names(&al, "text=NNE"), "inner");
    let page = al.get("directory", "type=teams&count=1&offset=1");
    assert_eq!((&page.ok()["total"], &page.ok()["result"][0]["name"]), (&json!(2), &json!("crew")));
    let expected = json!({
        "_id": crew["roomId"], "name": "crew", "fname": "crew", "t": "c", "teamMain": true,
        "teamId": crew["_id"], "usersCount": 1, "ts": "2024-03-15T10:20:30.123Z", "default": false,
        "roomsCount": 2,
    });
    assert_eq!(bob.get("directory", "type=teams").ok()["result"], json!([expected]));
    let refused = bob.get("directory", "type=teams&sort=%7B%22bio%22:1%7D");
    assert_eq!(refused.refusal(), "Please verify the parameters");
}

#[test]
fn the_directory_refuses_what_it_does_not_know() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let refusal = |query: &str| bob.get("directory", query).body()["error"].clone();
    let verify = "Please verify the parameters";
    for query in
        ["type=x", "workspace=x", "sort=%7B%22topic%22:1%7D", "type=users&sort=%7B%22lastMessage%22:1%7D"]
    {
        assert_eq!(
            bob.get("directory", query).body(),
            &json!({"success": false, "error": verify}),
            "{query}"
        );
    }
    assert_eq!(
        refusal("sort=%7B%22name%22:1,%22createdAt%22:1%7D"),
        "This method support only one \"sort\" parameter"
    );
    assert_eq!(refusal("x=1"), "must NOT have additional properties [invalid-params]");
    assert_eq!(bob.get("directory", "query=%7B").body()["errorType"], "error-invalid-query");
    deny(&server, "view-d-room");
    assert_eq!(refusal("type=users"), verify);
    deny(&server, "view-c-room");
    assert_eq!(refusal("type=channels"), verify);
    assert_eq!(server.anonymous().get("directory", "").status(), 401);
}

#[test]
fn the_directory_lists_people() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    put_user(&server, &User { bio: Some("Keeps the LIGHT.".to_owned()), ..server.user("ann") });
    put_user(&server, &User { active: false, ..server.user("gone") });
    let list = |query: &str| bob.get("directory", &format!("type=users&{query}"));
    let names = |query: &str| listed(&list(query), "result", "username");
    assert_eq!(names(""), "rocket.cat bob ann admin", "by display name from the end");
    assert_eq!(names("sort=%7B%22username%22:1%7D&count=2"), "admin ann");
    assert_eq!(names("text=light"), "ann");
    assert_eq!(names("text=ann@example"), "");
    assert_eq!(names("text=ann@example&workspace=all"), "ann");
    let row = list("text=ann").ok()["result"][0].clone();
    let ann = json!({"_id": server.user("ann").id.as_str(), "username": "ann", "name": "Ann",
                     "bio": "Keeps the LIGHT.", "createdAt": "2024-03-15T10:20:30.123Z"});
    assert_eq!(row, ann);
    let seen = server.as_admin().get("directory", "type=users&text=ann");
    assert_eq!(seen.ok()["result"][0]["emails"][0]["address"], "ann@example.org");
}

#[test]
fn spotlight_finds_what_one_is_not_in_and_whom_one_may_write_to() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let other = server.room(RoomKind::Channel, "boat-talk", &["al"]);
    server.room(RoomKind::Channel, "bobs-own", &["bob"]);
    server.room(RoomKind::Group, "bosses", &["al"]);
    put_room(&server, RoomKind::Channel, "bosun", r#"{"teamId":"t","teamMain":true}"#);
    put_room(&server, RoomKind::Channel, "boring", r#"{"teamId":"t"}"#);
    for name in ["bo", "abo", "boo"] {
        server.user(name);
    }
    say(&server, &other, "al", "ahoy");
    let search = |query: &str| bob.get("spotlight", &format!("query={query}"));
    let both = search("BO");
    assert_eq!(listed(&both, "users", "username"), "bo abo bob boo", "who is called just that comes first");
    assert_eq!(listed(&both, "rooms", "name"), "boat-talk bosun");
    let room = &both.ok()["rooms"][0];
    assert_eq!(
        (&room["_id"], &room["lastMessage"]["msg"], &room["u"]),
        (&json!(other.as_str()), &json!("ahoy"), &Value::Null)
    );
    assert_eq!(both.ok()["rooms"][1]["teamMain"], true);
    let user = &both.ok()["users"][0];
    assert_eq!(
        user,
        &json!({"_id": server.user("bo").id.as_str(), "username": "bo", "name": "Bo",
                             "status": "offline", "outside": true})
    );
    assert_eq!(
        search("%40boo").body(),
        &json!({"users": search("boo").ok()["users"], "rooms": [], "success": true})
    );
    assert_eq!(listed(&search("%23boat"), "rooms", "name"), "boat-talk");
    assert_eq!(search("%23boat").ok()["users"], json!([]));
    settings::set(&server.app, "Number_of_users_autocomplete_suggestions", &json!(2)).expect("set");
    assert_eq!(listed(&search("bo"), "users", "username"), "bo abo");
    assert_eq!(bob.get("spotlight", "").refusal(), "must have required property 'query' [invalid-params]");
    assert!(permissions::is_role(&server.app, "user").expect("readable"));
    deny(&server, "preview-c-room");
    assert_eq!(search("boat").ok()["rooms"][0]["lastMessage"], Value::Null);
    bob.post("im.create", json!({"username": "boo"})).ok();
    deny(&server, "view-outside-room");
    let inside = search("bo");
    assert_eq!(listed(&inside, "users", "username"), "bob boo", "those who share a conversation");
    assert_eq!(inside.ok()["rooms"], json!([]));
}
