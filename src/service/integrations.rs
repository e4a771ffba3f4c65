//! Integrations: how they come, change and go, and who may see them.

use super::caller::Caller;
use crate::app::App;
use crate::domain::id::random_text;
use crate::domain::integration::{HookEvent, Outgoing, Place, Retries, RetryDelay, Way};
use crate::domain::{HookRecord, Integration, IntegrationId, Room, RoomKind, Time, UserId};
use crate::error::{Error, Result};

pub mod answers;
pub mod incoming;
pub mod post;
pub mod rights;
pub mod wanted;

pub use rights::{Kind, Reach, Rights};
pub use wanted::Wanted;

/// No server has more.
const MOST: usize = 1000;
const TOKEN_LENGTH: usize = 48;

fn not_found() -> Error {
    Error::plain("No integration found.")
}

/// Makes an integration.
pub fn create(app: &App, caller: &Caller, kind: Kind, wanted: Wanted) -> Result<Integration> {
    create_within(app, caller, kind, Reach::All, wanted)
}

/// The same, but the caller's right counts only so far.
fn create_within(
    app: &App,
    caller: &Caller,
    kind: Kind,
    limit: Reach,
    wanted: Wanted,
) -> Result<Integration> {
    let reach = Rights::of(app, &caller.user)?.reach(kind).min(limit);
    if reach == Reach::Nothing {
        return Err(Error::refused("not_authorized", "Unauthorized"));
    }
    let way = match kind {
        Kind::Incoming => Way::In { overrides_place: false },
        Kind::Outgoing => Way::Out(Outgoing {
            event: event_of(&wanted)?,
            urls: Vec::new(),
            trigger_words: Vec::new(),
            anywhere: false,
            on_edits: true,
            target_room: String::new(),
            impersonates: false,
            retries: Retries { on: true, count: 6, delay: RetryDelay::PowersOfTen },
        }),
    };
    let now = app.now();
    let mut integration = Integration {
        id: IntegrationId::random(),
        name: String::new(),
        enabled: false,
        way,
        user: UserId::new(""),
        username: String::new(),
        places: Vec::new(),
        alias: String::new(),
        avatar: String::new(),
        emoji: String::new(),
        token: random_text(TOKEN_LENGTH),
        script_enabled: false,
        script: String::new(),
        created: now,
        created_by: caller.user.id.clone(),
        created_by_username: caller.user.username.clone(),
        updated: now,
    };
    let username = wanted.username.clone().or(Some(String::new()));
    let wanted = Wanted { username, ..wanted };
    app.store.write(|batch| {
        wanted::apply(app, &caller.user, reach, &mut integration, wanted)?;
        let mut count = 0;
        app.store.integrations::<Error>(|_| {
            count += 1;
            Ok(())
        })?;
        if count >= MOST {
            let text = format!("There are {MOST} integrations. Remove some that are not needed any more");
            return Err(Error::refused("error-too-many-integrations", text));
        }
        Ok(batch.put(&(integration.id.clone(),), &integration)?)
    })?;
    app.ways_out.changed();
    Ok(integration)
}

/// An outgoing integration waits for something from its beginning.
fn event_of(wanted: &Wanted) -> Result<HookEvent> {
    let word = wanted.event.as_deref().unwrap_or_default().trim();
    let known = HookEvent::ALL.into_iter().find(|event| event.word() == word);
    known.ok_or_else(|| Error::refused("error-invalid-event-type", "Invalid event type"))
}

/// Changes an integration; what is not wanted otherwise stays.
pub fn update(
    app: &App,
    caller: &Caller,
    kind: Kind,
    id: &IntegrationId,
    wanted: Wanted,
) -> Result<Integration> {
    let rights = managing(app, caller)?;
    let changed = app.store.write(|batch| {
        let mut integration = batch.get::<Integration>(&(id.clone(),))?.ok_or_else(not_found)?;
        if Kind::of(&integration) != kind || !rights.hold_for(&integration) {
            return Err(not_found());
        }
        wanted::apply(app, &caller.user, rights.reach(kind), &mut integration, wanted)?;
        integration.updated = app.now();
        batch.put(&(id.clone(),), &integration)?;
        Ok(integration)
    })?;
    app.ways_out.changed();
    Ok(changed)
}

