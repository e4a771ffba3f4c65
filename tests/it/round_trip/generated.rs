//! Rooms of all kinds, made by chance, put straight into a store.

use std::fmt::Write as _;
use std::io::Write as _;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use roomscribe::domain::message::{Edited, Pinned, Reaction, Replies};
use roomscribe::domain::{
    Json, Message, MessageId, Room, RoomId, RoomKind, Subscription, Time, Upload, UploadId, User, UserId,
    UserRef,
};
use roomscribe::store::{Batch, Error, Store};

/// When the first room was made.
pub(crate) const BEGIN: i64 = 1_700_000_000_000;
/// No message is later.
pub(crate) const END: i64 = BEGIN + 100_000_000;

const USERS: usize = 30;
const BLOBS: usize = 8;

const TEXTS: &[&str] = &[
    "",
    " ",
    "Hello *world*",
    "a\0b",
    "\r\n\t",
    "🕰️ \u{202e}txet",
    "</script>\"'\\",
    "@al #general :bee:",
    "line\u{2028}separator",
    "{\"type\":\"end\"}",
    "Ünï\u{301}cödé 漢字",
    "\u{ffff}\u{feff}",
];
const JSON: &[&str] = &[
    "1.50",
    "-0.0",
    "1e2",
    "true",
    "\"R\\u00f6bot\\/\"",
    "[]",
    "{}",
    "[ 1 ,\n2 ]",
    "{\"b\" : {\"a\":[null]},\"b\":2}",
    "[{\"_id\":\"x\",\"username\":\"al\",\"odd\":1.500}]",
    "123456789012345678901234567890",
    "\"\\ud83d\\ude00\"",
];
const KEYS: &[&str] = &[
    "alias",
    "emoji",
    "groupable",
    "customFields",
    "zebra",
    "type",
    "ünï \"key\"",
    "",
    "avatar",
    "md",
    "message",
];
const KINDS: &[&str] = &["uj", "ul", "room_changed_topic", "au", "subscription-role-added", "rm"];

/// The dice of one room.
struct Dice(StdRng);

impl Dice {
    fn chance(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }

    fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of.choose(&mut self.0).expect("something")
    }

    fn some(&mut self, percent: u32, of: &[&str]) -> Option<String> {
        self.chance(percent).then(|| self.one(of).to_owned())
    }

    fn flag(&mut self) -> Option<bool> {
        self.chance(20).then(|| self.chance(50))
    }

    fn json(&mut self, percent: u32) -> Json {
        if self.chance(percent) { Json::from_text(self.one(JSON)) } else { Json::NONE }
    }

    /// An object of unknown keys, in no order.
    fn object(&mut self) -> Json {
        let mut keys = KEYS.to_vec();
        let mut text = String::new();
        for _ in 0..self.below(4) {
            let key = keys.swap_remove(self.below(keys.len()));
            let separator = if text.is_empty() { "{" } else { "," };
            write!(text, "{separator}{}:{}", Json::of(&key).as_str(), self.one(JSON)).expect("a String");
        }
        if text.is_empty() { Json::NONE } else { Json::from_text(text + "}") }
    }
}

fn user_id(number: usize) -> UserId {
    UserId::new(format!("person{number:02}"))
}

fn user(number: usize) -> User {
    let mut user = User::new(user_id(number), format!("bear{number}"), Time::from_millis(0));
    user.name = (!number.is_multiple_of(3)).then(|| TEXTS[number % TEXTS.len()].to_owned());
    user
}

/// The accounts, and the bytes that files share.
pub(crate) fn prepare(store: &Store) -> Vec<[u8; 32]> {
    let users = (0..USERS).map(user);
    store.write::<_, Error>(|batch| users.clone().try_for_each(|user| batch.put_user(&user))).expect("put");
    let bytes = (0..BLOBS).map(|number| TEXTS[number].repeat(number * 1000));
    bytes
        .map(|bytes| {
            let mut arriving = store.blobs().receive().expect("received");
            arriving.write_all(bytes.as_bytes()).expect("written");
            store.blobs().keep(arriving).expect("kept").sha256
        })
        .collect()
}

