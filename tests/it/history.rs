//! Reading rooms back: `*.messages`, `*.history`, `*.files`.

use roomscribe::domain::message::Pinned;
use roomscribe::domain::{Json, RoomKind, User};
use roomscribe::service::settings;
use serde_json::{Value, json};

use crate::said::{say, say_with, send_file};
use crate::support::{Answer, TestServer};

fn texts(answer: &Answer) -> Vec<String> {
    let messages = answer.ok()["messages"].as_array().expect("a list");
    messages.iter().map(|message| message["msg"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn messages_come_newest_first_a_page_at_a_time() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let id = server.room(RoomKind::Channel, "talk", &["bob"]);
    for number in 1..=60 {
        say(&server, &id, "bob", &number.to_string());
    }
    let messages = |query: &str| bob.get("channels.messages", &format!("roomId={id}&{query}"));
    let first = messages("");
    assert_eq!((texts(&first).len(), &first.ok()["total"]), (50, &json!(60)));
    assert_eq!(texts(&messages("count=2")), ["60", "59"]);
    assert_eq!(texts(&messages("count=2&offset=58")), ["2", "1"]);
    assert_eq!(texts(&messages("count=0")).len(), 60);
    assert_eq!(texts(&messages("count=2&sort=%7B%22ts%22:1%7D")), ["1", "2"]);
    assert_eq!(messages("sort=%7B%22ts%22:2%7D").body()["errorType"], "error-invalid-sort");
    assert!(texts(&messages("offset=60")).is_empty());
}

#[test]
fn messages_are_picked_by_mention_star_and_pin() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let id = server.room(RoomKind::Group, "talk", &["bob"]);
    say(&server, &id, "bob", "plain");
    say_with(&server, &id, "bob", "mention", |message| {
        message.mentions = Json::from_text(r#"[{"_id":"u1","username":"x"}]"#);
    });
    say_with(&server, &id, "bob", "starred", |message| {
        message.starred = vec![server.user("bob").id];
    });
    say_with(&server, &id, "bob", "pinned", |message| message.pinned = Some(Pinned::default()));
    let messages = |query: &str| {
        let answer = bob.get("groups.messages", &format!("roomId={id}&{query}"));
        (texts(&answer), answer.body()["total"].clone())
    };
    assert_eq!(messages("mentionIds=u0,u1"), (vec!["mention".to_owned()], json!(1)));
    assert_eq!(messages("mentionIds=[%22u1%22]").0, ["mention"]);
    assert_eq!(messages(&format!("starredIds={}", bob.id())).0, ["starred"]);
    assert_eq!(messages("pinned=True"), (vec!["pinned".to_owned()], json!(1)));
    assert_eq!(messages("pinned=false").1, 4);
    assert_eq!(messages("pinned=true&mentionIds=u1").1, 0);
}

#[test]
fn history_is_bounded_by_two_instants() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let id = server.room(RoomKind::Channel, "talk", &["bob"]);
    let mut times = Vec::new();
    for number in 1..=5 {
        say(&server, &id, "bob", &number.to_string());
        times.push(server.app.now().to_string());
    }
    let history = |query: &str| bob.get("channels.history", &format!("roomId={id}&{query}"));
    assert_eq!(texts(&history("")), ["5", "4", "3", "2", "1"]);
    let between = format!("oldest={}&latest={}", times[0], times[3]);
    assert_eq!(texts(&history(&between)), ["3", "2"]);
    assert_eq!(texts(&history(&format!("{between}&inclusive=true"))), ["4", "3", "2", "1"]);
    assert_eq!(texts(&history("count=2&offset=1")), ["4", "3"]);
    let unread = history(&format!("oldest={}&unreads=true&count=2", times[0]));
    assert_eq!(
        (texts(&unread), &unread.ok()["unreadNotLoaded"]),
        (vec!["5".to_owned(), "4".to_owned()], &json!(2))
    );
    assert_eq!(unread.ok()["firstUnread"]["msg"], "2");
    assert_eq!(history("latest=whenever").body()["errorType"], "invalid-params");
    assert_eq!(history("latest=0001-01-01T00:00:00.000Z").ok(), &json!({"messages": [], "success": true}));
}

#[test]
fn history_leaves_out_replies_and_what_the_settings_hide() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    for (kind, prefix, by_default) in
        [(RoomKind::Channel, "channels", false), (RoomKind::Group, "groups", true)]
    {
        let id = server.room(kind, prefix, &["bob"]);
        let parent = say(&server, &id, "bob", "parent");
        say_with(&server, &id, "bob", "reply", |message| message.thread = Some(parent.clone()));
        say_with(&server, &id, "bob", "shown", |message| {
            message.thread = Some(parent.clone());
            message.shown_in_room = true;
        });
        say_with(&server, &id, "bob", "muted", |message| message.kind = Some("user-muted".to_owned()));
        let history =
            |query: &str| texts(&bob.get(&format!("{prefix}.history"), &format!("roomId={id}&{query}")));
        assert_eq!(history("").contains(&"reply".to_owned()), by_default);
        assert_eq!(history("showThreadMessages=true"), ["muted", "shown", "reply", "parent"]);
        assert_eq!(history("showThreadMessages=false"), ["muted", "shown", "parent"]);
        settings::set(&server.app, "Hide_System_Messages", &json!(["mute_unmute"])).unwrap();
        assert_eq!(history("showThreadMessages=false"), ["shown", "parent"]);
        let all = bob.get(&format!("{prefix}.messages"), &format!("roomId={id}"));
        assert_eq!(texts(&all).len(), 4, "messages hides nothing");
        settings::set(&server.app, "Hide_System_Messages", &json!([])).unwrap();
    }
}

