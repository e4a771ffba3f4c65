//! What `channels.*`, `groups.*` and `im.*` refuse, in the very words, and what they do not tell.

use roomscribe::domain::RoomKind;
use serde_json::{Value, json};

use crate::password_mails::set;
use crate::said::say;
use crate::support::TestServer;

#[test]
fn edits_that_are_none_are_refused_in_the_words_of_their_family() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let channel = server.room(RoomKind::Channel, "talk", &["admin"]);
    let group = server.room(RoomKind::Group, "secret", &["admin"]);
    for (endpoint, field, value) in [
        ("setTopic", "topic", "t"),
        ("setDescription", "description", "d"),
        ("setPurpose", "purpose", "p"),
        ("setAnnouncement", "announcement", "a"),
    ] {
        for (family, room) in [("channels", &channel), ("groups", &group)] {
            let body = json!({"roomId": room.as_str(), field: value});
            let done = admin.post(&format!("{family}.{endpoint}"), body);
            assert_eq!(done.ok(), &json!({field: value, "success": true}));
        }
    }
    let is_same = |what: &str| format!("The {what} is the same as what it would be changed to.");
    let required = |field: &str| format!("The bodyParam \"{field}\" is required");
    let cases = [
        ("channels.setTopic", json!({"topic": "t"}), is_same("channel topic")),
        ("channels.setTopic", json!({}), required("topic")),
        ("channels.setDescription", json!({"description": "p"}), is_same("channel description")),
        ("channels.setPurpose", json!({"purpose": "p"}), is_same("channel purpose (description)")),
        ("channels.setReadOnly", json!({"readOnly": false}), is_same("channel read only setting")),
        ("groups.setReadOnly", json!({"readOnly": false}), is_same("private group read only setting")),
        ("channels.setType", json!({"type": "c"}), is_same("channel type")),
        ("channels.setType", json!({}), required("type")),
        ("groups.setType", json!({"type": "p"}), is_same("private group type")),
        ("channels.setJoinCode", json!({}), required("joinCode")),
        ("groups.setEncrypted", json!({}), required("encrypted")),
        ("channels.rename", json!({}), required("name")),
        ("groups.rename", json!({"name": " "}), required("name")),
        (
            "channels.rename",
            json!({"name": "talk"}),
            "The channel name is the same as what it would be renamed to.".to_owned(),
        ),
        ("channels.open", json!({}), "The channel, talk, is already open to the sender".to_owned()),
        ("groups.open", json!({}), "The private group, secret, is already open for the sender".to_owned()),
        ("channels.unarchive", json!({}), "The channel, talk, is not archived".to_owned()),
    ];
    for (endpoint, mut body, text) in cases {
        let room = if endpoint.starts_with("channels") { &channel } else { &group };
        body["roomId"] = room.as_str().into();
        let refused = admin.post(endpoint, body);
        assert_eq!((refused.refusal(), refused.body().get("errorType")), (text.as_str(), None), "{endpoint}");
    }
    let default = |body: Value| {
        let refused = admin.post("channels.setDefault", body);
        (refused.refusal().to_owned(), refused.body()["errorType"].clone())
    };
    let id = channel.as_str();
    let missing = (required("default"), json!("error-channels-setdefault-is-same"));
    assert_eq!(default(json!({"roomId": id})), missing);
    let same = json!("error-channels-setdefault-missing-default-param");
    assert_eq!(
        default(json!({"roomId": id, "default": "false"})),
        (is_same("channel default setting"), same)
    );
    assert_eq!(admin.get("groups.online", "_id=x").refusal(), "Group does not exists");
    assert_eq!(admin.get("groups.online", "").refusal(), "Invalid query");
}

#[test]
fn who_may_not_see_channels_is_told_so() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let id = server.room(RoomKind::Channel, "talk", &["al"]);
    let query = format!("roomId={id}");
    bob.get("channels.messages", &query).ok();
    let grant = json!({"permissions": [{"_id": "view-c-room", "roles": ["admin"]}]});
    server.as_admin().post("permissions.update", grant).ok();
    for endpoint in ["messages", "history", "files"] {
        let refused = bob.get(&format!("channels.{endpoint}"), &query);
        assert_eq!((refused.status(), refused.body()["error"].as_str()), (403, Some("unauthorized")));
    }
    let join = bob.post("channels.join", json!({"roomId": id.as_str()}));
    assert_eq!(join.refusal(), "Not allowed [error-not-allowed]");
    assert_eq!(bob.post("channels.join", json!({"roomId": "x"})).body()["errorType"], "error-room-not-found");
}

