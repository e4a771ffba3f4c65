//! What happens here and other programs want to know: the calls of outgoing integrations, written
//! down together with what causes them.
//!
//! Where no integration waits for anything this costs a look at an empty list.

use serde_json::{Map, Value, json};

use crate::app::App;
use crate::domain::id::random_id;
use crate::domain::integration::{HookEvent, Outgoing, Place, Way};
use crate::domain::{Integration, Message, Room, RoomKind, User, UserId, WaitingCall};
use crate::error::Result;
use crate::service::{access, settings};
use crate::store::Batch;

/// Of longer texts only the beginning is told.
const LONGEST_TEXT: usize = 12_000;

/// Something that happened.
struct Happening<'a> {
    event: HookEvent,
    room: Option<&'a Room>,
    user: &'a User,
    message: Option<&'a Message>,
}

/// A message was sent.
pub fn sent(app: &App, batch: &mut Batch<'_>, author: &User, room: &Room, message: &Message) -> Result<()> {
    let happening =
        Happening { event: HookEvent::SendMessage, room: Some(room), user: author, message: Some(message) };
    tell(app, batch, &happening)?;
    if message.files.is_none() {
        return Ok(());
    }
    tell(app, batch, &Happening { event: HookEvent::FileUploaded, ..happening })
}

/// A message was changed.
pub fn edited(app: &App, batch: &mut Batch<'_>, room: &Room, message: &Message) -> Result<()> {
    if app.ways_out.of(batch)?.is_empty() {
        return Ok(());
    }
    let Some(author) = batch.get::<User>(&(message.author.id.clone(),))? else { return Ok(()) };
    let event = HookEvent::SendMessage;
    tell(app, batch, &Happening { event, room: Some(room), user: &author, message: Some(message) })
}

/// Something happened to a room.
pub fn room(app: &App, batch: &mut Batch<'_>, event: HookEvent, room: &Room, user: &User) -> Result<()> {
    tell(app, batch, &Happening { event, room: Some(room), user, message: None })
}

/// An account was made.
pub fn user_created(app: &App, batch: &mut Batch<'_>, user: &User) -> Result<()> {
    tell(app, batch, &Happening { event: HookEvent::UserCreated, room: None, user, message: None })
}

/// Writes down the calls of all who want to know.
fn tell(app: &App, batch: &mut Batch<'_>, happening: &Happening<'_>) -> Result<()> {
    let integrations = app.ways_out.of(batch)?;
    if integrations.is_empty() || !is_told(happening) {
        return Ok(());
    }
    for integration in integrations.iter() {
        let Way::Out(outgoing) = &integration.way else { continue };
        if outgoing.event != happening.event || !is_listening(integration, outgoing, happening) {
            continue;
        }
        let Some(word) = trigger_word(outgoing, happening.message) else { continue };
        if !may_listen(app, integration, happening)? {
            continue;
        }
        let data = data(app, integration, word, happening)?;
        for url in &outgoing.urls {
            write_down(app, batch, integration, url, happening, &data)?;
        }
    }
    Ok(())
}

/// What programs say causes no calls, or two of them could talk to each other for ever.
fn is_told(happening: &Happening<'_>) -> bool {
    happening.message.is_none_or(|message| {
        let bot = &message.extra.value()["bot"];
        message.kind.is_none() && (bot.is_null() || *bot == false)
    })
}

fn is_listening(integration: &Integration, outgoing: &Outgoing, happening: &Happening<'_>) -> bool {
    let edited = happening.message.is_some_and(|message| message.edited.is_some());
    if edited && !outgoing.on_edits {
        return false;
    }
    let Some(room) = happening.room.filter(|_| happening.event.has_place()) else { return true };
    integration.places.iter().any(|place| match place {
        Place::Room(id) => *id == room.id,
        Place::User(id) => room.kind == RoomKind::Direct && is_spoken_to(room, id, &happening.user.id),
        Place::PublicChannels => room.kind == RoomKind::Channel,
        Place::PrivateGroups => room.kind == RoomKind::Group,
        Place::DirectMessages => room.kind == RoomKind::Direct,
    })
}

