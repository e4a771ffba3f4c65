//! Emoji of one's own: sent as pictures, found by name, given out to everybody.

use serde_json::{Value, json};

use crate::support::{Answer, Caller, TestServer};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot much of a picture";

fn send(caller: &Caller<'_>, endpoint: &str, fields: &[(&str, &str)], picture: Option<&[u8]>) -> Answer {
    let file = picture.map(|picture| ("x.png", "image/png", picture));
    caller.send_part(endpoint, "emoji", file, fields)
}

fn known(caller: &Caller<'_>) -> Vec<Value> {
    caller.get("emoji-custom.list", "").ok()["emojis"]["update"].as_array().expect("a list").clone()
}

#[test]
fn an_emoji_is_added_shown_changed_and_removed() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let fields = [("name", ":party:"), ("aliases", "fete, fest")];
    assert_eq!(send(&admin, "emoji-custom.create", &fields, Some(PNG)).ok(), &json!({"success": true}));
    let emoji = known(&bob).remove(0);
    let expected = json!({
        "_id": emoji["_id"], "name": "party", "aliases": ["fete", "fest"], "extension": "png",
        "etag": emoji["etag"], "_updatedAt": "2024-03-15T10:20:30.123Z",
    });
    assert_eq!(emoji, expected);
    let picture = server.anonymous().raw("GET", "/emoji-custom/party.png", &[], "");
    assert_eq!((picture.status(), picture.bytes()), (200, PNG));
    assert_eq!(picture.header("content-type"), "image/png");
    assert_eq!(picture.header("content-security-policy"), "default-src 'none'");
    let id = emoji["_id"].as_str().unwrap();
    server.clock.advance(1000);
    send(&admin, "emoji-custom.update", &[("_id", id), ("name", "feast"), ("aliases", "fest")], None).ok();
    let gif = b"GIF89a another picture";
    send(&admin, "emoji-custom.update", &[("_id", id)], Some(gif)).ok();
    let changed = known(&bob).remove(0);
    assert_eq!(
        (&changed["name"], &changed["aliases"], &changed["extension"]),
        (&json!("feast"), &json!(["fest"]), &json!("gif"))
    );
    assert_eq!(server.anonymous().raw("GET", "/emoji-custom/party.png", &[], "").status(), 404);
    assert_eq!(server.anonymous().raw("GET", "/emoji-custom/feast.gif", &[], "").bytes(), gif);
    let since = "updatedSince=2024-03-15T10:20:31.000Z";
    assert_eq!(bob.get("emoji-custom.list", since).ok()["emojis"]["update"].as_array().unwrap().len(), 1);
    admin.post("emoji-custom.delete", json!({"emojiId": id})).ok();
    let gone = json!({"update": [], "remove": [{"_id": id, "_deletedAt": "2024-03-15T10:20:31.123Z"}]});
    assert_eq!(bob.get("emoji-custom.list", since).ok()["emojis"], gone);
    assert_eq!(bob.get("emoji-custom.list", "").ok()["emojis"], json!({"update": [], "remove": []}));
    assert_eq!(server.anonymous().raw("GET", "/emoji-custom/feast.gif", &[], "").status(), 404);
    assert_eq!(server.blobs(), 0, "the bytes go with the last who needs them");
}

#[test]
fn bytes_that_two_emoji_share_stay_for_the_second() {
    let server = TestServer::start();
    let admin = server.as_admin();
    for name in ["one", "two"] {
        send(&admin, "emoji-custom.create", &[("name", name)], Some(PNG)).ok();
    }
    let one = known(&admin).remove(0);
    admin.post("emoji-custom.delete", json!({"emojiId": one["_id"]})).ok();
    assert_eq!(server.anonymous().raw("GET", "/emoji-custom/two.png", &[], "").bytes(), PNG);
}

#[test]
fn emoji_are_listed_page_by_page() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    for name in ["wave", "boat", "oar", "boathouse"] {
        send(&admin, "emoji-custom.create", &[("name", name), ("aliases", &format!("{name}2"))], Some(PNG))
            .ok();
    }
    let names = |query: &str| -> (Vec<String>, Value) {
        let answer = bob.get("emoji-custom.all", query);
        let rows = answer.ok()["emojis"].as_array().unwrap().iter();
        (rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect(), answer.body()["total"].clone())
    };
    assert_eq!(names("offset=1&count=2"), (vec!["boathouse".to_owned(), "oar".to_owned()], json!(4)));
    assert_eq!(names("name=BOAT"), (vec!["boat".to_owned(), "boathouse".to_owned()], json!(2)));
}

