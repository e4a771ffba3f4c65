//! Every row of the table, called by everybody: who may do what is written down in
//! `fixtures/api/rights.txt`, and strangers learn and change nothing about a room.
//!
//! Each call has a room, a message and a user of its own, so that no call sees what another did.
//! `UPDATE=1` writes the file anew; its changes are to be read.

use std::fmt::Write as _;
use std::path::Path;

use roomscribe::api::Api;
use roomscribe::api::endpoint::{Endpoint, Intake, Method};
use roomscribe::domain::{
    LoginToken, Message, MessageId, Room, RoomId, RoomKind, Subscription, User, UserId,
};
use roomscribe::service::{sending, sessions};
use roomscribe::store;
use serde_json::{Map, Value, json};

use crate::support::{Answer, Caller, TestServer};

/// Who calls. Moderators and owners are so of the room at hand; administrators are not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Anonymous,
    Stranger,
    Member,
    Moderator,
    Owner,
    Admin,
}

const EVERYBODY: [Who; 6] =
    [Who::Anonymous, Who::Stranger, Who::Member, Who::Moderator, Who::Owner, Who::Admin];

const SECRET_TEXT: &str = "the secret text";
const SECRET_TOPIC: &str = "the secret topic";

/// What one call is about.
struct World {
    room: Room,
    message: Message,
    /// Somebody else, who is in the room.
    other: User,
    caller: Option<(User, String)>,
}

fn kind_of(endpoint: &Endpoint) -> RoomKind {
    match endpoint.terms.path.split('.').next().unwrap_or_default() {
        "channels" => RoomKind::Channel,
        "im" | "dm" => RoomKind::Direct,
        _ => RoomKind::Group,
    }
}

fn person(server: &TestServer, name: &str, roles: &[&str]) -> User {
    let mut user = User::new(UserId::new(format!("id-of-{name}")), name, server.app.now());
    user.name = Some(name.to_owned());
    user.roles = roles.iter().map(|role| (*role).to_owned()).collect();
    server.app.store.write::<_, store::Error>(|batch| batch.put_user(&user)).expect("the store works");
    user
}

impl World {
    fn new(server: &TestServer, number: usize, who: Who, kind: RoomKind) -> Self {
        let other = person(server, &format!("other{number}"), &["user"]);
        let roles: &[&str] = if who == Who::Admin { &["admin", "user"] } else { &["user"] };
        let caller = (who != Who::Anonymous).then(|| person(server, &format!("caller{number}"), roles));
        let name = (kind != RoomKind::Direct).then(|| format!("room{number}"));
        let creator = Some(other.reference());
        let id = RoomId::new(format!("id-of-room{number}"));
        let mut room = Room::new(id, kind, name, creator, server.app.now());
        room.topic = Some(SECRET_TOPIC.to_owned());
        let own_roles: Option<&[&str]> = match who {
            Who::Member => Some(&[]),
            Who::Moderator => Some(&["moderator"]),
            Who::Owner => Some(&["owner"]),
            Who::Anonymous | Who::Stranger | Who::Admin => None,
        };
        let mut members = vec![(other.clone(), vec!["owner".to_owned()])];
        if let (Some(caller), Some(roles)) = (&caller, own_roles) {
            members.push((caller.clone(), roles.iter().map(|role| (*role).to_owned()).collect()));
        }
        if kind == RoomKind::Direct {
            room.direct = members.iter().map(|(user, _)| user.reference()).collect();
        }
        let token = sessions::new_token();
        server
            .app
            .store
            .write::<_, store::Error>(|batch| {
                batch.put_room(&room)?;
                for (user, roles) in members {
                    let mut member = Subscription::new(&user.reference(), room.id.clone(), room.created);
                    member.roles = roles;
                    batch.put_subscription(&member)?;
                }
                if let Some(caller) = &caller {
                    let record =
                        LoginToken { user: caller.id.clone(), created: server.app.now(), personal: None };
                    batch.put_token(sessions::hash(&token), &record)?;
                }
                Ok(())
            })
            .expect("the store works");
        let draft = sending::Draft {
            id: Some(MessageId::new(format!("id-of-message{number}"))),
            text: SECRET_TEXT.to_owned(),
            ..sending::Draft::default()
        };
        let message = sending::send(&server.app, &other, Some(&room.id), draft).expect("the store works");
        Self { room, message, other, caller: caller.map(|user| (user, token)) }
    }