/// What is not said in public is told only for makers who manage all integrations, or who could read
/// it there. They may have lost that since they made this one.
fn may_listen(app: &App, integration: &Integration, happening: &Happening<'_>) -> Result<bool> {
    let Some(room) = happening.room else { return Ok(true) };
    if access::is_public(app, room)? {
        return Ok(true);
    }
    let maker = app.store.user(&integration.created_by)?.filter(|maker| maker.active);
    let Some(maker) = maker else { return Ok(false) };
    Ok(access::holds(app, &maker, "manage-outgoing-integrations")? || access::can_see(app, &maker, room)?)
}

/// Whether `user` is in a conversation in which `speaker` said something.
fn is_spoken_to(room: &Room, user: &UserId, speaker: &UserId) -> bool {
    user != speaker && room.direct.iter().any(|member| member.id == *user)
}

/// The word by which a message is meant for an integration, empty if it needs none; `None`: it is
/// not meant.
fn trigger_word<'a>(outgoing: &'a Outgoing, message: Option<&Message>) -> Option<&'a str> {
    let Some(message) = message.filter(|_| !outgoing.trigger_words.is_empty()) else { return Some("") };
    let is_there = |word: &&String| {
        if outgoing.anywhere {
            message.text.contains(word.as_str())
        } else {
            message.text.starts_with(word.as_str())
        }
    };
    outgoing.trigger_words.iter().find(is_there).map(String::as_str)
}

/// What is told, but for the token.
fn data(app: &App, integration: &Integration, word: &str, happening: &Happening<'_>) -> Result<Value> {
    let Happening { event, room, user, message } = *happening;
    let mut data = Map::new();
    let mut put = |key: &str, value: Value| data.insert(key.to_owned(), value);
    put("bot", false.into());
    if let Some(room) = room {
        put("channel_id", room.id.as_str().into());
        put("channel_name", room.name.as_deref().map_or(Value::Null, Value::from));
    }
    put("timestamp", message.map_or_else(|| app.now(), |message| message.sent_at).to_string().into());
    put("user_id", user.id.as_str().into());
    put("user_name", user.username.as_str().into());
    if let Some(message) = message {
        put("message_id", message.id.as_str().into());
        put("text", message.text.chars().take(LONGEST_TEXT).collect::<String>().into());
        put("siteUrl", settings::site_url(app)?.into());
        if let Some(alias) = message.extra.value()["alias"].as_str() {
            put("alias", alias.into());
        }
        if message.edited.is_some() {
            put("isEdited", true.into());
        }
        if let Some(thread) = &message.thread {
            put("tmid", thread.as_str().into());
        }
        if !word.is_empty() {
            put("trigger_word", word.into());
        }
    }
    let person = json!({"_id": user.id.as_str(), "username": user.username, "name": user.name});
    let place = room.map(|room| json!({"_id": room.id.as_str(), "t": room.kind.letter(), "name": room.name}));
    match event {
        HookEvent::SendMessage => {}
        HookEvent::FileUploaded => {
            put("file", message.map_or(Value::Null, |message| message.file.value()));
            put("user", person);
            put("room", place.into());
        }
        HookEvent::RoomArchived | HookEvent::RoomCreated => {
            put("owner", person);
            put("room", place.into());
        }
        HookEvent::RoomJoined | HookEvent::RoomLeft => {
            put("user", person);
            put("room", place.into());
        }
        HookEvent::UserCreated => {
            put("user", person);
        }
    }
    put("integration", json!({"_id": integration.id.as_str(), "name": integration.name}));
    Ok(Value::Object(data))
}

fn write_down(
    app: &App,
    batch: &mut Batch<'_>,
    integration: &Integration,
    url: &str,
    happening: &Happening<'_>,
    data: &Value,
) -> Result<()> {
    if !app.ways_out.enter(&integration.id, app.config.integrations.queue) {
        tracing::warn!(integration = integration.name, "a call was dropped: too many of them wait");
        return Ok(());
    }
    let now = app.now();
    let call = WaitingCall {
        integration: integration.id.clone(),
        url: url.to_owned(),
        created: now,
        tries: 0,
        event: happening.event,
        room: happening.room.map(|room| room.id.clone()),
        user: happening.user.id.clone(),
        data: crate::domain::Json::of(data),
    };
    batch.put(&(now, random_id()), &call)?;
    app.hook_bell.notify_one();
    Ok(())
}
