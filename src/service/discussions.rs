//! Discussions: rooms that belong to another room, and are told of there.

use serde_json::{Map, Value, json};

use super::sending::Draft;
use super::{access, cards, members, rooms, sending, settings, writing};
use crate::app::App;
use crate::domain::{Json, Message, MessageId, Room, RoomId, RoomKind, Subscription, User};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::store::Batch;
use crate::store::room_lists::RoomList;

/// Longer titles are cut off: they stand in sidebars.
const LONGEST_TITLE: usize = 256;

/// A discussion to be made.
#[derive(Debug, Default)]
pub struct NewDiscussion {
    /// The title.
    pub title: String,
    /// The message that it is about, in the parent.
    pub about: Option<MessageId>,
    /// Login names of those who join it; unknown ones are passed over.
    pub users: Vec<String>,
    /// Said in it first.
    pub reply: Option<String>,
    /// The topic; else the parent's name.
    pub topic: Option<String>,
    /// Clients encrypt what they send.
    pub encrypted: bool,
}

/// What came of it.
#[derive(Debug)]
pub enum Made {
    /// A new discussion.
    New(RoomId),
    /// There was one about that message; the caller has joined it.
    Known(RoomId),
}

/// Refuses who may not begin discussions in a room.
pub fn require_right(app: &App, caller: &Caller, parent: &RoomId) -> Result<()> {
    let user = &caller.user;
    let may = settings::is_on(app, "Discussion_enabled")?
        && (access::holds_in(app, user, "start-discussion", parent)?
            || access::holds_in(app, user, "start-discussion-other-user", parent)?);
    if may {
        return Ok(());
    }
    let text = "You are not allowed to create a discussion";
    Err(Error::refused("error-action-not-allowed", text))
}

/// Begins a discussion in `parent`.
pub fn create(app: &App, caller: &Caller, parent: &RoomId, new: NewDiscussion) -> Result<Made> {
    require_right(app, caller, parent)?;
    let reply = new.reply.clone().filter(|reply| !reply.is_empty());
    if let Some(reply) = &reply {
        writing::check_size(app, reply)?;
    }
    let now = app.now();
    let made = app.store.write(|batch| {
        let parent = parent_for(app, batch, &caller.user, parent)?;
        let about = match &new.about {
            None => None,
            Some(id) => Some(discussed(batch, &parent, id)?),
        };
        if parent.parent.is_some() {
            return Err(Error::refused("error-nested-discussion", "Cannot create nested discussions"));
        }
        if parent.encrypted == Some(true) && reply.is_some() {
            let text = "Encrypted discussions must not receive an initial reply.";
            return Err(Error::refused("error-invalid-arguments", text));
        }
        if let Some(about) = &about
            && let Some(known) = app.store.first_in(&RoomList::About(about.id.clone()))?
            && known.parent.as_ref() == Some(&parent.id)
        {
            join_known(app, batch, caller, &known)?;
            return Ok(Made::Known(known.id));
        }
        let room = room(app, caller, &parent, &new, about.as_ref())?;
        batch.put_room(&room)?;
        let mut owner = members::membership(batch, &caller.user, &room.id, now)?;
        owner.roles = vec!["owner".to_owned()];
        owner.last_seen = Some(now);
        batch.put_subscription(&owner)?;
        let author = about.as_ref().map(|about| &about.author.username);
        for username in author.into_iter().chain(&new.users) {
            let Some(user) = app.store.user_by_name(username)? else { continue };
            if !batch.has::<Subscription>(&(room.id.clone(), user.id.clone()))? {
                batch.put_subscription(&members::membership(batch, &user, &room.id, now)?)?;
            }
        }
        announce(app, batch, caller, &parent, &room, about.as_ref())?;
        Ok::<_, Error>(Made::New(room.id))
    })?;
    if let (Some(text), Made::New(room)) = (reply, &made) {
        sending::send(app, &caller.user, Some(room), Draft { text, ..Draft::default() })?;
    }
    Ok(made)
}

/// The room that a discussion is to be begun in, if the caller may write there.
fn parent_for(app: &App, batch: &Batch<'_>, user: &User, id: &RoomId) -> Result<Room> {
    let room = batch.get::<Room>(&(id.clone(),))?.ok_or_else(|| Error::code("error-invalid-room"))?;
    if !access::can_see(app, user, &room)? {
        return Err(Error::code("error-not-allowed"));
    }
    let own = batch.get::<Subscription>(&(room.id.clone(), user.id.clone()))?;
    match writing::check(app, user, &room, own.as_ref()) {
        // Here the sentence is the code.
        Err(Error::Plain(text)) => Err(Error::code(text)),
        other => other.map(|()| room),
    }
}

/// The message that a discussion is about.
fn discussed(batch: &Batch<'_>, parent: &Room, id: &MessageId) -> Result<Message> {
    let message = batch.message(id)?;
    let message = message.ok_or_else(|| Error::refused("error-invalid-message", "Invalid message"))?;
    if message.room != parent.id {
        let text = "Root message room ID does not match parent room ID ";
        return Err(Error::refused("error-invalid-arguments", text));
    }
    Ok(message)
}

fn join_known(app: &App, batch: &mut Batch<'_>, caller: &Caller, room: &Room) -> Result<()> {
    let key = (room.id.clone(), caller.user.id.clone());
    if !batch.has::<Subscription>(&key)? {
        members::enter(app, batch, &caller.user, room, None, app.now())?;
    }
    Ok(())
}

fn room(
    app: &App,
    caller: &Caller,
    parent: &Room,
    new: &NewDiscussion,
    about: Option<&Message>,
) -> Result<Room> {
    // Whoever sees the parent sees the discussion; only what all see may become a channel.
    let kind = if access::is_public(app, parent)? { RoomKind::Channel } else { RoomKind::Group };
    let id = RoomId::random();
    let name = RoomId::random().to_string();
    let mut room = Room::new(id, kind, Some(name), Some(caller.user.reference()), app.now());
    room.display_name = Some(new.title.chars().take(LONGEST_TITLE).collect());
    room.parent = Some(parent.id.clone());
    room.encrypted = new.encrypted.then_some(true);
    let topic = new.topic.clone().filter(|topic| !topic.is_empty());
    room.topic = topic.or_else(|| parent.name.clone());
    if let Some(about) = about {
        room.set_discussed_message(&about.id);
        if parent.encrypted != Some(true) {
            room.description = Some(about.text.clone()).filter(|text| !text.is_empty());
        }
    }
    Ok(room)
}

/// Tells the parent of a new discussion.
fn announce(
    app: &App,
    batch: &mut Batch<'_>,
    caller: &Caller,
    parent: &Room,
    room: &Room,
    about: Option<&Message>,
) -> Result<()> {
    let (actor, title) = (caller.user.reference(), room.title());
    let mut message = Message::system("discussion-created", parent.id.clone(), actor, app.now(), title);
    let mut extra = Map::new();
    extra.insert("groupable".to_owned(), Value::Bool(false));
    extra.insert("drid".to_owned(), json!(room.id.as_str()));
    extra.insert("dcount".to_owned(), json!(0));
    message.extra = Json::of(&extra);
    if let Some(about) = about {
        message.attachments = Json::of(&[cards::quote(app, about)?]);
    }
    rooms::note(batch, &message)
}