    /// What a parameter of that name is about.
    fn value(&self, endpoint: &Endpoint, name: &str) -> Option<Value> {
        let room = self.room.id.as_str();
        Some(match name {
            "roomId" | "rid" | "prid" => room.into(),
            "msgId" | "messageId" | "mid" | "tmid" => self.message.id.as_str().into(),
            "userId" => self.other.id.as_str().into(),
            "username" if endpoint.terms.path.starts_with("roles.") => self.other.username.as_str().into(),
            "messages" if endpoint.terms.path == "rooms.export" => json!([self.message.id.as_str()]),
            "rooms" if endpoint.terms.path.starts_with("exports.") => json!([room]),
            "message" if endpoint.terms.path.starts_with("chat.") => json!({"rid": room, "msg": "hello"}),
            "toEmails" => json!(["somebody@example.org"]),
            "formats" => json!(["json"]),
            "format" => "json".into(),
            "action" => "archive".into(),
            "emoji" => "smile".into(),
            "name" | "tokenName" => format!("new-{room}").into(),
            "topic" | "description" | "purpose" | "announcement" | "text" | "t_name" | "searchText" => {
                "words".into()
            }
            "joinCode" => "code".into(),
            "readOnly" | "favorite" | "default" => true.into(),
            "customFields" | "data" => json!({}),
            "notifications" => json!({"unreadAlert": "all"}),
            "status" if endpoint.terms.path == "users.setStatus" => "away".into(),
            "role" | "roleId" => "bot".into(),
            "command" => "me".into(),
            "email" => format!("{room}@example.org").into(),
            "type" => kind_for(endpoint.terms.path)?.into(),
            "latest" | "lastUpdate" | "updatedSince" | "since" => "2030-01-01T00:00:00.000Z".into(),
            "oldest" => "2000-01-01T00:00:00.000Z".into(),
            "selector" => "{}".into(),
            _ => return None,
        })
    }

    /// Parameters that the endpoint can do something with.
    fn parameters(&self, endpoint: &Endpoint) -> Map<String, Value> {
        let mut parameters = Map::new();
        let required = |schema: &Value, name: &str| {
            schema["required"].as_array().is_some_and(|names| names.iter().any(|known| known == name))
        };
        let exclusive = endpoint.schema["oneOf"].is_array();
        let mut alternatives = endpoint.schema["oneOf"].as_array().into_iter().flatten();
        let first_alternative =
            alternatives.find_map(|branch| branch["required"][0].as_str()).unwrap_or_default().to_owned();
        let choice = |name: &str| {
            endpoint.schema["oneOf"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|branch| branch["required"][0] == name)
        };
        for schema in [endpoint.schema.clone(), endpoint.terms.takes.schema()] {
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                if exclusive && choice(name) && *name != first_alternative {
                    continue;
                }
                let needed = required(&schema, name) || (exclusive && choice(name));
                match self.value(endpoint, name) {
                    Some(value) => drop(parameters.insert(name.clone(), value)),
                    None if needed => drop(parameters.insert(name.clone(), any(property))),
                    None => {}
                }
            }
        }
        if endpoint.terms.family.is_some() {
            parameters.insert("roomId".to_owned(), self.room.id.as_str().into());
        }
        for name in endpoint.terms.path.split('/').filter_map(|segment| segment.strip_prefix(':')) {
            parameters.shift_remove(name);
        }
        parameters
    }

    fn path(&self, endpoint: &Endpoint) -> String {
        let segments = endpoint.terms.path.split('/').map(|segment| match segment {
            ":rid" => self.room.id.to_string(),
            ":_id" if endpoint.terms.path.starts_with("settings/") => "Site_Name".to_owned(),
            parameter if parameter.starts_with(':') => "x".to_owned(),
            plain => plain.to_owned(),
        });
        segments.collect::<Vec<_>>().join("/")
    }

    fn call(&self, server: &TestServer, endpoint: &Endpoint) -> Answer {
        let caller = match &self.caller {
            Some((user, token)) => server.with_token(user, token),
            None => server.anonymous(),
        };
        let (path, parameters) = (self.path(endpoint), self.parameters(endpoint));
        if matches!(endpoint.terms.intake, Some(Intake::Room(_))) {
            return caller.send_file(&path, ("a.txt", "text/plain", b"a"), &[]);
        }
        match endpoint.terms.method {
            Method::Get | Method::Delete => ask(&caller, endpoint.terms.method, &path, &parameters),
            Method::Post | Method::Put => {
                let headers = [("content-type", "application/json")];
                let body = Value::Object(parameters).to_string();
                caller.raw(endpoint.terms.method.word(), &format!("/api/v1/{path}"), &headers, body)
            }
        }
    }

    /// All that is kept about the room.
    fn state(&self, server: &TestServer) -> String {
        let store = &server.app.store;
        let mut members = Vec::new();
        store
            .members::<store::Error>(&self.room.id, |member| {
                members.push(member);
                Ok(std::ops::ControlFlow::Continue(()))
            })
            .expect("the store works");
        let (room, activity) = (store.room(&self.room.id), store.activity(&self.room.id));
        format!("{room:?} {activity:?} {:?} {members:?}", store.message(&self.message.id))
    }
}

