//! `commands.*`: found, listed, run as their endpoints run.

use roomscribe::domain::{RoomId, RoomKind};
use serde_json::{Value, json};

use crate::support::{Answer, Caller, TestServer};

fn run(caller: &Caller<'_>, room: &RoomId, command: &str, params: &str) -> Answer {
    caller.post("commands.run", json!({"command": command, "roomId": room.as_str(), "params": params}))
}

/// Runs a command that has nothing to tell.
fn does(caller: &Caller<'_>, room: &RoomId, command: &str, params: &str) {
    assert_eq!(run(caller, room, command, params).ok(), &json!({"success": true}), "{command} {params}");
}

fn info(caller: &Caller<'_>, room: &RoomId) -> Value {
    caller.get("rooms.info", &format!("roomId={}", room.as_str())).ok()["room"].clone()
}

fn members(server: &TestServer, room: &RoomId) -> Vec<String> {
    let mut names = Vec::new();
    server
        .app
        .store
        .members::<roomscribe::store::Error>(room, |member| {
            names.push(server.app.store.user(&member.user)?.expect("a user").username);
            Ok(std::ops::ControlFlow::Continue(()))
        })
        .expect("readable");
    names.sort();
    names
}

#[test]
fn commands_are_listed_and_found() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let list = bob.get("commands.list", "offset=1&count=2");
    let names: Vec<&Value> =
        list.ok()["commands"].as_array().unwrap().iter().map(|row| &row["command"]).collect();
    assert_eq!(names, ["create", "gimme"]);
    assert_eq!((&list.ok()["offset"], &list.ok()["total"]), (&json!(1), &json!(24)));
    let topic = json!({"command": "topic", "params": "the topic", "clientOnly": false,
                       "description": "Set the topic of this room", "providesPreview": false});
    assert_eq!(bob.get("commands.get", "command=topic").ok(), &json!({"command": topic, "success": true}));
    assert_eq!(bob.get("commands.get", "").refusal(), "The query param \"command\" must be provided.");
    let unknown = "There is no command in the system by the name of: fly";
    assert_eq!(bob.get("commands.get", "command=fly").refusal(), unknown);
    let turned = bob.get("commands.list", "sort=%7B%22command%22:-1%7D&count=1");
    assert_eq!(turned.ok()["commands"][0]["command"], "unmute");
}

#[test]
fn what_cannot_be_run_is_told() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let secret = server.room(RoomKind::Group, "secret", &["admin"]);
    let refused = |body: Value| bob.post("commands.run", body).refusal().to_owned();
    assert_eq!(refused(json!({})), "You must provide a command to run.");
    assert_eq!(refused(json!({"command": 5, "roomId": "GENERAL"})), "You must provide a command to run.");
    let params = "The parameters for the command must be a single string.";
    assert_eq!(refused(json!({"command": "me", "roomId": "GENERAL", "params": ["x"]})), params);
    let room = "The room's id where to execute this command must be provided and be a string.";
    assert_eq!(refused(json!({"command": "me"})), room);
    let tmid = "The tmid parameter when provided must be a string.";
    assert_eq!(refused(json!({"command": "me", "roomId": "GENERAL", "tmid": 5})), tmid);
    let unknown = "The command provided does not exist (or is disabled).";
    assert_eq!(refused(json!({"command": "fly", "roomId": "GENERAL"})), unknown);
    let thread = json!({"command": "me", "roomId": "GENERAL", "params": "x", "tmid": "none"});
    assert_eq!(refused(thread), "Invalid thread.");
    for room in [secret.as_str(), "none"] {
        let answer = bob.post("commands.run", json!({"command": "me", "roomId": room, "params": "x"}));
        let plain = json!({"success": false, "error": "unauthorized"});
        assert_eq!((answer.status(), answer.body()), (403, &plain));
    }
}

