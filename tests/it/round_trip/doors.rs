//! An import opens no room that was there before it, and makes none in which others are overheard.

use std::io::Cursor;
use std::ops::ControlFlow;

use roomscribe::domain::{MessageId, Room, RoomId, RoomKind, Subscription, Time, User, UserId, UserRef};
use roomscribe::import::{Error, Failure, Imported, Rules, Source};
use roomscribe::store::Error as StoreError;
use roomscribe::store::schema::{EndedMembership, UnfinishedImport};
use serde_json::{Value, json};

use super::Bench;

const MADE: &str = "2024-03-15T10:00:00.000Z";

fn person(name: &str) -> UserRef {
    UserRef { id: UserId::new(format!("id-{name}")), username: name.to_owned(), name: None }
}

fn user(name: &str) -> Value {
    json!({"_id": format!("id-{}", name.chars().take(20).collect::<String>()), "username": name})
}

/// A server with a private room of bob's and a direct message of admin and bob. Carl was kicked.
fn server() -> Bench {
    let bench = Bench::new();
    let made = Time::parse(MADE).expect("a time");
    bench
        .store
        .write::<_, StoreError>(|batch| {
            for name in ["admin", "bob", "carl", "mallory"] {
                batch.put_user(&User::new(person(name).id, name, made))?;
            }
            let secret = Some("secret".to_owned());
            batch.put_room(&Room::new(RoomId::new("den"), RoomKind::Group, secret, None, made))?;
            let mut direct = Room::new(RoomId::new("id-adminid-bob"), RoomKind::Direct, None, None, made);
            direct.direct = vec![person("admin"), person("bob")];
            batch.put_room(&direct)?;
            batch.put_subscription(&Subscription::new(&person("bob"), RoomId::new("den"), made))?;
            for name in ["admin", "bob"] {
                batch.put_subscription(&Subscription::new(&person(name), direct.id.clone(), made))?;
            }
            let ended = EndedMembership { id: "x".to_owned(), ended: made };
            batch.put(&(person("carl").id, RoomId::new("den")), &ended)
        })
        .expect("the store works");
    bench
}

fn header(id: &str, kind: &str, people: &[&str]) -> Value {
    let people: Vec<Value> = people.iter().map(|name| user(name)).collect();
    json!({
        "type": "header", "format": "roomscribe-ndjson", "version": 1,
        "room": {"_id": id, "t": kind, "ts": MADE, "usersCount": 2, "users": people},
    })
}

fn member(name: &str, roles: &[&str]) -> Value {
    json!({"type": "member", "user": user(name), "roles": roles})
}

fn message(room: &str, author: &Value) -> Value {
    let id = format!("{room}-{}", author["_id"].as_str().expect("an id"));
    json!({"_id": id, "rid": room, "msg": "hi", "ts": 1_710_498_030_000_u64, "u": author})
}

fn end() -> Value {
    json!({"type": "end", "counts": {}})
}

fn import_by(bench: &Bench, rules: &Rules, lines: &[Value]) -> Result<Imported, Box<Failure>> {
    let text: String = lines.iter().map(|line| line.to_string() + "\n").collect();
    bench.import_by(rules, Source::stream(Cursor::new(text.into_bytes())))
}

fn import(bench: &Bench, lines: &[Value]) -> Result<Imported, Box<Failure>> {
    import_by(bench, &Rules::default(), lines)
}

fn complaint(bench: &Bench, lines: &[Value]) -> String {
    let failure = import(bench, lines).expect_err("refused");
    assert!(matches!(failure.error, Error::Line { .. }), "{failure}");
    failure.to_string()
}

/// Who is in a room, with their roles.
fn members(bench: &Bench, room: &str) -> Vec<String> {
    let mut found = Vec::new();
    bench
        .store
        .members::<StoreError>(&RoomId::new(room), |member| {
            found.push(format!("{}{:?}", member.username, member.roles));
            Ok(ControlFlow::Continue(()))
        })
        .expect("the store works");
    found.sort();
    found
}

fn has_message(bench: &Bench, room: &str, author: &Value) -> bool {
    let id = message(room, author)["_id"].as_str().expect("an id").to_owned();
    bench.store.message(&MessageId::new(id)).expect("the store works").is_some()
}

