//! From what a client wants an integration to be to what it is, with everything that is checked.

use outbound::Target;
use serde_json::Value;

use super::rights::{Kind, Reach};
use crate::app::App;
use crate::domain::integration::{HookEvent, Outgoing, Place, Retries, RetryDelay, Way};
use crate::domain::{Integration, User, UserId};
use crate::error::{Error, Result};
use crate::service::{access, cards};

/// One integration posts to so many addresses, listens to so many places and words.
const MOST_ITEMS: usize = 100;
/// A call is tried again so often at most.
const MOST_RETRIES: u32 = 20;

/// What an integration shall be; `None`: as it is, or as is usual.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Its name.
    pub name: Option<String>,
    /// Whether it does anything.
    pub enabled: Option<bool>,
    /// Login name of the user it posts as.
    pub username: Option<String>,
    /// Places, separated by commas: `#general,@bob`.
    pub channel: Option<String>,
    /// The name it shows.
    pub alias: Option<String>,
    /// The picture it shows.
    pub avatar: Option<String>,
    /// The emoji it shows.
    pub emoji: Option<String>,
    /// Whether its script shall run.
    pub script_enabled: Option<bool>,
    /// A script.
    pub script: Option<String>,
    /// Of a way in: whether a post may say where it goes.
    pub overrides_place: Option<bool>,
    /// Of a way out: what it waits for.
    pub event: Option<String>,
    /// Where it posts to.
    pub urls: Option<Vec<String>>,
    /// What receivers know it by.
    pub token: Option<String>,
    /// Words that messages begin with.
    pub trigger_words: Option<Vec<String>>,
    /// The words may stand anywhere.
    pub anywhere: Option<bool>,
    /// Changed messages count, too.
    pub on_edits: Option<bool>,
    /// Where answers are posted.
    pub target_room: Option<String>,
    /// Answers are posted as who caused them.
    pub impersonates: Option<bool>,
    /// Whether calls are tried again.
    pub retries: Option<bool>,
    /// How often.
    pub retry_count: Option<u32>,
    /// A word for when.
    pub retry_delay: Option<String>,
}

/// Makes an integration what is wanted. `maker` wants it, whose right goes so far.
pub(super) fn apply(
    app: &App,
    maker: &User,
    reach: Reach,
    integration: &mut Integration,
    wanted: Wanted,
) -> Result<()> {
    set(&mut integration.enabled, wanted.enabled);
    for (text, wanted) in [
        (&mut integration.name, wanted.name),
        (&mut integration.alias, wanted.alias),
        (&mut integration.avatar, wanted.avatar),
        (&mut integration.emoji, wanted.emoji),
        (&mut integration.script, wanted.script),
    ] {
        set(text, wanted.map(|wanted| wanted.trim().to_owned()));
    }
    cards::check_avatar(&Value::from(integration.avatar.as_str()))?;
    set(&mut integration.script_enabled, wanted.script_enabled);
    if integration.script_enabled && !integration.script.is_empty() {
        let text = "This server runs no scripts: set \"scriptEnabled\" to false, or leave \"script\" empty";
        return Err(Error::refused("integration-scripts-disabled", text));
    }
    let mut has_place = true;
    match &mut integration.way {
        Way::In { overrides_place } => set(overrides_place, wanted.overrides_place),
        Way::Out(outgoing) => {
            if let Some(word) = &wanted.event {
                let known = HookEvent::ALL.into_iter().find(|event| event.word() == word.trim());
                let refusal = || Error::refused("error-invalid-event-type", "Invalid event type");
                outgoing.event = known.ok_or_else(refusal)?;
            }
            has_place = outgoing.event.has_place();
            set(&mut outgoing.trigger_words, wanted.trigger_words.map(filled));
            if !outgoing.event.has_words() {
                outgoing.trigger_words.clear();
            }
            set(&mut outgoing.anywhere, wanted.anywhere);
            set(&mut outgoing.on_edits, wanted.on_edits);
            set(&mut outgoing.impersonates, wanted.impersonates);
            set(&mut outgoing.target_room, wanted.target_room.map(|room| room.trim().to_owned()));
            set(&mut outgoing.urls, wanted.urls.map(filled));
            set_retries(
                &mut outgoing.retries,
                wanted.retry_delay.as_deref(),
                wanted.retries,
                wanted.retry_count,
            )?;
            set(&mut integration.token, wanted.token.filter(|token| !token.trim().is_empty()));
            check_outgoing(app, outgoing)?;
            if outgoing.impersonates && reach != Reach::All {
                let text = "Only who manages all outgoing integrations may set impersonateUser";
                return Err(Error::refused("not_authorized", text));
            }
        }
    }
    match wanted.channel.filter(|_| has_place) {
        Some(channel) => integration.places = places(app, maker, reach, integration, &channel)?,
        None if !has_place => integration.places.clear(),
        None if integration.places.is_empty() => return Err(invalid_channel()),
        None => {}
    }
    let user = match wanted.username {
        Some(username) => app.store.user_by_name(username.trim())?,
        None if reach == Reach::All => return Ok(()),
        // It may be that of a maker who could do more once, or somebody else's choice.
        None => app.store.user(&integration.user)?,
    };
    set_user(maker, reach, integration, user)
}

