//! Lists and suggestions of rooms, their order, and images.

use roomscribe::domain::{Json, Room, RoomId, RoomKind};
use serde_json::{Value, json};

use crate::said::{say, send_file};
use crate::support::{Answer, Caller, TestServer};

fn names(answer: &Answer, list: &str) -> String {
    let rows = answer.ok()[list].as_array().expect("a list");
    rows.iter().map(|row| row["name"].as_str().unwrap_or("-")).collect::<Vec<_>>().join(" ")
}

/// Changes a room as no call of this program does.
fn change(server: &TestServer, id: &RoomId, apply: impl FnOnce(&mut Room)) {
    let mut room = server.app.store.room(id).expect("readable").expect("a room");
    apply(&mut room);
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_room(&room)).expect("put");
}

#[test]
fn channels_are_listed_by_what_is_asked_for() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let small = server.room(RoomKind::Channel, "small", &["bob"]);
    server.room(RoomKind::Channel, "large", &["bob", "al", "eve"]);
    let team = server.room(RoomKind::Channel, "team", &["al"]);
    change(&server, &team, |room| room.extra = Json::from_text(r#"{"teamId":"t"}"#));
    say(&server, &small, "bob", "one");
    say(&server, &small, "bob", "two");
    let list = |query: &str| names(&bob.get("channels.list", query), "channels");
    assert_eq!(list(""), "general large small", "rooms of a team are for who is in them");
    assert_eq!(names(&server.as_user("al").get("channels.list", ""), "channels"), "general large small team");
    assert_eq!(list("sort=%7B%22name%22:-1%7D"), "small large general");
    assert_eq!(list("sort=%7B%22usersCount%22:-1%7D&count=1"), "large");
    assert_eq!(list("sort=%7B%22msgs%22:-1,%22name%22:1%7D"), "small general large");
    assert_eq!(list("sort=%7B%22lm%22:-1%7D&offset=1&count=1"), "general");
    assert_eq!(bob.get("channels.list", "count=1&offset=2").ok()["total"], 3);
    let joined = |query: &str| names(&bob.get("channels.list.joined", query), "channels");
    assert_eq!(joined(""), "large small");
    assert_eq!(joined("sort=%7B%22name%22:-1%7D&count=1"), "small");
    bob.post("channels.rename", json!({"roomId": small.as_str(), "name": "a-new-name"})).ok();
    bob.post("channels.setType", json!({"roomName": "large", "type": "p"})).ok();
    assert_eq!(list(""), "a-new-name general");
    bob.post("channels.delete", json!({"roomName": "a-new-name"})).ok();
    assert_eq!(list(""), "general");
    let admin = server.as_admin();
    assert_eq!(names(&admin.get("groups.listAll", ""), "groups"), "large");
    assert_eq!(names(&admin.get("groups.listAll", "sort=%7B%22msgs%22:1%7D"), "groups"), "large");
}

/// What the server knows: a channel, a group, a discussion, a team, a direct message, and `general`.
fn furnished(server: &TestServer) -> Caller<'_> {
    let bob = server.as_user("bob");
    let talk = server.room(RoomKind::Channel, "talk", &["bob"]);
    server.room(RoomKind::Group, "secret", &["bob", "al"]);
    let discussion = server.room(RoomKind::Group, "x17", &["bob"]);
    change(server, &discussion, |room| {
        room.parent = Some(talk.clone());
        room.display_name = Some("Talk of ships".to_owned());
    });
    let team = server.room(RoomKind::Channel, "crew", &["bob"]);
    change(server, &team, |room| room.extra = Json::from_text(r#"{"teamId":"t","teamMain":true}"#));
    server.user("al");
    bob.post("im.create", json!({"username": "al"})).ok();
    bob
}

#[test]
fn administrators_list_every_room() {
    let server = TestServer::start();
    let bob = furnished(&server);
    let admin = server.as_admin();
    let list = |query: &str| names(&admin.get("rooms.adminRooms", query), "rooms");
    assert_eq!(list(""), "general - secret talk", "default rooms first, then by name");
    assert_eq!(list("types[]=c"), "general talk");
    assert_eq!(list("types[]=d"), "-");
    assert_eq!(list("types=p&types=c&sort=%7B%22name%22:-1%7D"), "talk secret general");
    assert_eq!(list("types[]=discussions"), "x17");
    assert_eq!(list("types[]=teams&types[]=c"), "general crew talk");
    assert_eq!(
        list("filter=AL"),
        "general - talk",
        "a part of a name, or of the name of somebody who writes there"
    );
    assert_eq!(list("filter=ships&types[]=discussions"), "x17");
    assert_eq!(list("filter=nothing"), "");
    let page = admin.get("rooms.adminRooms", "count=2&offset=1");
    assert_eq!(
        (&page.ok()["count"], &page.ok()["total"], &page.ok()["offset"]),
        (&json!(2), &json!(4), &json!(1))
    );
    let row = admin.get("rooms.adminRooms", "filter=secret").ok()["rooms"][0].clone();
    assert_eq!(
        (&row["usersCount"], &row["msgs"], &row["u"]["username"]),
        (&json!(2), &json!(0), &json!("bob"))
    );
    assert_eq!((&row["lastMessage"], &row["customFields"]), (&Value::Null, &Value::Null));
    let refused = json!({"success": false, "error": "error-not-authorized"});
    assert_eq!(bob.get("rooms.adminRooms", "").body(), &refused);

    let id = row["_id"].as_str().expect("an id");
    let one = admin.get("rooms.adminRooms.getRoom", &format!("rid={id}"));
    assert_eq!((&one.ok()["name"], &one.ok()["t"]), (&json!("secret"), &json!("p")));
    let unknown = admin.get("rooms.adminRooms.getRoom", "rid=nothing");
    assert_eq!(
        unknown.body(),
        &json!({"success": false, "error": "not-allowed", "errorType": "Not Allowed"})
    );
    assert_eq!(bob.get("rooms.adminRooms.getRoom", &format!("rid={id}")).body(), &refused);
    let missing = admin.get("rooms.adminRooms.getRoom", "");
    assert_eq!(missing.refusal(), "must have required property 'rid' [invalid-params]");
}

#[test]
fn rooms_are_suggested_to_who_types() {
    let server = TestServer::start();
    let bob = furnished(&server);
    let suggest = |caller: &Caller<'_>, endpoint: &str, query: &str| {
        names(&caller.get(&format!("rooms.autocomplete.{endpoint}"), query), "items")
    };
    let all = "selector=%7B%7D";
    assert_eq!(suggest(&bob, "channelAndPrivate", all), "crew secret talk");
    assert_eq!(suggest(&bob, "channelAndPrivate", "selector=%7B%22name%22:%22SE%22%7D"), "secret");
    assert_eq!(suggest(&bob, "channelAndPrivate", "selector[name]=al"), "", "only the front counts");
    let row = bob.get("rooms.autocomplete.channelAndPrivate", all).ok()["items"][1].clone();
    let keys: Vec<&String> = row.as_object().expect("a row").keys().collect();
    assert_eq!(keys, ["_id", "t", "name", "fname"]);
    let page =
        bob.get("rooms.autocomplete.channelAndPrivate.withPagination", &format!("{all}&count=1&offset=1"));
    assert_eq!((names(&page, "items"), &page.ok()["total"]), ("secret".to_owned(), &json!(3)));
    assert_eq!(suggest(&bob, "availableForTeams", ""), "secret talk");
    assert_eq!(suggest(&bob, "availableForTeams", "name=T"), "talk");
    assert_eq!(suggest(&server.as_user("al"), "availableForTeams", ""), "", "al owns nothing");
    let invalid = bob.get("rooms.autocomplete.availableForTeams", "name[]=x&name[]=y");
    assert_eq!(invalid.refusal(), "The 'name' param is invalid");
    let admin = server.as_admin();
    assert_eq!(suggest(&admin, "adminRooms", all), "crew general secret talk x17");
    assert_eq!(suggest(&admin, "adminRooms", "selector=%7B%22name%22:%22talk%22%7D"), "talk x17");
    let refused = bob.get("rooms.autocomplete.adminRooms", all);
    assert_eq!(refused.body(), &json!({"success": false, "error": "error-not-authorized"}));
    for endpoint in ["channelAndPrivate", "channelAndPrivate.withPagination", "adminRooms"] {
        let missing = admin.get(&format!("rooms.autocomplete.{endpoint}"), "");
        assert_eq!(missing.refusal(), "The 'selector' param is required");
    }
}

#[test]
fn images_come_newest_first() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let talk = server.room(RoomKind::Group, "talk", &["bob"]);
    for (name, media_type) in
        [("c.png", "image/png"), ("b.txt", "text/plain"), ("a.png", "image/png"), ("d.gif", "image/gif")]
    {
        send_file(&server, &talk, "bob", name, media_type);
    }
    let images = |query: &str| bob.get("rooms.images", &format!("roomId={talk}&{query}"));
    let all = images("");
    assert_eq!(names(&all, "files"), "d.gif a.png c.png");
    assert_eq!((&all.ok()["total"], &all.ok()["count"]), (&json!(3), &json!(50)));
    let second = images("offset=1&count=1");
    assert_eq!((names(&second, "files"), &second.ok()["count"]), ("a.png".to_owned(), &json!(1)));
    let id = second.ok()["files"][0]["_id"].as_str().expect("an id").to_owned();
    let older = images(&format!("startingFromId={id}"));
    assert_eq!((names(&older, "files"), &older.ok()["total"]), ("a.png c.png".to_owned(), &json!(2)));
    for query in [format!("roomId={talk}"), "roomId=nothing".to_owned()] {
        let refused = eve.get("channels.images", &query);
        assert_eq!((refused.status(), &refused.body()["error"]), (403, &json!("unauthorized")));
    }
    assert_eq!(images("x=1").refusal(), "must NOT have additional properties [invalid-params]");
    assert_eq!(
        bob.get("rooms.images", "").refusal(),
        "must have required property 'roomId' [invalid-params]"
    );
    let files = |query: &str| names(&bob.get("groups.files", &format!("roomId={talk}&{query}")), "files");
    assert_eq!(files("count=2&offset=1"), "b.txt c.png");
    assert_eq!(files("sort=%7B%22uploadedAt%22:-1%7D&count=3"), "d.gif a.png b.txt");
    assert_eq!(files("name=PNG&sort=%7B%22name%22:-1%7D"), "c.png a.png");
}