#[test]
fn bots_and_guests_read_only_what_they_joined() {
    let server = TestServer::start();
    let id = server.room(RoomKind::Channel, "talk", &["bob", "joined"]);
    let give_role = |name: &str, role: &str| {
        let account = User { roles: vec![role.to_owned()], ..server.user(name) };
        server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&account)).unwrap();
    };
    give_role("joined", "bot");
    give_role("robot", "bot");
    let read =
        |name: &str, endpoint: &str| server.as_user(name).get(endpoint, &format!("roomId={id}")).status();
    assert_eq!(read("eve", "channels.messages"), 200);
    assert_eq!(read("joined", "channels.messages"), 200);
    assert_eq!(read("robot", "channels.messages"), 403);
    assert_eq!(read("eve", "channels.history"), 200);
    assert_eq!(read("robot", "channels.history"), 403, "bots hold no preview-c-room");
    give_role("robot", "guest");
    assert_ne!(read("robot", "channels.messages"), 200);
}

#[test]
fn files_are_listed_by_name_with_their_owners() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let id = server.room(RoomKind::Channel, "talk", &["bob"]);
    send_file(&server, &id, "bob", "b file.txt", "text/plain");
    send_file(&server, &id, "bob", "a.png", "image/png");
    let files = |query: &str| bob.get("channels.files", &format!("roomId={id}&{query}"));
    let names = |answer: &Answer| -> Vec<Value> {
        answer.ok()["files"].as_array().unwrap().iter().map(|file| file["name"].clone()).collect()
    };
    assert_eq!(names(&files("")), ["a.png", "b file.txt"]);
    assert_eq!(names(&files("sort=%7B%22uploadedAt%22:1%7D")), ["b file.txt", "a.png"]);
    assert_eq!(names(&files("sort=%7B%22name%22:-1%7D&count=1")), ["b file.txt"]);
    assert_eq!(names(&files("name=FILE")), ["b file.txt"]);
    assert_eq!(names(&files("filterTypeGroup=image")), ["a.png"]);
    let all = files("");
    let row = &all.ok()["files"][1];
    assert_eq!(row["user"], json!({"_id": bob.id(), "username": "bob", "name": "Bob"}));
    let file = row["_id"].as_str().unwrap();
    assert_eq!(row["path"], format!("/ufs/FileSystem:Uploads/{file}/b%20file.txt"));
    assert_eq!(
        (&row["extension"], &row["typeGroup"], &row["rid"]),
        (&json!("txt"), &json!("text"), &json!(id.as_str()))
    );
}