#[test]
fn what_is_no_emoji_is_refused_and_leaves_nothing() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    send(&admin, "emoji-custom.create", &[("name", "taken"), ("aliases", "also")], Some(PNG)).ok();
    let id = known(&admin).remove(0)["_id"].as_str().unwrap().to_owned();
    let not_image = "Emoji file provided cannot be uploaded since it's not an image [emoji-is-not-image]";
    let taken = "The custom emoji or one of its aliases is already in use [Custom_Emoji_Error_Name_Or_Alias_Already_In_Use]";
    let svg: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
    for (fields, picture, text) in [
        (&[("name", "x")][..], Some(svg), not_image),
        (&[("name", "x")], None, "The custom emoji file is required [error-the-field-is-required]"),
        (&[("name", " ")], Some(PNG), "The field Name is required [error-the-field-is-required]"),
        (&[("name", "a/b")], Some(PNG), "a/b is not a valid name [error-input-is-not-a-valid-field]"),
        (
            &[("name", "x"), ("aliases", "a<b")],
            Some(PNG),
            "a<b is not a valid alias set [error-input-is-not-a-valid-field]",
        ),
        (&[("name", "taken")], Some(PNG), taken),
        (&[("name", "also")], Some(PNG), taken),
        (&[("name", "x"), ("aliases", "taken")], Some(PNG), taken),
    ] {
        assert_eq!(send(&admin, "emoji-custom.create", fields, picture).refusal(), text, "{fields:?}");
    }
    let missing = send(&admin, "emoji-custom.update", &[("name", "y")], None);
    assert_eq!(missing.refusal(), "[The required \"_id\" query param is missing.]");
    let unknown = send(&admin, "emoji-custom.update", &[("_id", "nope"), ("name", "y")], None);
    assert_eq!(unknown.refusal(), "[Emoji not found.]");
    assert_eq!(admin.post("emoji-custom.delete", json!({})).refusal(), "The \"emojiId\" params is required!");
    let text = "Invalid emoji [Custom_Emoji_Error_Invalid_Emoji]";
    assert_eq!(admin.post("emoji-custom.delete", json!({"emojiId": "nope"})).refusal(), text);
    for endpoint in ["emoji-custom.create", "emoji-custom.update"] {
        assert_eq!(send(&bob, endpoint, &[("_id", &id)], Some(PNG)).refusal(), "[not_authorized]");
    }
    assert_eq!(bob.post("emoji-custom.delete", json!({"emojiId": id})).refusal(), "[not_authorized]");
    let text = r#"The "updatedSince" query parameter must be a valid date. [error-roomId-param-invalid]"#;
    assert_eq!(bob.get("emoji-custom.list", "updatedSince=soon").refusal(), text);
    assert_eq!((known(&admin).len(), server.blobs()), (1, 1));
    let other = json!({"success": false, "error": "[invalid-field]", "errorType": "invalid-field"});
    assert_eq!(admin.send_file("emoji-custom.create", ("x.png", "image/png", PNG), &[]).body(), &other);
}

#[test]
fn an_emoji_of_ones_own_is_a_reaction() {
    let server = TestServer::start();
    let admin = server.as_admin();
    send(&admin, "emoji-custom.create", &[("name", "lighthouse"), ("aliases", "beacon, land!")], Some(PNG))
        .ok();
    admin.post("channels.join", json!({"roomId": "GENERAL"})).ok();
    let sent = admin.post("chat.postMessage", json!({"roomId": "GENERAL", "text": "land"}));
    let id = sent.ok()["message"]["_id"].clone();
    for emoji in ["lighthouse", ":beacon:", "land!"] {
        admin.post("chat.react", json!({"messageId": id, "emoji": emoji})).ok();
    }
    let unknown = admin.post("chat.react", json!({"messageId": id, "emoji": "sea!"}));
    assert_eq!(unknown.refusal(), "Invalid emoji provided. [error-not-allowed]");
}