/// Removes an integration and the record of its calls.
pub fn remove(app: &App, caller: &Caller, kind: Kind, id: &IntegrationId) -> Result<Integration> {
    let rights = managing(app, caller)?;
    let removed = app.store.write(|batch| {
        let integration = batch.get::<Integration>(&(id.clone(),))?.ok_or_else(not_found)?;
        if Kind::of(&integration) != kind || !rights.hold_for(&integration) {
            return Err(not_found());
        }
        batch.delete_integration(id)?;
        Ok::<_, Error>(integration)
    })?;
    app.ways_out.changed();
    Ok(removed)
}

/// The outgoing integration that posts to this address, if the caller may manage it.
pub fn by_url(app: &App, caller: &Caller, url: &str) -> Result<Option<IntegrationId>> {
    let found = list(app, caller)?.into_iter().find(|integration| posts_to(integration, url));
    Ok(found.map(|integration| integration.id))
}

fn posts_to(integration: &Integration, url: &str) -> bool {
    match &integration.way {
        Way::In { .. } => false,
        Way::Out(outgoing) => outgoing.urls.iter().any(|known| known == url),
    }
}

/// The rights of a caller who has any.
fn managing(app: &App, caller: &Caller) -> Result<Rights> {
    let rights = Rights::of(app, &caller.user)?;
    if rights.any() { Ok(rights) } else { Err(Error::Forbidden) }
}

/// All integrations that the caller may manage, oldest first.
pub fn list(app: &App, caller: &Caller) -> Result<Vec<Integration>> {
    let rights = managing(app, caller)?;
    let mut found = Vec::new();
    app.store.integrations::<Error>(|integration| {
        if rights.hold_for(&integration) {
            found.push(integration);
        }
        Ok(())
    })?;
    found.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
    Ok(found)
}

/// An integration that the caller may manage; `None`: there is none of that id.
pub fn get(app: &App, caller: &Caller, id: &IntegrationId) -> Result<Option<Integration>> {
    let rights = managing(app, caller)?;
    Ok(app.store.integration(id)?.filter(|integration| rights.hold_for(integration)))
}

/// The integrations of a room that the caller may manage. With `wide` also those of all rooms of
/// its kind.
pub fn of_room(app: &App, caller: &Caller, room: &Room, wide: bool) -> Result<Vec<Integration>> {
    if !Rights::of(app, &caller.user)?.any() {
        return Err(Error::Unauthorized);
    }
    let everywhere = match room.kind {
        RoomKind::Channel => Place::PublicChannels,
        RoomKind::Group => Place::PrivateGroups,
        RoomKind::Direct => Place::DirectMessages,
    };
    let here = Place::Room(room.id.clone());
    let mut found = list(app, caller)?;
    found.retain(|integration| {
        integration.places.iter().any(|place| *place == here || (wide && *place == everywhere))
    });
    Ok(found)
}

/// A call of an integration: when it was caused, its id, how it went.
pub type Called = (Time, String, HookRecord);

/// How the latest calls of an integration went, and how many are known.
pub fn history(
    app: &App,
    caller: &Caller,
    id: &IntegrationId,
    offset: usize,
    count: usize,
) -> Result<(Vec<Called>, u64)> {
    let rights = managing(app, caller)?;
    if rights.reach(Kind::Outgoing) == Reach::Nothing {
        return Err(Error::Forbidden);
    }
    if get(app, caller, id)?.is_none() {
        return Ok((Vec::new(), 0));
    }
    let (records, total) = app.store.hook_records(id, offset, count)?;
    Ok((records.into_iter().map(|((_, caused, id), record)| (caused, id, record)).collect(), total))
}

/// The places of an integration as they are called now.
pub fn place_words(app: &App, integration: &Integration) -> Result<Vec<String>> {
    let word = |place: &Place| {
        Ok(match place {
            Place::Room(id) => {
                let name = app.store.room(id)?.and_then(|room| room.name);
                format!("#{}", name.as_deref().unwrap_or(id.as_str()))
            }
            Place::User(id) => {
                let name = app.store.user(id)?.map(|user| user.username);
                format!("@{}", name.as_deref().unwrap_or(id.as_str()))
            }
            Place::PublicChannels => "all_public_channels".to_owned(),
            Place::PrivateGroups => "all_private_groups".to_owned(),
            Place::DirectMessages => "all_direct_messages".to_owned(),
        })
    };
    integration.places.iter().map(word).collect()
}