fn set<T>(field: &mut T, wanted: Option<T>) {
    if let Some(wanted) = wanted {
        *field = wanted;
    }
}

fn filled(texts: Vec<String>) -> Vec<String> {
    texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

fn invalid_channel() -> Error {
    Error::refused("error-invalid-channel", "Invalid Channel")
}

fn set_retries(
    retries: &mut Retries,
    delay: Option<&str>,
    on: Option<bool>,
    count: Option<u32>,
) -> Result<()> {
    set(&mut retries.on, on);
    set(&mut retries.count, count.map(|count| count.min(MOST_RETRIES)));
    if let Some(word) = delay {
        let known = RetryDelay::ALL.into_iter().find(|delay| delay.word() == word);
        let words = RetryDelay::ALL.map(RetryDelay::word).join(", ");
        let refusal = || Error::refused("error-invalid-retry-delay", format!("retryDelay is one of {words}"));
        retries.delay = known.ok_or_else(refusal)?;
    }
    Ok(())
}

fn check_outgoing(app: &App, outgoing: &Outgoing) -> Result<()> {
    let bad_urls = |text: String| Error::refused("error-invalid-urls", text);
    if outgoing.urls.is_empty() {
        return Err(bad_urls("Invalid URLs".to_owned()));
    }
    if outgoing.urls.len().max(outgoing.trigger_words.len()) > MOST_ITEMS {
        return Err(Error::invalid(format!("must NOT have more than {MOST_ITEMS} items")));
    }
    for url in &outgoing.urls {
        Target::parse(url).map_err(|complaint| bad_urls(format!("Invalid URLs: one {complaint}")))?;
    }
    if !outgoing.target_room.is_empty() && find_place(app, &outgoing.target_room)?.is_none() {
        return Err(Error::refused("error-invalid-targetRoom", "Invalid Target Room"));
    }
    Ok(())
}

/// The places of a list, all of which must be there.
fn places(
    app: &App,
    maker: &User,
    reach: Reach,
    integration: &Integration,
    channel: &str,
) -> Result<Vec<Place>> {
    let words = filled(channel.split(',').map(str::to_owned).collect());
    if words.is_empty() || words.len() > MOST_ITEMS {
        return Err(invalid_channel());
    }
    let mut places = Vec::new();
    for word in words {
        let wide = match (Kind::of(integration), word.as_str()) {
            (Kind::Outgoing, "all_public_channels") => Some(Place::PublicChannels),
            (Kind::Outgoing, "all_private_groups") => Some(Place::PrivateGroups),
            (Kind::Outgoing, "all_direct_messages") => Some(Place::DirectMessages),
            (Kind::Incoming | Kind::Outgoing, _) => None,
        };
        if wide.is_some() && reach != Reach::All {
            return Err(invalid_channel());
        }
        if wide.is_none() && !word.starts_with(['@', '#']) {
            let text = "Invalid channel. Start with @ or #";
            return Err(Error::refused("error-invalid-channel-start-with-chars", text));
        }
        let place = wide.map_or_else(|| find_place(app, &word), |place| Ok(Some(place)))?;
        let place = place.ok_or_else(|| Error::refused("error-invalid-room", "Invalid room"))?;
        // What is said to somebody is not for others to listen to.
        let foreign = matches!(&place, Place::User(id) if *id != maker.id);
        if foreign && reach != Reach::All && Kind::of(integration) == Kind::Outgoing {
            return Err(invalid_channel());
        }
        if let (Place::Room(id), true) = (&place, reach != Reach::All)
            && let Some(room) = app.store.room(id)?
            && !access::can_see(app, maker, &room)?
        {
            return Err(invalid_channel());
        }
        places.push(place);
    }
    Ok(places)
}

/// The room or person that a word names, by name or id.
pub(super) fn find_place(app: &App, word: &str) -> Result<Option<Place>> {
    if let Some(name) = word.strip_prefix('@') {
        let user = app.store.user_by_name(name)?.filter(|user| user.username == name);
        let user = user.map_or_else(|| app.store.user(&UserId::new(name)), |user| Ok(Some(user)))?;
        return Ok(user.map(|user| Place::User(user.id)));
    }
    let name = word.strip_prefix('#').unwrap_or(word);
    let room = app.store.room_by_name(name)?;
    let room =
        room.map_or_else(|| app.store.room(&crate::domain::RoomId::new(name)), |room| Ok(Some(room)))?;
    Ok(room.map(|room| Place::Room(room.id)))
}

/// Who may manage only what they made lets integrations speak only as themselves or as a robot.
fn set_user(maker: &User, reach: Reach, integration: &mut Integration, user: Option<User>) -> Result<()> {
    let invalid = || Error::refused("error-invalid-user", "Invalid user");
    let user = user.ok_or_else(invalid)?;
    let may = reach == Reach::All || user.id == maker.id || user.has_role("bot");
    if !may {
        return Err(invalid());
    }
    integration.user = user.id;
    integration.username = user.username;
    Ok(())
}
