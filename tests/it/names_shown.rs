//! What people and rooms are called where the settings allow more than login names and plain ASCII.

use roomscribe::domain::RoomKind;
use serde_json::{Value, json};

use crate::password_mails::set;
use crate::support::TestServer;

#[test]
fn messages_show_what_people_are_called_now_if_the_settings_say_so() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    let room = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    let message = json!({"message": {"rid": room.as_str(), "msg": "hi @al"}});
    let id = bob.post("chat.sendMessage", message).ok()["message"]["_id"].clone();
    al.post("chat.react", json!({"messageId": id, "emoji": "smile"})).ok();
    for (user, name) in [(&bob, "Robert"), (&al, "Alan")] {
        let body = json!({"userId": user.id(), "data": {"name": name}});
        server.as_admin().post("users.update", body).ok();
    }
    let query = format!("roomId={room}");
    let shown = || {
        let sources = [
            al.get("channels.messages", &query).ok()["messages"][0].clone(),
            al.get("channels.info", &query).ok()["channel"]["lastMessage"].clone(),
            al.get("chat.getMessage", &format!("msgId={}", id.as_str().unwrap())).ok()["message"].clone(),
        ];
        sources.map(|message| {
            let names = message["reactions"][":smile:"]["names"].clone();
            json!([message["u"]["name"], message["mentions"][0]["name"], names])
        })
    };
    let stored = json!(["Bob", "Al", null]);
    assert_eq!(shown(), [stored.clone(), stored.clone(), stored.clone()]);
    set(&server, "UI_Use_Real_Name", json!(true));
    let current = json!(["Robert", "Alan", ["Alan"]]);
    assert_eq!(shown(), [current.clone(), current.clone(), current]);
    set(&server, "UI_Use_Real_Name", json!(false));
    assert_eq!(shown(), [stored.clone(), stored.clone(), stored]);
}

#[test]
fn rooms_may_be_called_anything_if_the_settings_say_so() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let create = |name: &str| bob.post("channels.create", json!({"name": name}));
    let invalid = "Ελληνικά x is not a valid room name. [error-invalid-room-name]";
    assert_eq!(create("Ελληνικά x").refusal(), invalid);
    set(&server, "UI_Allow_room_names_with_special_chars", json!(true));
    let names = |value: &Value| (value["name"].clone(), value["fname"].clone());
    let made = create("Ελληνικά x");
    let channel = &made.ok()["channel"];
    assert_eq!(names(channel), (json!("Ellinika-x"), json!("Ελληνικά x")));
    let same = "A channel with name 'Ελληνικά x' exists [error-duplicate-channel-name]";
    assert_eq!(create("Ελληνικά x").refusal(), same);
    let other = create("Ellinika x!");
    assert_eq!(names(&other.ok()["channel"]), (json!("Ellinika-x-1"), json!("Ellinika x!")));
    assert!(create("!?").refusal().ends_with("is not a valid room name. [error-invalid-room-name]"));
    let rename = |name: &str| bob.post("channels.rename", json!({"roomId": channel["_id"], "name": name}));
    assert_eq!(rename("Ellinika x!").body()["errorType"], "error-duplicate-channel-name");
    let renamed = rename("Zoë & Co.");
    assert_eq!(names(&renamed.ok()["channel"]), (json!("Zoe-Co."), json!("Zoë & Co.")));
    let own = bob.get("subscriptions.getOne", &format!("roomId={}", channel["_id"].as_str().unwrap()));
    assert_eq!(names(&own.ok()["subscription"]), (json!("Zoe-Co."), json!("Zoë & Co.")));
}

#[test]
fn of_custom_fields_strangers_see_those_that_are_declared_public() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    let fields = json!({"userId": bob.id(), "data": {"customFields": {"team": "x", "pay": "y"}}});
    server.as_admin().post("users.update", fields).ok();
    let seen = || al.get("users.info", "username=bob").ok()["user"]["customFields"].clone();
    assert_eq!(seen(), Value::Null);
    let declared = json!({"team": {"type": "text", "public": true}, "pay": {"type": "text"}});
    set(&server, "Accounts_CustomFields", json!(declared.to_string()));
    assert_eq!(seen(), json!({"team": "x"}));
    let query = "fields=%7B%22customFields%22:1%7D&query=%7B%22customFields.team%22:%22x%22%7D";
    let rows = al.get("users.list", query);
    let row = &rows.ok()["users"];
    assert_eq!(
        (row[0]["username"].clone(), row[0]["customFields"].clone()),
        (json!("bob"), json!({"team": "x"}))
    );
    assert_eq!(row.as_array().unwrap().len(), 1);
    let hidden = query.replace("team%22:%22x", "pay%22:%22y");
    assert_eq!(al.get("users.list", &hidden).ok()["total"], 0);
    let full = server.as_admin().get("users.info", "username=bob");
    assert_eq!(full.ok()["user"]["customFields"], json!({"team": "x", "pay": "y"}));
}
