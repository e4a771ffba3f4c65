//! Whether the data is whole: every record readable, every counter right, every file there.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use crate::domain::directory::{DirectoryEntry, FileByName, MemberByName};
use crate::domain::{
    Activity, Avatar, EmojiName, Job, LoginToken, Message, Room, RoomId, Sound, Subscription, Upload, User,
};
use crate::store::blobs::has_hash;
use crate::store::check::Met;
use crate::store::message_indexes::places;
use crate::store::schema::{
    KeptFile, ListedMessage, MessagePlace, Reply, RoomOfUser, TokenOfUser, UserByName,
};
use crate::store::{Direction, Error, Result, Span, Store, Volume};

/// What a check found.
#[derive(Debug, Default)]
pub struct Findings {
    /// How much there is of each kind of record.
    pub volumes: Vec<Volume>,
    /// What is wrong, in sentences. Not more than [`MOST_COMPLAINTS`].
    pub complaints: Vec<String>,
}

/// After so many complaints a check has seen enough.
pub const MOST_COMPLAINTS: usize = 100;

impl Findings {
    fn complain(&mut self, complaint: String) {
        if self.complaints.len() < MOST_COMPLAINTS {
            self.complaints.push(complaint);
        }
    }
}

/// Compares a part of the records with others.
type Part<'a> = &'a dyn Fn(&Store, &mut Findings) -> Result<()>;