#[test]
fn nothing_is_shown_before_it_is_run() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let nothing = json!({"preview": {"i18nTitle": "", "items": []}, "success": true});
    assert_eq!(bob.get("commands.preview", "command=me&roomId=GENERAL&params=x").ok(), &nothing);
    let item = json!({"id": "1", "type": "text", "value": "x"});
    let body = json!({"command": "me", "roomId": "GENERAL", "previewItem": item});
    assert_eq!(bob.post("commands.preview", body).ok(), &nothing);
    let get = |query: &str| bob.get("commands.preview", query).refusal().to_owned();
    assert_eq!(get(""), "You must provide a command to get the previews from.");
    let room = "The room's id where the previews are being displayed must be provided and be a string.";
    assert_eq!(get("command=me"), room);
    assert_eq!(get("command=fly&roomId=GENERAL"), "The command provided does not exist (or is disabled).");
    assert_eq!(bob.get("commands.preview", "command=me&roomId=none").status(), 403);
    let post = |body: Value| bob.post("commands.preview", body).refusal().to_owned();
    assert_eq!(post(json!({})), "You must provide a command to run the preview item on.");
    let room = "The room's id where the preview is being executed in must be provided and be a string.";
    assert_eq!(post(json!({"command": "me"})), room);
    let format = "The preview item being executed is not in the correct format.";
    assert_eq!(post(json!({"command": "me", "roomId": "GENERAL", "previewItem": {"id": "1"}})), format);
}

#[test]
fn what_is_said_is_a_message() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "side", &["bob"]);
    let bob = server.as_user("bob");
    for (command, said) in [
        ("me", "_waves_"),
        ("gimme", "༼ つ ◕_◕ ༽つ waves"),
        ("lennyface", "waves ( ͡° ͜ʖ ͡°)"),
        ("shrug", "waves ¯\\\\_(ツ)_/¯"),
        ("tableflip", "waves (╯°□°）╯︵ ┻━┻"),
        ("unflip", "waves ┬─┬ ノ( ゜-゜ノ)"),
    ] {
        does(&bob, &room, command, "waves");
        assert_eq!(info(&bob, &room)["lastMessage"]["msg"], said);
        server.clock.advance(1);
    }
    let before = info(&bob, &room)["msgs"].clone();
    does(&bob, &room, "me", " ");
    assert_eq!(info(&bob, &room)["msgs"], before);
    let parent = info(&bob, &room)["lastMessage"]["_id"].clone();
    let body = json!({"command": "me", "roomId": room.as_str(), "params": "replies", "tmid": parent});
    bob.post("commands.run", body).ok();
    let replies = bob.get("chat.getThreadMessages", &format!("tmid={}", parent.as_str().unwrap()));
    assert_eq!(replies.ok()["messages"][0]["msg"], "_replies_");
    server.user("ann");
    does(&bob, &room, "msg", "@ann hello you");
    assert_eq!(server.as_user("ann").get("im.list", "").ok()["ims"][0]["lastMessage"]["msg"], "hello you");
    let usage = "Write whom you mean, and your message: /msg @user your message";
    assert_eq!(run(&bob, &room, "msg", "@ann").refusal(), usage);
    assert_eq!(run(&bob, &room, "msg", "@nobody hi").refusal(), "Invalid user [error-invalid-user]");
    let help = run(&bob, &room, "help", "");
    assert!(help.ok()["result"].as_str().unwrap().contains("/topic the topic: Set the topic of this room"));
}

#[test]
fn rooms_are_made_entered_left_and_changed() {
    let server = TestServer::start();
    let (bob, ann) = (server.as_user("bob"), server.as_user("ann"));
    let general = RoomId::new("GENERAL");
    does(&bob, &general, "create", "#side");
    does(&bob, &general, "create", "private hidden");
    let id = |name: &str| server.app.store.room_by_name(name).unwrap().expect("a room").id;
    let (side, hidden) = (id("side"), id("hidden"));
    assert_eq!(info(&bob, &hidden)["t"], "p");
    assert!(run(&bob, &general, "create", "side").refusal().ends_with("[error-duplicate-channel-name]"));
    assert!(run(&bob, &general, "create", "two words").refusal().starts_with("Write the name"));
    does(&ann, &general, "join", "#side");
    assert_eq!(members(&server, &side), ["ann", "bob"]);
    let invalid = "Invalid room [error-invalid-room]";
    assert_eq!(run(&ann, &general, "join", "#hidden").refusal(), invalid);
    assert_eq!(run(&ann, &general, "join", "").refusal(), invalid);
    does(&bob, &side, "topic", "all of it");
    assert_eq!(info(&bob, &side)["topic"], "all of it");
    let refused = "Editing room is not allowed [error-action-not-allowed]";
    assert_eq!(run(&ann, &side, "topic", "mine").refusal(), refused);
    does(&ann, &side, "leave", "");
    assert_eq!(members(&server, &side), ["bob"]);
    assert_eq!(run(&ann, &side, "part", "").refusal(), "You are not in this room [error-user-not-in-room]");
    assert!(run(&bob, &side, "leave", "").refusal().ends_with("[error-you-are-last-owner]"));
    does(&bob, &general, "archive", "#side");
    let archived = || server.app.store.room(&side).unwrap().expect("a room").archived;
    assert!(archived());
    assert!(run(&bob, &general, "archive", "#side").refusal().ends_with("[error-room-archived]"));
    assert!(run(&bob, &side, "kick", "@ann").refusal().ends_with("[error-room-archived]"));
    assert_eq!(run(&bob, &side, "unarchive", "").refusal(), "Not authorized [error-not-authorized]");
    does(&server.as_admin(), &side, "unarchive", "");
    assert!(!archived());
}