fn ask(caller: &Caller<'_>, method: Method, path: &str, parameters: &Map<String, Value>) -> Answer {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        match value {
            Value::String(text) => drop(query.append_pair(name, text)),
            Value::Array(items) => {
                for item in items {
                    query.append_pair(&format!("{name}[]"), item.as_str().unwrap_or_default());
                }
            }
            other => drop(query.append_pair(name, &other.to_string())),
        }
    }
    caller.raw(method.word(), &format!("/api/v1/{path}?{}", query.finish()), &[], "")
}

/// What `type` means there.
fn kind_for(path: &str) -> Option<&'static str> {
    match path {
        "rooms.export" => Some("file"),
        "channels.setType" => Some("p"),
        "groups.setType" => Some("c"),
        "push.token" => Some("gcm"),
        "directory" => Some("channels"),
        path if path.starts_with("integrations.") => Some("webhook-incoming"),
        _ => None,
    }
}

/// Something of the type that is wanted.
fn any(schema: &Value) -> Value {
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds[0].as_str().unwrap_or_default(),
        kind => kind.as_str().unwrap_or_default(),
    };
    if let Some(word) = schema["enum"].as_array().and_then(|words| words.first()) {
        return word.clone();
    }
    match kind {
        "boolean" => true.into(),
        "integer" | "number" => 1.into(),
        "array" => json!([]),
        "object" => json!({}),
        _ => "x".into(),
    }
}

/// An outcome in a few words.
fn outcome(answer: &Answer) -> String {
    if answer.status() < 400 {
        return answer.status().to_string();
    }
    let body = answer.body();
    let word = body["errorType"].as_str().or(body["error"].as_str()).unwrap_or_default();
    let digit = |letter: char| letter.is_ascii_digit();
    format!("{} {}", answer.status(), word.trim_end_matches(digit)).trim_end().to_owned()
}

#[test]
fn everybody_may_do_what_is_written_down_and_strangers_learn_nothing() {
    let server = TestServer::start();
    let api = Api::new(1);
    let (mut table, mut number, mut leaks) = (String::new(), 0, Vec::new());
    for endpoint in api.endpoints() {
        let mut outcomes = Vec::new();
        for who in EVERYBODY {
            let kind = kind_of(endpoint);
            let world = World::new(&server, number, who, kind);
            number += 1;
            let before = world.state(&server);
            let answer = world.call(&server, endpoint);
            let said: String = String::from_utf8_lossy(answer.bytes()).chars().take(300).collect();
            let place =
                format!("{} {} by {who:?}: {said}", endpoint.terms.method.word(), endpoint.terms.path);
            let outside = matches!(who, Who::Anonymous | Who::Stranger);
            let secret = kind != RoomKind::Channel && (outside || who == Who::Admin);
            let said = |text: &str| String::from_utf8_lossy(answer.bytes()).contains(text);
            let broken = answer.status() >= 500
                || (secret && said(SECRET_TEXT))
                || (secret && outside && (said(SECRET_TOPIC) || world.state(&server) != before));
            if broken {
                leaks.push(place);
            }
            outcomes.push(outcome(&answer).replace(&format!("room{}", number - 1), "…"));
        }
        let row = format!("{} {}", endpoint.terms.method.word(), endpoint.terms.path);
        writeln!(table, "{row}").unwrap();
        let mut line = String::new();
        for (who, outcome) in EVERYBODY.iter().zip(&outcomes) {
            let who = format!("{who:?}").to_lowercase();
            writeln!(line, "  {who}: {outcome}").unwrap();
        }
        table.push_str(&line);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/api/rights.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &table).unwrap();
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    for (now, then) in table.lines().zip(written.lines()) {
        assert_eq!(now, then, "if this is meant, run with UPDATE=1 and read the difference");
    }
    assert_eq!(table.lines().count(), written.lines().count(), "run with UPDATE=1");
}
