//! What other programs post here.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Kind, Reach, Wanted, create_within, list, post, posts_to, remove, wanted};
use crate::app::App;
use crate::domain::integration::{Place, Way};
use crate::domain::{Integration, IntegrationId, RoomId, User, id};
use crate::error::{Error, Result};
use crate::service::caller::{Caller, Client};
use crate::service::{direct, targets};

/// One post goes to so many places.
const MOST_TARGETS: usize = 100;

/// The incoming integration of that id, for who knows its token.
pub fn open(app: &App, id: &IntegrationId, token: &str) -> Result<Option<Integration>> {
    let integration = app.store.integration(id)?;
    let known = integration.filter(|known| matches!(known.way, Way::In { .. }));
    // Of hashes it may be seen how far they are the same: nobody can choose them.
    let same = |known: &Integration| Sha256::digest(&known.token) == Sha256::digest(token);
    Ok(known.filter(same))
}

/// Whom an integration acts as.
fn acting(app: &App, integration: &Integration, client: &Client) -> Result<Caller> {
    let user = app.store.user(&integration.user)?.filter(|user| user.active);
    let user = user.ok_or_else(|| Error::refused("error-invalid-user", "Invalid user"))?;
    Ok(Caller::without_token(user, client.clone()))
}

/// Posts what a program says where the integration posts, or where the program wants it. What says
/// nothing posts nothing.
pub fn receive(
    app: &App,
    client: &Client,
    integration: &Integration,
    said: &Map<String, Value>,
) -> Result<()> {
    let wish = said.get("channel").or_else(|| said.get("roomId")).filter(|wish| !is_empty(wish));
    if wish.is_some() && !matches!(integration.way, Way::In { overrides_place: true }) {
        return Err(Error::plain("overriding destination channel is disabled for this integration"));
    }
    let Some(draft) = post::draft(integration, said) else {
        // Nothing said is well said; something in words that nobody here knows is a mistake.
        let is_known = said.is_empty() || post::SAID.iter().any(|key| said.contains_key(*key));
        let complaint = "There is nothing to post: write `text` or `attachments`";
        return if is_known { Ok(()) } else { Err(Error::plain(complaint)) };
    };
    let caller = acting(app, integration, client)?;
    let rooms = match wish {
        Some(wish) => wished(app, &caller, wish)?,
        None => usual(app, &caller, integration)?,
    };
    post::send(app, &caller.user, &rooms, &draft)
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty)
}

fn wished(app: &App, caller: &Caller, wish: &Value) -> Result<Vec<RoomId>> {
    let invalid = || Error::code("invalid-channel");
    let words = match wish {
        Value::Array(words) => words.as_slice(),
        word => std::slice::from_ref(word),
    };
    if words.len() > MOST_TARGETS {
        return Err(invalid());
    }
    words.iter().map(|word| targets::find(app, caller, word.as_str().ok_or_else(invalid)?)).collect()
}

fn usual(app: &App, caller: &Caller, integration: &Integration) -> Result<Vec<RoomId>> {
    integration.places.iter().filter_map(|place| room_of(app, caller, place).transpose()).collect()
}

/// The room of a place, if it is one.
fn room_of(app: &App, caller: &Caller, place: &Place) -> Result<Option<RoomId>> {
    match place {
        Place::Room(id) => Ok(Some(id.clone())),
        Place::User(id) => {
            let user = app.store.user(id)?.ok_or_else(|| Error::code("invalid-channel"))?;
            Ok(Some(direct::open(app, caller, &user)?.id))
        }
        Place::PublicChannels | Place::PrivateGroups | Place::DirectMessages => Ok(None),
    }
}

/// Makes an outgoing integration, as services do that manage their own subscriptions. Who knows the
/// token is not who made the integration: it listens only where that posts, whatever its user may.
pub fn subscribe(
    app: &App,
    client: &Client,
    integration: &Integration,
    said: &Map<String, Value>,
) -> Result<()> {
    let text = |value: &Value, key: &str| value[key].as_str().map(str::to_owned);
    let said = Value::Object(said.clone());
    let (sign, name) = match said["event"].as_str() {
        Some("newMessageOnChannel") => ('#', text(&said["data"], "channel_name")),
        Some("newMessageToUser") => ('@', text(&said["data"], "username")),
        _ => return Ok(()),
    };
    let words = match &said["data"]["trigger_words"] {
        Value::Array(words) => words.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(words) => words.split(',').map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let caller = acting(app, integration, client)?;
    let word = name.map(|name| format!("{sign}{}", name.trim_start_matches(sign))).unwrap_or_default();
    let complaint = "Subscribe to one of the rooms that this integration posts to";
    let refused = || Error::refused("error-invalid-channel", complaint);
    let place = wanted::find_place(app, &word)?.filter(|place| integration.places.contains(place));
    // Of somebody it is the one conversation with them, not all they have.
    let room = room_of(app, &caller, &place.ok_or_else(refused)?)?.ok_or_else(refused)?;
    let wanted = Wanted {
        name: text(&said, "name").or_else(|| Some(integration.name.clone())),
        enabled: Some(true),
        username: Some(caller.user.username.clone()),
        channel: Some(format!("#{room}")),
        event: Some("sendMessage".to_owned()),
        urls: Some(text(&said, "target_url").into_iter().collect()),
        trigger_words: Some(words),
        ..Wanted::default()
    };
    create_within(app, &caller, Kind::Outgoing, Reach::Own, wanted).map(drop)
}

/// Removes the outgoing integration that posts to an address, of those that can be made like this.
pub fn unsubscribe(app: &App, client: &Client, integration: &Integration, url: &str) -> Result<()> {
    let caller = acting(app, integration, client)?;
    let unknown = || Error::plain("integration-not-found");
    let rooms = usual(app, &caller, integration)?;
    let is_meant = |known: &Integration| {
        let is_within = |place: &Place| matches!(place, Place::Room(room) if rooms.contains(room));
        let is_own = known.created_by == caller.user.id;
        is_own && posts_to(known, url) && !known.places.is_empty() && known.places.iter().all(is_within)
    };
    let found = list(app, &caller)?.into_iter().find(is_meant).ok_or_else(unknown)?;
    remove(app, &caller, Kind::Outgoing, &found.id).map(drop)
}

/// What calls look like, for services that want to see some before they get any.
pub fn samples(app: &App, integration: &Integration) -> Result<Value> {
    let user = app.store.user(&integration.user)?;
    let (user_id, user_name) =
        user.map_or_else(Default::default, |user: User| (user.id.to_string(), user.username));
    let sample = |number: u32| {
        json!({
            "token": id::random_text(24),
            "channel_id": id::random_id(),
            "channel_name": "general",
            "timestamp": app.now().to_string(),
            "user_id": user_id,
            "user_name": user_name,
            "text": format!("Sample text {number}"),
            "trigger_word": "Sample",
        })
    };
    Ok((1..=3).map(sample).collect())
}