#[test]
fn a_room_that_is_there_gets_messages_but_neither_members_nor_roles() {
    let mallory = user("mallory");
    let mut other_time = header("den", "p", &[]);
    other_time["room"]["ts"] = json!("2020-01-01T00:00:00.000Z");
    for lines in [
        vec![header("den", "p", &[]), member("mallory", &["owner"]), message("den", &mallory), end()],
        vec![header("den", "p", &[]), member("bob", &["owner"]), message("den", &mallory), end()],
        vec![other_time, message("den", &mallory), end()],
        vec![message("den", &mallory)],
    ] {
        let there = server();
        let imported = import(&there, &lines).unwrap();
        assert_eq!((imported.messages, imported.memberships), (1, 0));
        assert!(has_message(&there, "den", &mallory));
        assert_eq!(members(&there, "den"), ["bob[]"], "{lines:?}");
    }
}

#[test]
fn whoever_asks_lets_people_in_but_not_those_who_left_and_nobody_into_a_direct_message() {
    let join = Rules { join: true, ..Rules::default() };
    let there = server();
    let lines = [
        header("den", "p", &[]),
        member("mallory", &["owner"]),
        member("carl", &[]),
        message("den", &user("admin")),
        message("den", &user("carl")),
        end(),
    ];
    let imported = import_by(&there, &join, &lines).unwrap();
    assert_eq!((imported.messages, imported.memberships), (2, 2));
    assert!(imported.to_string().contains("; 2 memberships were added"), "{imported}");
    assert_eq!(members(&there, "den"), ["admin[]", "bob[]", "mallory[\"owner\"]"]);
    let pair = ["admin[]", "bob[]"];
    let lines = [
        header("id-adminid-bob", "d", &["admin", "bob", "mallory"]),
        member("mallory", &["owner"]),
        message("id-adminid-bob", &user("mallory")),
        end(),
    ];
    import_by(&there, &join, &lines).unwrap();
    assert_eq!(members(&there, "id-adminid-bob"), pair);
}

#[test]
fn who_was_kicked_does_not_come_back_as_an_author() {
    for join in [false, true] {
        let there = server();
        import_by(&there, &Rules { join, ..Rules::default() }, &[message("den", &user("carl"))]).unwrap();
        assert!(has_message(&there, "den", &user("carl")));
        assert_eq!(members(&there, "den"), ["bob[]"]);
    }
}

#[test]
fn a_third_person_gets_into_no_direct_message() {
    let there = server();
    let id = "id-adminid-bob";
    let known = [header(id, "d", &["admin", "bob"]), member("mallory", &[]), end()];
    assert!(complaint(&there, &known).starts_with("line 2: \"mallory\" is not in `users`"));
    import(&there, &[message(id, &user("mallory"))]).unwrap();
    assert_eq!(members(&there, id), ["admin[]", "bob[]"]);

    // One that is planted, for two people who have not talked yet.
    let planted = "id-bobid-carl";
    let lines = [header(planted, "d", &["bob", "carl"]), member("mallory", &[]), end()];
    assert!(complaint(&there, &lines).starts_with("line 2: \"mallory\" is not in `users`"));
    assert_eq!(members(&there, planted), [""; 0]);
    let reversed = "id-carlid-admin";
    for (id, lines) in [
        (reversed, vec![header(reversed, "d", &["admin", "carl", "mallory"])]),
        (reversed, vec![header(reversed, "d", &["admin", "mallory"])]),
        (reversed, vec![header(reversed, "d", &["carl"])]),
        (reversed, vec![header(reversed, "p", &[])]),
        (reversed, vec![header(reversed, "c", &["admin", "carl"])]),
        (reversed, vec![message(reversed, &user("mallory"))]),
        ("id-carlid-new", vec![message("id-carlid-new", &user("new"))]),
    ] {
        let told = complaint(&there, &lines);
        assert!(told.starts_with("line 1: its id is that of the direct message of"), "{told}");
        assert!(there.store.room(&RoomId::new(id)).unwrap().is_none());
    }
    let most = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let told = complaint(&there, &[header("crowd", "d", &most)]);
    assert!(told.starts_with("line 1: a direct message is between at most 8 people"), "{told}");

    let lines = [header(reversed, "d", &["admin", "carl"]), member("carl", &[]), member("admin", &[]), end()];
    assert_eq!(import(&there, &lines).unwrap().memberships, 2);
    assert_eq!(members(&there, reversed), ["admin[]", "carl[]"]);
    let chosen = [header("crowd", "d", &most[..3]), message("crowd", &user("mallory")), end()];
    import(&there, &chosen).unwrap();
    assert_eq!(members(&there, "crowd"), [""; 0]);
}