/// Puts the room of that number, always the same.
pub(crate) fn put_room(store: &Store, number: usize, blobs: &[[u8; 32]]) {
    let mut dice = Dice(StdRng::seed_from_u64(number as u64));
    store
        .write::<_, Error>(|batch| {
            let room = room(&mut dice, number);
            batch.put_room(&room)?;
            let mut members: Vec<UserRef> = room.direct.clone();
            if room.kind != RoomKind::Direct {
                for _ in 0..dice.below(6) {
                    members.push(user(dice.below(USERS)).reference());
                }
            }
            for member in members {
                let mut membership = Subscription::new(&member, room.id.clone(), Time::from_millis(BEGIN));
                membership.roles =
                    (0..dice.below(3)).map(|role| ["owner", "leader"][role].to_owned()).collect();
                batch.put_subscription(&membership)?;
            }
            messages(&mut dice, batch, &room.id, blobs)
        })
        .expect("put");
}

fn room(dice: &mut Dice, number: usize) -> Room {
    let at = Time::from_millis(BEGIN + i64::from(u32::try_from(number).expect("few")));
    let kind = [RoomKind::Channel, RoomKind::Group, RoomKind::Direct][dice.below(3)];
    let direct = kind == RoomKind::Direct;
    let name = (!direct).then(|| format!("{}{number}", dice.one(&["room", "Bären-höhle.", "a b:", "漢字_"])));
    let mut room = Room::new(RoomId::new(format!("r{number:05}")), kind, name, None, at);
    if direct {
        let first = dice.below(USERS);
        room.direct = (0..=dice.below(3)).map(|step| user((first + step) % USERS).reference()).collect();
    } else {
        room.display_name = dice.some(50, &["The </Den>", "Ünï"]).or(room.display_name);
        room.creator = dice.chance(70).then(|| user(dice.below(USERS)).reference());
    }
    room.updated = at.plus(i64::from(dice.chance(50)));
    (room.topic, room.description) = (dice.some(50, &TEXTS[1..]), dice.some(50, &TEXTS[1..]));
    room.announcement = dice.some(30, &TEXTS[1..]);
    (room.read_only, room.archived, room.default) = (dice.chance(20), dice.chance(20), dice.chance(20));
    (room.react_when_read_only, room.broadcast, room.encrypted) = (dice.flag(), dice.flag(), dice.flag());
    room.muted = dice.some(20, &["bear1"]).into_iter().collect();
    room.unmuted = dice.some(20, &["bear2", "gone"]).into_iter().collect();
    room.parent = dice.chance(20).then(|| RoomId::new("elsewhere"));
    room.custom_fields = if dice.chance(30) { dice.object() } else { room.custom_fields };
    room.extra = dice.object();
    // Never leaves the server.
    room.join_code = dice.some(20, &["secret-code"]);
    room
}

fn messages(dice: &mut Dice, batch: &mut Batch<'_>, room: &RoomId, blobs: &[[u8; 32]]) -> Result<(), Error> {
    let count = if dice.chance(10) { 0 } else { dice.below(40) };
    let (mut all, mut at): (Vec<Message>, i64) = (Vec::new(), BEGIN + 50_000);
    for number in 0..count {
        // Equal times happen.
        at += i64::try_from(dice.below(3) * 1_000).expect("small");
        let mut message = message(dice, room, number, Time::from_millis(at));
        if dice.chance(30)
            && let Some(parent) = all.iter_mut().filter(|known| known.thread.is_none()).last()
        {
            message.thread = Some(parent.id.clone());
            message.shown_in_room = dice.chance(30);
            let replies = parent.replies.get_or_insert_default();
            (replies.count, replies.last) = (replies.count + 1, Some(message.sent_at));
            replies.followers.push(message.author.id.clone());
        } else {
            match dice.below(20) {
                0 => message.thread = Some(MessageId::new("gone")),
                1 => message.replies = Some(Replies { count: 7, last: None, followers: vec![user_id(1)] }),
                _ => {}
            }
        }
        if dice.chance(15) {
            files(dice, batch, &mut message, blobs)?;
        }
        all.push(message);
    }
    let mut activity = batch.activity(room)?;
    activity.messages = count as u64;
    batch.put_activity(room, &activity)?;
    all.iter().try_for_each(|message| batch.put_message(message))
}