#[test]
fn people_are_brought_silenced_and_removed() {
    let server = TestServer::start();
    let (bob, ann) = (server.as_user("bob"), server.as_user("ann"));
    server.user("eve");
    let side = server.room(RoomKind::Channel, "side", &["bob"]);
    let crowd = server.room(RoomKind::Channel, "crowd", &["bob", "ann", "eve"]);
    does(&bob, &side, "invite", "@ann");
    assert_eq!(members(&server, &side), ["ann", "bob"]);
    assert_eq!(run(&bob, &side, "invite", "").refusal(), "Write whom to invite: /invite @user");
    assert_eq!(run(&bob, &side, "invite", "@nobody").refusal(), "Invalid user [error-invalid-user]");
    assert_eq!(run(&ann, &side, "invite", "@eve").refusal(), "Not allowed [error-not-allowed]");
    does(&bob, &side, "mute", "@ann");
    assert_eq!(info(&bob, &side)["muted"], json!(["ann"]));
    assert_eq!(run(&ann, &side, "me", "waves").refusal(), "You_have_been_muted");
    does(&bob, &side, "unmute", "@ann");
    does(&ann, &side, "me", "waves");
    assert_eq!(run(&ann, &side, "mute", "@bob").refusal(), "Not allowed [error-not-allowed]");
    does(&bob, &side, "kick", "@ann");
    assert_eq!(members(&server, &side), ["bob"]);
    assert_eq!(
        run(&bob, &side, "kick", "@ann").refusal(),
        "User is not in this room [error-user-not-in-room]"
    );
    does(&bob, &side, "invite-all-from", "#crowd");
    assert_eq!(members(&server, &side), ["ann", "bob", "eve"]);
    let other = server.room(RoomKind::Channel, "other", &["bob"]);
    does(&bob, &crowd, "invite-all-to", "other");
    assert_eq!(members(&server, &other), ["ann", "bob", "eve"]);
    server.as_admin().post("settings/API_User_Limit", json!({"value": 2})).ok();
    let most = "User Limit Exceeded: at most 2 people can be invited at a time [error-user-limit-exceeded]";
    assert_eq!(run(&bob, &crowd, "invite-all-to", "other").refusal(), most);
}

#[test]
fn one_shows_and_hides_rooms_and_says_what_one_does() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    server.user("ann");
    let side = server.room(RoomKind::Channel, "side", &["bob"]);
    let open = |room: &RoomId| {
        server
            .app
            .store
            .subscription(room, &server.user("bob").id)
            .unwrap()
            .expect("a member")
            .closed_at
            .is_none()
    };
    does(&bob, &side, "hide", "");
    assert!(!open(&side));
    does(&bob, &side, "open", "#side");
    assert!(open(&side));
    does(&bob, &side, "hide", "#side");
    assert!(!open(&side));
    does(&bob, &side, "open", "@ann");
    assert_eq!(bob.get("im.list", "").ok()["total"], 1);
    let stranger = "You are not in this room [error-not-subscribed]";
    assert_eq!(run(&bob, &side, "hide", "general").refusal(), stranger);
    does(&bob, &side, "status", "at lunch");
    assert_eq!(server.user("bob").status_text.as_deref(), Some("at lunch"));
}
