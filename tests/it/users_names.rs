//! People offered to who types, and login names to who needs one.

use roomscribe::domain::RoomKind;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, TestServer};

fn complete(caller: &Caller<'_>, selector: &Value) -> Answer {
    let encoded: String = form_urlencoded::byte_serialize(selector.to_string().as_bytes()).collect();
    caller.get("users.autocomplete", &format!("selector={encoded}"))
}

fn found(caller: &Caller<'_>, selector: Value) -> Vec<String> {
    let answer = complete(caller, &selector);
    let items = answer.ok()["items"].as_array().expect("a list").iter();
    items.map(|item| item["username"].as_str().expect("a name").to_owned()).collect()
}

fn take(server: &TestServer, permission: &str) {
    let change = json!({"permissions": [{"_id": permission, "roles": ["admin"]}]});
    server.as_admin().post("permissions.update", change).ok();
}

#[test]
fn people_one_talks_to_come_first() {
    let server = TestServer::start();
    let al = server.as_user("al");
    for name in ["bert", "bob", "zoe"] {
        server.user(name);
    }
    al.post("im.create", json!({"username": "bob"})).ok();
    al.post("im.create", json!({"username": "zoe"})).ok();
    assert_eq!(found(&al, json!({})), ["bob", "zoe", "admin", "al", "bert", "rocket.cat"]);
    assert_eq!(found(&al, json!({"term": "B"})), ["bob", "bert"]);
    assert_eq!(found(&al, json!({"term": "b", "exceptions": ["bob"]})), ["bert"]);
    let full = complete(&al, &json!({"term": "bert"}));
    let item = json!({"_id": server.user("bert").id.as_str(), "username": "bert", "name": "Bert", "status": "offline"});
    assert_eq!(full.ok(), &json!({"items": [item], "success": true}));
    let gone = json!({"userId": server.user("bert").id.as_str(), "activeStatus": false});
    server.as_admin().post("users.setActiveStatus", gone).ok();
    assert_eq!(found(&al, json!({"term": "bert"})), [""; 0]);
}

#[test]
fn ten_are_enough() {
    let server = TestServer::start();
    for number in 10..30 {
        server.user(&format!("u{number}"));
    }
    let offered = found(&server.as_admin(), json!({"term": "u"}));
    assert_eq!((offered.len(), offered[9].as_str()), (10, "u19"));
}

#[test]
fn conditions_narrow_the_search_and_tell_nothing_hidden() {
    let server = TestServer::start();
    let (admin, al) = (server.as_admin(), server.as_user("al"));
    server.user("bob");
    assert_eq!(found(&al, json!({"conditions": {"type": "bot"}})), ["rocket.cat"]);
    let either = json!({"conditions": {"$or": [{"username": "bob"}, {"$and": [{"name": "Al"}]}]}});
    assert_eq!(found(&al, either), ["al", "bob"]);
    let address = json!({"conditions": {"emails.address": {"$regex": "^bob"}}});
    assert_eq!(found(&al, address.clone()), [""; 0]);
    let roles = json!({"conditions": {"roles": "admin"}});
    assert_eq!((found(&al, roles.clone()), found(&admin, roles)), (vec![], vec!["admin".to_owned()]));
    for bad in [json!({"conditions": {"$nor": [{"username": "bob"}]}}), json!({"term": []}), json!("x")] {
        let refused = complete(&al, &bad);
        let expected = json!({"success": false, "error": "error-invalid-query"});
        assert_eq!((refused.status(), refused.body()), (400, &expected), "{bad}");
    }
    assert_eq!(al.get("users.autocomplete", "selector=%7B").refusal(), "error-invalid-query");
    let missing = al.get("users.autocomplete", "");
    assert_eq!(missing.refusal(), "must have required property 'selector' [invalid-params]");
}

#[test]
fn who_does_not_look_outside_finds_who_shares_a_room() {
    let server = TestServer::start();
    let al = server.as_user("al");
    for name in ["bob", "carl", "dora"] {
        server.user(name);
    }
    take(&server, "view-outside-room");
    assert_eq!(found(&al, json!({})), [""; 0]);
    server.room(RoomKind::Group, "den", &["al", "dora", "carl"]);
    assert_eq!(found(&al, json!({})), ["carl", "dora"]);
    assert_eq!(found(&al, json!({"term": "bob"})), [""; 0]);
}

#[test]
fn a_login_name_is_to_be_had_or_not() {
    let server = TestServer::start();
    let al = server.as_user("al");
    server.user("bob");
    let check = |name: &str| al.get("users.checkUsernameAvailability", &format!("username={name}"));
    for (name, available) in [("al", true), ("AL", true), ("new", true), ("Bob", false)] {
        assert_eq!(check(name).ok(), &json!({"result": available, "success": true}), "{name}");
    }
    for (name, text) in [
        ("a%20b", "a b is not a valid username [error-input-is-not-a-valid-field]"),
        ("all", "all is blocked and can't be used! [error-blocked-username]"),
        ("Admin", "Admin is blocked and can't be used! [error-blocked-username]"),
    ] {
        assert_eq!(check(name).refusal(), text);
    }
    let missing = al.get("users.checkUsernameAvailability", "");
    assert_eq!(missing.refusal(), "must have required property 'username' [invalid-params]");
    server.as_admin().post("settings/Accounts_AllowUsernameChange", json!({"value": false})).ok();
    assert_eq!(check("al").refusal(), "Not allowed [error-not-allowed]");
}

#[test]
fn a_suggested_name_is_nobodys() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let suggested = |name: &str| {
        let answer = server.as_user(name).get("users.getUsernameSuggestion", "");
        answer.ok()["result"].as_str().unwrap().to_owned()
    };
    assert_eq!(suggested("bob"), "bob-1", "bob himself is called so");
    let change = json!({"userId": server.user("bob").id.as_str(), "data": {"name": "Bob von Smith"}});
    admin.post("users.update", change).ok();
    assert_eq!(suggested("bob"), "bob.von.smith");
    server.user("bob.von.smith");
    assert_eq!(suggested("bob"), "bsmith");
}
