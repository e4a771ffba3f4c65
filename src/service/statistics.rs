//! How much there is of everything: counted now and then, for it takes a walk over all of it.

use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};

use crate::app::App;
use crate::domain::statistics::{Rooms, Statistics, Users};
use crate::domain::time::DAY;
use crate::domain::{Room, RoomKind, Setting, Time, Upload};
use crate::error::{Error, Result};
use crate::store::{Direction, Span};

const HOUR: i64 = DAY / 24;
const MINUTE: i64 = HOUR / 60;

/// The numbers of the last hour; `anew` counts now. Who comes while they are counted waits for them.
pub fn current(app: &App, anew: bool) -> Result<Arc<Statistics>> {
    let mut known = app.statistics.all.lock().unwrap_or_else(PoisonError::into_inner);
    let now = app.now();
    if let Some(known) = known.as_ref().filter(|known| !anew && now < known.counted.plus(HOUR)) {
        return Ok(Arc::clone(known));
    }
    let counted = Arc::new(count(app)?);
    *known = Some(Arc::clone(&counted));
    Ok(counted)
}

/// When the store was made: it was given its id then.
pub fn installed(app: &App) -> Result<Time> {
    let id = app.store.get::<Setting>(&("uniqueID".to_owned(),))?;
    Ok(id.map_or(app.started, |id| id.updated))
}

/// The numbers of accounts, as they were within the last minute.
pub fn users(app: &App) -> Result<Users> {
    let mut known = app.statistics.users.lock().unwrap_or_else(PoisonError::into_inner);
    let now = app.now();
    if let Some((counted, users)) = *known
        && now < counted.plus(MINUTE)
    {
        return Ok(users);
    }
    let users = count_users(app)?;
    *known = Some((now, users));
    Ok(users)
}

fn count_users(app: &App) -> Result<Users> {
    let mut users = Users::default();
    app.store.users::<Error>(|user| {
        users.add(user.active, &user.status);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(users)
}

fn count(app: &App) -> Result<Statistics> {
    let mut counted = Statistics {
        counted: app.now(),
        users: count_users(app)?,
        channels: Rooms::default(),
        groups: Rooms::default(),
        directs: Rooms::default(),
        discussions: 0,
        uploads: 0,
        upload_bytes: 0,
    };
    app.store.walk::<Room, Error>(Span::all(), Direction::Ascending, |_, room| {
        let kind = match room.kind {
            RoomKind::Channel => &mut counted.channels,
            RoomKind::Group => &mut counted.groups,
            RoomKind::Direct => &mut counted.directs,
        };
        kind.rooms += 1;
        kind.messages += app.store.activity(&room.id)?.messages;
        counted.discussions += u64::from(room.parent.is_some());
        Ok(ControlFlow::Continue(()))
    })?;
    app.store.walk::<Upload, Error>(Span::all(), Direction::Ascending, |_, upload| {
        counted.uploads += 1;
        counted.upload_bytes += upload.size;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(counted)
}
