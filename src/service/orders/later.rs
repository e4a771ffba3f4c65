//! Whether the owner of an export may still have it: between an order and its delivery may lie days.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::path::PathBuf;

use super::rooms::{belongs, may_export_any};
use crate::app::App;
use crate::domain::{Job, JobId, Room, RoomId, Rooms, UserId};
use crate::service::{access, jobs};
use crate::store::{Error, Result};

/// Whether the owner of a job is active and may export what it means, by what they may now. A room that
/// is gone is nobody's secret: rendering fails without it, and what was rendered may be had.
pub fn still_allowed(app: &App, job: &Job) -> Result<bool> {
    let Some(owner) = app.store.user(&job.owner)?.filter(|owner| owner.active) else { return Ok(false) };
    let unreadable = |error: crate::error::Error| Error::Engine(error.to_string());
    match &job.order.rooms {
        Rooms::Listed(rooms) => all_belong(app, &job.owner, rooms.iter().map(|room| Ok(room.clone()))),
        Rooms::Thread { room, .. } | Rooms::Messages { room, .. } => {
            all_belong(app, &job.owner, std::iter::once(Ok(room.clone())))
        }
        Rooms::Seen => may_export_any(app, &owner).map_err(unreadable),
        Rooms::Server => access::holds(app, &owner, "export-server").map_err(unreadable),
        Rooms::Own => Ok(true),
    }
}

/// The same for what is rendered already: no room may be part of it that its owner may not export now.
pub fn may_have_rendering(app: &App, job: &Job) -> Result<bool> {
    if !still_allowed(app, job)? {
        return Ok(false);
    }
    let still: fn(&App, &UserId, &Room) -> Result<bool> = match job.order.rooms {
        Rooms::Seen => belongs,
        Rooms::Own => is_in,
        Rooms::Listed(_) | Rooms::Thread { .. } | Rooms::Messages { .. } | Rooms::Server => return Ok(true),
    };
    match File::open(rooms_file(app, &job.id)) {
        Ok(file) => {
            let ids = BufReader::new(file).lines().map(|line| Ok(RoomId::new(line?)));
            all(app, &job.owner, ids, still)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether a user is in a room.
pub fn is_in(app: &App, user: &UserId, room: &Room) -> Result<bool> {
    Ok(app.store.subscription(&room.id, user)?.is_some())
}

/// Notes beside a rendering of all rooms of its owner which these were.
pub fn note_rooms(app: &App, job: &JobId, rooms: &[RoomId]) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(rooms_file(app, job))?);
    for room in rooms {
        writeln!(out, "{room}")?;
    }
    out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
}

fn rooms_file(app: &App, job: &JobId) -> PathBuf {
    jobs::spool_directory(app, job).join("rooms")
}

fn all_belong(app: &App, owner: &UserId, rooms: impl Iterator<Item = Result<RoomId>>) -> Result<bool> {
    all(app, owner, rooms, belongs)
}

fn all(
    app: &App,
    owner: &UserId,
    rooms: impl Iterator<Item = Result<RoomId>>,
    still: fn(&App, &UserId, &Room) -> Result<bool>,
) -> Result<bool> {
    for id in rooms {
        let Some(room) = app.store.room(&id?)? else { continue };
        if !still(app, owner, &room)? {
            return Ok(false);
        }
    }
    Ok(true)
}