#[test]
fn nobody_speaks_under_the_name_of_another_in_a_room_that_was_there() {
    let evil = json!({"_id": "otherid", "username": "ADMIN"});
    let there = server();
    for lines in [vec![message("den", &evil)], vec![header("den", "p", &[]), message("den", &evil), end()]] {
        let told = complaint(&there, &lines);
        assert!(told.contains("\"ADMIN\" is the login name of an account with another id"), "{told}");
        assert!(!has_message(&there, "den", &evil));
    }
    // A room from another server may have an admin of its own, who is not the one of this server.
    let moved = [header("cave", "p", &[]), member("bob", &[]), message("cave", &evil), end()];
    let imported = import(&there, &moved).unwrap();
    assert_eq!((imported.messages, imported.users, imported.nameless), (1, 0, 1));
    assert_eq!(members(&there, "cave"), ["bob[]"]);
    // Somebody who was renamed wrote under the old name.
    let renamed = json!({"_id": "id-bob", "username": "robert"});
    assert_eq!(import(&there, &[message("den", &renamed)]).unwrap().messages, 1);
    assert_eq!(there.store.user(&UserId::new("id-bob")).unwrap().unwrap().username, "bob");
}

#[test]
fn accounts_have_names_that_the_server_allows_and_roles_are_those_of_rooms() {
    for name in ["all", "Here", "a\nb", " admin", "x/../y", "\u{430}dmin", "", &"x".repeat(129)] {
        let there = Bench::new();
        let lines = [header("cave", "p", &[]), member(name, &[]), end()];
        let told = complaint(&there, &lines);
        assert!(told.starts_with("line 2: `user`"), "{told}");
        assert_eq!(members(&there, "cave"), [""; 0]);
        if !name.is_empty() {
            // Whoever wrote under it wrote; there is just no such account.
            let imported = import(&there, &[message("hall", &user(name))]).unwrap();
            assert_eq!((imported.users, imported.nameless), (0, 1));
            assert!(imported.to_string().contains("; 1 authors have no account"), "{imported}");
            assert!(has_message(&there, "hall", &user(name)));
            assert_eq!(members(&there, "hall"), [""; 0]);
        }
    }
    let wide = Rules { usernames: r"\p{L}+".to_owned(), ..Rules::default() };
    let there = Bench::new();
    assert_eq!(import_by(&there, &wide, &[message("hall", &user("Zoë"))]).unwrap().users, 1);
    for role in ["admin", "auditor", "livechat-agent", ""] {
        let told = complaint(&there, &[header("cave", "p", &[]), member("bob", &[role]), end()]);
        assert!(told.starts_with("line 2: `roles`: ") && told.contains("is no role within a room"), "{told}");
    }
}

#[test]
fn a_room_that_an_import_made_is_closed_once_it_is_complete() {
    let unfinished = |bench: &Bench| bench.store.has::<UnfinishedImport>(&(RoomId::new("cave"),)).unwrap();
    let whole = [header("cave", "p", &[]), member("bob", &[]), member("carl", &["leader"]), end()];
    let there = Bench::new();
    import(&there, &whole[..2]).unwrap_err();
    assert!(unfinished(&there));
    assert_eq!(members(&there, "cave"), ["bob[]"]);
    import(&there, &whole).unwrap();
    assert!(!unfinished(&there));
    assert_eq!(members(&there, "cave"), ["bob[]", "carl[\"leader\"]"]);
    let later = [header("cave", "p", &[]), member("mallory", &["owner"]), end()];
    assert_eq!(import(&there, &later).unwrap().memberships, 0);

    let there = Bench::new();
    import(&there, &[message("cave", &user("bob")), json!([])]).unwrap_err();
    assert!(unfinished(&there));
    import(&there, &[message("cave", &user("bob")), message("cave", &user("carl"))]).unwrap();
    assert!(!unfinished(&there));
    import(&there, &[message("cave", &user("mallory"))]).unwrap();
    assert_eq!(members(&there, "cave"), ["bob[]", "carl[]"]);
}