/// Reads everything, the bytes of uploads included. Damage is a finding and no error.
pub fn check(store: &Store, data_dir: &Path) -> Result<Findings> {
    let mut findings = Findings::default();
    findings.volumes = store.go_over::<Error>(|met| {
        if let Met::Damage(damage) = met {
            findings.complain(damage);
        }
        Ok(())
    })?;
    let exports = |store: &Store, findings: &mut Findings| exports(store, data_dir, findings);
    let parts: [(&str, Part<'_>); 8] = [
        ("messages", &messages),
        ("members", &members),
        ("users", &users),
        ("lists by name", &lists),
        ("uploads", &uploads),
        ("emoji", &emoji),
        ("sounds", &sounds),
        ("exports", &exports),
    ];
    for (name, part) in parts {
        match part(store, &mut findings) {
            Err(Error::Corrupt(damage)) => {
                findings.complain(format!("the {name} could not be compared to the end: {damage}"));
            }
            compared => compared?,
        }
    }
    Ok(findings)
}

const GO_ON: Result<ControlFlow<()>> = Ok(ControlFlow::Continue(()));

fn messages(store: &Store, findings: &mut Findings) -> Result<()> {
    let mut count = 0_u64;
    let mut current: Option<RoomId> = None;
    let compare = |room: &Option<RoomId>, count: u64, findings: &mut Findings| -> Result<()> {
        let Some(room) = room else { return Ok(()) };
        match store.get::<Activity>(&(room.clone(),))? {
            Some(activity) if activity.messages != count => findings.complain(format!(
                "room {room} has {count} messages, but its counter says {}",
                activity.messages
            )),
            // A deleted room is being cleared away.
            _ => {}
        }
        Ok(())
    };
    store.walk::<Message, Error>(Span::all(), Direction::Ascending, |(room, sent_at, id), message| {
        if current.as_ref() != Some(&room) {
            compare(&current, count, findings)?;
            (current, count) = (Some(room.clone()), 0);
        }
        count += 1;
        if message.id != id || message.room != room || message.sent_at != sent_at {
            findings.complain(format!("message {id} does not stand where it belongs"));
        }
        if store.message_place(&id)? != Some(MessagePlace { room, sent_at }) {
            findings.complain(format!("message {id} cannot be found by its id"));
        }
        if let Some(thread) = &message.thread
            && !store.has::<Reply>(&(thread.clone(), sent_at, id.clone()))?
        {
            findings.complain(format!("reply {id} cannot be found by its thread"));
        }
        for place in places(&message) {
            if !store.has::<ListedMessage>(&place)? {
                findings.complain(format!("message {id} is missing in the list {:?}", place.1));
            }
        }
        GO_ON
    })?;
    compare(&current, count, findings)?;
    store.walk::<ListedMessage, Error>(Span::all(), Direction::Ascending, |place, _| {
        let (_, list, _, id) = &place;
        if !store.message(id)?.is_some_and(|message| places(&message).contains(&place)) {
            findings.complain(format!("message {id} does not belong into the list {list:?}"));
        }
        GO_ON
    })?;
    store.walk::<MessagePlace, Error>(Span::all(), Direction::Ascending, |(id,), place| {
        if !store.has::<Message>(&(place.room, place.sent_at, id.clone()))? {
            findings.complain(format!("there is a place for message {id}, but no message"));
        }
        GO_ON
    })
}

fn members(store: &Store, findings: &mut Findings) -> Result<()> {
    let mut counts: HashMap<RoomId, u64> = HashMap::new();
    store.walk::<Subscription, Error>(Span::all(), Direction::Ascending, |(room, user), _| {
        if !store.has::<Room>(&(room.clone(),))? {
            findings.complain(format!("user {user} is a member of room {room}, which does not exist"));
        }
        if !store.has::<RoomOfUser>(&(user.clone(), room.clone()))? {
            findings.complain(format!("user {user} does not know of their room {room}"));
        }
        *counts.entry(room).or_default() += 1;
        GO_ON
    })?;
    store.walk::<Room, Error>(Span::all(), Direction::Ascending, |(id,), _| {
        let activity = store.activity(&id)?;
        let count = counts.get(&id).copied().unwrap_or_default();
        if activity.members != count {
            let said = activity.members;
            findings.complain(format!("room {id} has {count} members, but its counter says {said}"));
        }
        GO_ON
    })
}

/// Whether the indexes by name hold everything, and nothing else.
fn lists(store: &Store, findings: &mut Findings) -> Result<()> {
    let (mut members, mut entries, mut files) = (0, 0, 0);
    store.walk::<Subscription, Error>(Span::all(), Direction::Ascending, |(room, user), member| {
        members += 1;
        let key = |active| (room.clone(), active, member.username.clone(), user.clone());
        if !store.has::<MemberByName>(&key(true))? && !store.has::<MemberByName>(&key(false))? {
            findings.complain(format!("user {user} is not in the list of the members of room {room}"));
        }
        GO_ON
    })?;
    let mut entry = |section: &str, name: String, id: &str| -> Result<()> {
        entries += 1;
        if !store.has::<DirectoryEntry>(&(section.to_owned(), name.clone(), id.to_owned()))? {
            findings.complain(format!("{id} ({name:?}) is not in the directory"));
        }
        Ok(())
    };
    store.walk::<Room, Error>(Span::all(), Direction::Ascending, |(id,), room| {
        entry(room.kind.letter(), room.name.unwrap_or_default(), id.as_str())?;
        GO_ON
    })?;
    store.walk::<User, Error>(Span::all(), Direction::Ascending, |(id,), user| {
        entry("u", user.username.to_lowercase(), id.as_str())?;
        GO_ON
    })?;
    store.walk::<Upload, Error>(Span::all(), Direction::Ascending, |(id,), upload| {
        files += u64::from(upload.confirmed);
        let key = (upload.room.clone(), upload.name.clone(), id.clone());
        if store.has::<FileByName>(&key)? != upload.confirmed {
            findings.complain(format!("the list of the files of room {} is wrong about {id}", upload.room));
        }
        GO_ON
    })?;
    let listed = [
        (members, store.count::<MemberByName>(Span::all(), u64::MAX)?, "members"),
        (entries, store.count::<DirectoryEntry>(Span::all(), u64::MAX)?, "rooms and users"),
        (files, store.count::<FileByName>(Span::all(), u64::MAX)?, "files"),
    ];
    for (there, listed, what) in listed {
        if there != listed {
            findings.complain(format!("there are {there} {what}, but {listed} stand in the lists by name"));
        }
    }
    Ok(())
}

fn users(store: &Store, findings: &mut Findings) -> Result<()> {
    store.walk::<User, Error>(Span::all(), Direction::Ascending, |(id,), user| {
        let named = store.get::<UserByName>(&(user.username.to_lowercase(),))?;
        if named != Some(UserByName(id.clone())) {
            findings.complain(format!("user {id} cannot be found by the name {:?}", user.username));
        }
        GO_ON
    })?;
    store.walk::<LoginToken, Error>(Span::all(), Direction::Ascending, |(hash,), token| {
        if !store.has::<TokenOfUser>(&(token.user.clone(), hash))? {
            findings.complain(format!("a token of user {} is not in their list", token.user));
        }
        GO_ON
    })
}

fn uploads(store: &Store, findings: &mut Findings) -> Result<()> {
    store.walk::<Upload, Error>(Span::all(), Direction::Ascending, |(id,), upload| {
        match store.blobs().is_whole(&upload.sha256) {
            Ok(true) => {}
            Ok(false) => {
                findings
                    .complain(format!("the bytes of upload {id} ({:?}) are damaged or gone", upload.name));
            }
            Err(error) => {
                findings.complain(format!(
                    "the bytes of upload {id} ({:?}) cannot be read: {error}",
                    upload.name
                ));
            }
        }
        GO_ON
    })?;
    store.walk::<Avatar, Error>(Span::all(), Direction::Ascending, |(kind, id), avatar| {
        match store.blobs().is_whole(&avatar.sha256) {
            Ok(true) => {}
            Ok(false) => findings.complain(format!("the picture of {kind} {id} is damaged or gone")),
            Err(error) => findings.complain(format!("the picture of {kind} {id} cannot be read: {error}")),
        }
        GO_ON
    })
}

fn emoji(store: &Store, findings: &mut Findings) -> Result<()> {
    store.walk::<EmojiName, Error>(Span::all(), Direction::Ascending, |(name,), emoji| {
        match emoji {
            EmojiName::Own(emoji) if !store.blobs().is_whole(&emoji.sha256)? => {
                findings.complain(format!("the bytes of emoji {name:?} are damaged or gone"));
            }
            EmojiName::Own(_) => {}
            EmojiName::Alias(own) => {
                if !store.has::<EmojiName>(&(own.clone(),))? {
                    findings.complain(format!("emoji {name:?} is another name of {own:?}, which is none"));
                }
            }
        }
        GO_ON
    })
}

fn sounds(store: &Store, findings: &mut Findings) -> Result<()> {
    store.walk::<Sound, Error>(Span::all(), Direction::Ascending, |(name,), sound| {
        if let Some(file) = sound.file
            && !store.blobs().is_whole(&file.sha256)?
        {
            findings.complain(format!("the bytes of sound {name:?} are damaged or gone"));
        }
        GO_ON
    })
}

fn exports(store: &Store, data_dir: &Path, findings: &mut Findings) -> Result<()> {
    store.walk::<Job, Error>(Span::all(), Direction::Ascending, |(id,), job| {
        let Some(file) = &job.file else { return GO_ON };
        if !store.has::<KeptFile>(&(job.finished.unwrap_or(job.created), id.clone()))? {
            findings.complain(format!("the file of export {id} is not among those that are kept"));
        }
        // One that is about to go may have gone.
        if !job.file_expired && !has_hash(&file.place(data_dir), &file.sha256)? {
            findings.complain(format!(
                "the file of export {id} of {} is gone or was changed",
                job.owner_username
            ));
        }
        GO_ON
    })
}
