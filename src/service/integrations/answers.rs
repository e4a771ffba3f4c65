//! How calls of outgoing integrations went: noted, answered in the room, or to be made again.

use serde_json::Value;

use super::{post, wanted};
use crate::app::App;
use crate::domain::integration::{Place, Way};
use crate::domain::{HookRecord, Integration, MessageId, RoomId, User, WaitingCall};
use crate::error::{Error, Result};
use crate::service::caller::{Caller, Client};
use crate::service::direct;
use crate::store::integrations::CallKey;

/// The most characters of an answer that are kept.
const LONGEST_KEPT: usize = 1000;
/// With this status a receiver says that it will never want a call again.
const GONE: u16 = 410;

/// What came of a call.
#[derive(Debug)]
pub enum Outcome {
    /// The receiver answered.
    Answered {
        /// The status.
        status: u16,
        /// The beginning of the body.
        body: Vec<u8>,
    },
    /// It did not, which may change.
    Failed(String),
    /// It may not be called.
    Refused(String),
    /// The integration is gone, or off.
    Unwanted,
}

impl Outcome {
    /// A failure, in these words.
    pub fn failed(why: impl ToString) -> Self {
        Self::Failed(why.to_string())
    }
}

/// Notes what came of a call, posts what was answered, and puts the call back if it is to be made
/// again.
pub fn note(app: &App, key: &CallKey, mut call: WaitingCall, outcome: Outcome) -> Result<()> {
    let integration = app.store.integration(&call.integration)?;
    let (Some(integration), false) = (integration, matches!(outcome, Outcome::Unwanted)) else {
        return forget(app, key, &call);
    };
    call.tries += 1;
    let mut record = HookRecord {
        event: call.event,
        url: call.url.clone(),
        updated: app.now(),
        tries: call.tries,
        finished: true,
        status: None,
        answer: String::new(),
        error: String::new(),
        data: call.data.clone(),
    };
    let mut again = false;
    match outcome {
        Outcome::Answered { status, body } => {
            record.status = Some(status);
            record.answer = String::from_utf8_lossy(&body).chars().take(LONGEST_KEPT).collect();
            if (200..300).contains(&status) {
                if let Err(error) = answer(app, key, &integration, &call, &body) {
                    record.error = format!("the answer could not be posted: {error}");
                }
            } else {
                record.error = format!("the receiver answered {status}");
                again = status != GONE;
            }
        }
        Outcome::Failed(why) => (record.error, again) = (why, true),
        Outcome::Refused(why) => record.error = why,
        Outcome::Unwanted => {}
    }
    let retries = match &integration.way {
        Way::In { .. } => None,
        Way::Out(outgoing) => {
            Some(outgoing.retries).filter(|retries| again && retries.on && call.tries <= retries.count)
        }
    };
    record.finished = retries.is_none();
    let gone = record.status == Some(GONE);
    app.store.write::<_, Error>(|batch| {
        batch.delete::<WaitingCall>(key);
        // It may have been removed meanwhile; nobody could read the record any more.
        let Some(mut current) = batch.get::<Integration>(&(integration.id.clone(),))? else {
            return Ok(());
        };
        if gone {
            current.enabled = false;
            current.updated = app.now();
            batch.put(&(current.id.clone(),), &current)?;
        }
        if let Some(retries) = retries {
            let due = app.now().plus(retries.delay.millis(call.tries));
            batch.put(&(due, key.1.clone()), &call)?;
        }
        Ok(batch.put_hook_record(&current.id, call.created, &key.1, &record)?)
    })?;
    if gone {
        app.ways_out.changed();
    }
    if record.finished {
        app.ways_out.leave(&integration.id);
    }
    Ok(())
}

fn forget(app: &App, key: &CallKey, call: &WaitingCall) -> Result<()> {
    app.store.write::<_, Error>(|batch| {
        batch.delete::<WaitingCall>(key);
        Ok(())
    })?;
    app.ways_out.leave(&call.integration);
    Ok(())
}

/// Posts what a receiver answered, if it said something. The call's id is the message's, so that it
/// is posted once.
fn answer(
    app: &App,
    key: &CallKey,
    integration: &Integration,
    call: &WaitingCall,
    body: &[u8],
) -> Result<()> {
    let Ok(Value::Object(said)) = serde_json::from_slice(body) else { return Ok(()) };
    let Some(mut draft) = post::draft(integration, &said) else { return Ok(()) };
    let Way::Out(outgoing) = &integration.way else { return Ok(()) };
    draft.id = Some(MessageId::new(key.1.as_str()));
    let speaker = if outgoing.impersonates { &call.user } else { &integration.user };
    let user = app.store.user(speaker)?.filter(|user| user.active);
    let user = user.ok_or_else(|| Error::refused("error-invalid-user", "Invalid user"))?;
    let target = match outgoing.target_room.as_str() {
        "" => None,
        word => wanted::find_place(app, word)?,
    };
    let room = match target {
        Some(place) => Some(room_of(app, &user, place)?),
        None => call.room.clone(),
    };
    // Of an account that was made no room is known.
    let Some(room) = room else { return Ok(()) };
    post::send(app, &user, &[room], &draft)
}

fn room_of(app: &App, user: &User, place: Place) -> Result<RoomId> {
    match place {
        Place::Room(id) => Ok(id),
        Place::User(id) => {
            let other = app.store.user(&id)?.ok_or_else(|| Error::code("invalid-channel"))?;
            let here = Client::at(std::net::Ipv4Addr::LOCALHOST.into());
            Ok(direct::open(app, &Caller::without_token(user.clone(), here), &other)?.id)
        }
        Place::PublicChannels | Place::PrivateGroups | Place::DirectMessages => {
            Err(Error::code("invalid-channel"))
        }
    }
}