#[test]
fn administrators_list_rooms_of_others_without_what_is_said_there() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let group = server.room(RoomKind::Group, "secret", &["bob"]);
    server.user("al");
    say(&server, &group, "bob", "nobody else reads this");
    let made = server.as_user("bob").post("im.create", json!({"username": "al"}));
    let direct = made.ok()["room"]["_id"].as_str().unwrap().to_owned();
    say(&server, &roomscribe::domain::RoomId::new(direct), "bob", "nor this");
    for (endpoint, key) in
        [("groups.listAll", "groups"), ("im.list.everyone", "ims"), ("dm.list.everyone", "ims")]
    {
        for query in ["", "sort=%7B%22msgs%22:-1%7D", "sort=%7B%22name%22:-1%7D"] {
            let all = admin.get(endpoint, query);
            let row = &all.ok()[key][0];
            assert_eq!((&row["msgs"], row.get("lm").is_some()), (&json!(1), true), "{endpoint} {query}");
            assert!(!all.text().contains("this") && row.get("lastMessage").is_none(), "{endpoint} {query}");
        }
    }
    let body = json!({"roomId": group.as_str(), "username": "admin"});
    server.as_user("bob").post("groups.invite", body).ok();
    let all = admin.get("groups.listAll", "");
    assert_eq!(all.ok()["groups"][0]["lastMessage"]["msg"], "nobody else reads this");
}

#[test]
fn direct_messages_take_no_keys_that_they_do_not_know() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    server.user("al");
    let additional = "must NOT have additional properties [invalid-params]";
    let create = |body: Value| bob.post("im.create", body);
    assert_eq!(create(json!({"username": "al", "more": 1})).refusal(), additional);
    create(json!({"username": "al", "excludeSelf": false})).ok();
    let delete = json!({"username": "al", "more": 1});
    assert_eq!(server.as_admin().post("dm.delete", delete).refusal(), additional);
    let text = "must have required property 'usernames'\n must have required property 'username'\n must match \
                exactly one schema in oneOf [invalid-params]";
    assert_eq!(create(json!({})).refusal(), text);
}

#[test]
fn a_direct_message_begins_with_the_preferences_of_its_members() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    let data =
        json!({"pushNotifications": "mentions", "desktopNotifications": "default", "highlights": ["x"]});
    bob.post("users.setPreferences", json!({"data": data})).ok();
    let made = al.post("im.create", json!({"username": "bob"}));
    let query = format!("roomId={}", made.ok()["room"]["_id"].as_str().unwrap());
    let own = bob.get("subscriptions.getOne", &query).ok()["subscription"].clone();
    assert_eq!(own["mobilePushNotifications"], "mentions");
    assert_eq!((&own["mobilePrefOrigin"], &own["userHighlights"]), (&json!("user"), &json!(["x"])));
    assert!(own.get("desktopNotifications").is_none());
    assert_eq!((&own["open"], &own["unread"]), (&json!(false), &json!(0)));
    let other = al.get("subscriptions.getOne", &query).ok()["subscription"].clone();
    assert!(
        other.get("mobilePushNotifications").is_none() && other["open"] == true && other["ls"].is_string()
    );
}

#[test]
fn an_invite_is_as_good_as_the_secret_of_the_registration() {
    let server = TestServer::start();
    let admin = server.as_admin();
    set(&server, "Rate_Limiter_Limit_RegisterUser", json!(100));
    set(&server, "Accounts_RegistrationForm", json!("Secret URL"));
    let room = server.room(RoomKind::Channel, "talk", &["admin"]);
    let invite = json!({"rid": room.as_str(), "days": 1, "maxUses": 0});
    let token = admin.post("findOrCreateInvite", invite).ok()["_id"].clone();
    let register = |secret: &Value| {
        let body =
            json!({"username": "new", "email": "new@x", "pass": "secret", "name": "New", "secret": secret});
        server.anonymous().post("users.register", body)
    };
    let refusal = "User registration is only allowed via Secret URL [error-user-registration-secret]";
    for wrong in [json!("x"), json!("")] {
        assert_eq!(register(&wrong).refusal(), refusal);
    }
    register(&token).ok();
}

#[test]
fn guests_and_bots_read_what_they_have_joined() {
    let server = TestServer::start();
    server.room(RoomKind::Channel, "other", &["al"]);
    let id = server.room(RoomKind::Channel, "talk", &["al", "guest"]);
    for name in ["guest", "bot"] {
        let mut user = server.user(name);
        user.roles = vec![name.to_owned()];
        server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&user)).unwrap();
    }
    let (guest, bot, query) = (server.as_user("guest"), server.as_user("bot"), format!("roomId={id}"));
    let listed = guest.get("channels.list", "");
    assert_eq!((&listed.ok()["total"], &listed.ok()["channels"][0]["name"]), (&json!(1), &json!("talk")));
    let refused = bot.get("channels.messages", &query);
    assert_eq!((refused.status(), refused.body()["error"].as_str()), (403, Some("unauthorized")));
    bot.post("channels.join", json!({"roomId": id.as_str()})).ok();
    bot.get("channels.messages", &query).ok();
}