fn message(dice: &mut Dice, room: &RoomId, number: usize, at: Time) -> Message {
    let author = dice.below(USERS);
    let mut author = user(author).reference();
    if dice.chance(10) {
        // As the person was called then, when the name was not another's yet.
        author.username = format!("bear{}", dice.below(USERS));
        author.name = dice.some(50, TEXTS);
    }
    let id = MessageId::new(format!("{room}-{number}"));
    let mut message = Message::new(id, room.clone(), author, at, dice.one(TEXTS));
    message.updated_at = at.plus(i64::from(dice.chance(30)));
    message.kind = dice.some(15, KINDS);
    let by = || (user_id(3), "bear3".to_owned());
    message.edited = dice.chance(20).then(|| Edited { at, by: by().0, by_username: by().1 });
    message.pinned =
        dice.chance(10).then(|| Pinned { at: dice.chance(70).then_some(at), by: dice.chance(70).then(by) });
    for emoji in &[":bee:", ":a\"b:", "🙂"][..dice.below(4)] {
        let usernames: Vec<String> = (0..dice.below(3)).map(|giver| format!("bear{giver}")).collect();
        let names = if dice.chance(30) { usernames.clone() } else { Vec::new() };
        message.reactions.push(Reaction { emoji: (*emoji).to_owned(), usernames, names });
    }
    message.starred = vec![user_id(2)];
    (message.mentions, message.channels, message.urls) = (dice.json(20), dice.json(10), dice.json(10));
    message.attachments = dice.json(20);
    message.extra = dice.object();
    message
}

/// Gives a message files: its own, one that an earlier message has, too, or one that is nowhere.
fn files(
    dice: &mut Dice,
    batch: &mut Batch<'_>,
    message: &mut Message,
    blobs: &[[u8; 32]],
) -> Result<(), Error> {
    let mut listed = Vec::new();
    for _ in 0..=dice.below(2) {
        let number = dice.below(BLOBS);
        let id = UploadId::new(format!("{}-f{number}", message.room));
        let name =
            dice.one(&["cat.png", "../../etc/passwd", "a \"b\".ndjson", "bagit.txt", "nul", "ünï.tar.gz"]);
        let known = batch.get::<Upload>(&(id.clone(),))?;
        let is_here = dice.chance(85);
        if known.is_none() && is_here {
            let upload = Upload {
                id: id.clone(),
                room: message.room.clone(),
                user: message.author.id.clone(),
                name: name.to_owned(),
                media_type: dice.one(&["image/png", "text/plain; charset=\"x\""]).to_owned(),
                size: (TEXTS[number].len() * number * 1000) as u64,
                sha256: blobs[number],
                uploaded: message.sent_at.plus(-1),
                confirmed: true,
                description: dice.one(TEXTS).to_owned(),
            };
            batch.put_upload(&upload)?;
        }
        let size = dice.below(5);
        let shown =
            if dice.chance(50) { format!(r#","name":{}"#, Json::of(&name).as_str()) } else { String::new() };
        listed.push(format!(r#"{{"_id":"{id}"{shown},"type":"x/y","size":{size},"odd":1.0}}"#));
    }
    if dice.chance(10) {
        // What an importer brought.
        let long = "i".repeat(300);
        listed.push(format!(r#"{{"_id":"{}","name":"odd\u0000"}}"#, dice.one(&["", &long])));
    }
    message.file = Json::from_text(listed[0].clone());
    message.files =
        if dice.chance(90) { Json::from_text(format!("[{}]", listed.join(" ,"))) } else { Json::NONE };
    Ok(())
}
