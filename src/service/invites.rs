//! Links that let people into a room: made, used, withdrawn. And mails that ask people to the server.

use export_sdk::{ErrorKind, Mail, MailAddress, MailSubject, Outbox as _};

use super::outbox::StoreOutbox;
use super::{access, rooms, settings, teams, writing};
use crate::app::App;
use crate::domain::time::DAY;
use crate::domain::{Invite, Message, Room, RoomId, RoomKind, Subscription, User, id};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::members;
use crate::store::Batch;
use crate::store::invites::MOST_OF_A_ROOM;

/// Longer than can be guessed: whoever has it is let in.
const LENGTH: usize = 17;
/// So many people are asked at once.
const MOST_ASKED: usize = 100;
const DAYS: [u32; 5] = [0, 1, 7, 15, 30];
const USES: [u32; 7] = [0, 1, 5, 10, 25, 50, 100];
/// So many are listed.
const MOST_LISTED: usize = 5000;

fn not_authorized() -> Error {
    Error::code("not_authorized")
}

/// All invites, by id.
pub fn list(app: &App, caller: &Caller) -> Result<Vec<Invite>> {
    if !access::holds(app, &caller.user, "create-invite-links")? {
        return Err(not_authorized());
    }
    Ok(app.store.invites(MOST_LISTED)?)
}

/// The caller's invite to a room that holds for so many days and uses, made if there is none.
pub fn find_or_create(app: &App, caller: &Caller, room: &RoomId, days: u32, uses: u32) -> Result<Invite> {
    if !access::holds_in(app, &caller.user, "create-invite-links", room)? {
        return Err(not_authorized());
    }
    let invalid = || Error::refused("error-invalid-room", "The rid field is invalid");
    let now = app.now();
    app.store.write(|batch| {
        let found = batch.get::<Room>(&(room.clone(),))?.ok_or_else(invalid)?;
        if !batch.has::<Subscription>(&(room.clone(), caller.user.id.clone()))? {
            return Err(invalid());
        }
        require_type(&found)?;
        if !DAYS.contains(&days) {
            let text = "Invite should expire in 1, 7, 15 or 30 days, or send 0 to never expire.";
            return Err(Error::refused("invalid-number-of-days", text));
        }
        if !USES.contains(&uses) {
            let text = "Invite should be valid for 1, 5, 10, 25, 50, 100 or infinite (0) uses.";
            return Err(Error::refused("invalid-number-of-uses", text));
        }
        let known = app.store.invites_of(room, &caller.user.id)?;
        let count = known.len();
        let same = |invite: &Invite| invite.days == days && invite.most_uses == uses && invite.is_valid(now);
        if let Some(known) = known.into_iter().find(same) {
            return Ok(known);
        }
        if count >= MOST_OF_A_ROOM {
            let text = "There are too many invites to this room. Remove some first.";
            return Err(Error::refused("error-too-many-invites", text));
        }
        let invite = Invite {
            id: id::random_text(LENGTH),
            room: room.clone(),
            user: caller.user.id.clone(),
            days,
            most_uses: uses,
            uses: 0,
            created: now,
            updated: now,
            expires: (days > 0).then(|| now.plus(i64::from(days) * DAY)),
        };
        batch.put_invite(&invite)?;
        Ok(invite)
    })
}

/// Where somebody who has the link goes.
pub fn url(app: &App, invite: &Invite) -> Result<String> {
    Ok(format!("{}/invite/{}", settings::site_url(app)?, invite.id))
}

/// Withdraws an invite.
pub fn remove(app: &App, caller: &Caller, id: &str) -> Result<()> {
    app.store.write(|batch| {
        let invite = batch.get::<Invite>(&(id.to_owned(),))?;
        let invite =
            invite.ok_or_else(|| Error::refused("invalid-invitation-id", "Invalid Invitation _id"))?;
        if !access::holds_in(app, &caller.user, "create-invite-links", &invite.room)? {
            return Err(not_authorized());
        }
        batch.delete_invite(&invite);
        Ok(())
    })
}

fn require_type(room: &Room) -> Result<()> {
    match room.kind {
        RoomKind::Channel | RoomKind::Group => Ok(()),
        RoomKind::Direct => {
            let text = "Can't join room of this type via invite";
            Err(Error::refused("error-room-type-not-allowed", text))
        }
    }
}

/// The invite of that id and its room, if it still lets somebody in.
fn valid(app: &App, batch: &Batch<'_>, id: &str) -> Result<(Invite, Room)> {
    let invalid = |code: &str| Error::refused(code, "The invite token is invalid.");
    let invite = batch.get::<Invite>(&(id.to_owned(),))?;
    let invite = invite.ok_or_else(|| invalid("error-invalid-token"))?;
    let room = batch.get::<Room>(&(invite.room.clone(),))?;
    let room = room.ok_or_else(|| invalid("error-invalid-room"))?;
    if !invite.is_valid(app.now()) {
        return Err(Error::refused("error-invite-expired", "The invite token has expired."));
    }
    Ok((invite, room))
}

/// Whether an invite lets somebody in.
pub fn is_valid(app: &App, id: &str) -> Result<bool> {
    match app.store.invite(id)? {
        Some(invite) => Ok(invite.is_valid(app.now()) && app.store.room(&invite.room)?.is_some()),
        None => Ok(false),
    }
}

/// Makes the caller a member of the room that an invite leads to, and answers it. Who is one already
/// uses up nothing.
pub fn redeem(app: &App, user: &User, id: &str) -> Result<Room> {
    let now = app.now();
    app.store.write(|batch| {
        let (mut invite, room) = valid(app, batch, id)?;
        require_type(&room)?;
        if batch.has::<Subscription>(&(room.id.clone(), user.id.clone()))? {
            return Ok(room);
        }
        writing::refuse_archived(&room)?;
        invite.uses += 1;
        invite.updated = now;
        batch.put_invite(&invite)?;
        batch.put_subscription(&members::newcomer(batch, user, &room.id, now)?)?;
        let kind = teams::record_in(&room, "uj");
        rooms::note(batch, &Message::system(kind, room.id.clone(), user.reference(), now, &user.username))?;
        teams::members::welcome(app, batch, user, &room, now)?;
        Ok(room)
    })
}

/// Asks people by mail to come to this server. What is no address is passed over.
pub fn ask_by_mail(app: &App, caller: &Caller, addresses: &[String]) -> Result<()> {
    if !access::holds(app, &caller.user, "bulk-register-user")? {
        return Err(Error::not_allowed());
    }
    if addresses.len() > MOST_ASKED {
        let text = format!("At most {MOST_ASKED} people are asked at once. Send the others another request.");
        return Err(Error::refused("error-too-many-addresses", text));
    }
    let (name, url) = (settings::text(app, "Site_Name")?, settings::site_url(app)?);
    let subject = format!("You have been invited to {name}");
    let text = format!("Hello,\n\nyou have been invited to {name}.\n\nJoin here: {url}\n");
    for address in addresses.iter().filter_map(|address| MailAddress::new(address.trim()).ok()) {
        let key = format!("invitation-{}", id::random_id());
        let mail = Mail::new(key, address, MailSubject::new(&subject), text.clone());
        StoreOutbox::new(app).post(mail).map_err(|error| match error.kind() {
            ErrorKind::Rejected => Error::refused("error-email-send-failed", error.to_string()),
            _ => Error::internal(error),
        })?;
    }
    Ok(())
}
