//! How long messages are kept: the rule of all rooms of a kind, or a room's own, applied a part at a
//! time.

use serde_json::{Map, Value};

use super::clean_history::{Progress, Sweep, sweep_part};
use super::{access, settings};
use crate::app::App;
use crate::domain::time::DAY;
use crate::domain::{RetentionEdit, Room, RoomId, RoomKind, Time};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::store::{Direction, Span};

/// How long a room keeps its messages if its own rule does not say.
const USUAL_DAYS: f64 = 30.0;
/// So many rooms are looked at in one step.
const PART: usize = 200;

/// Changes a room's own rule.
pub fn edit(app: &App, caller: &Caller, room: &mut Room, edit: RetentionEdit) -> Result<()> {
    let mut changed = room.clone();
    if !changed.set_retention(edit) {
        return Ok(());
    }
    if !access::holds_in(app, &caller.user, "edit-room-retention-policy", &room.id)? {
        let text = "Editing room retention policy is not allowed";
        return Err(Error::refused("error-action-not-allowed", text));
    }
    *room = changed;
    Ok(())
}

/// What goes from a room now; `None`: nothing.
pub fn sweep_of(app: &App, room: &Room) -> Result<Option<Sweep>> {
    let own = room.retention();
    let is_on = |key: &str| own.get(key) == Some(&Value::Bool(true));
    let keep_discussions = settings::is_on(app, "RetentionPolicy_DoNotPruneDiscussion")?;
    let (millis, keep_pinned, only_files, keep_threads) = if is_on("enabled") && is_on("overrideGlobal") {
        (own_age(&own), is_on("excludePinned"), is_on("filesOnly"), is_on("ignoreThreads"))
    } else {
        let (applies, age) = match room.kind {
            RoomKind::Channel => ("RetentionPolicy_AppliesToChannels", "RetentionPolicy_TTL_Channels"),
            RoomKind::Group => ("RetentionPolicy_AppliesToGroups", "RetentionPolicy_TTL_Groups"),
            RoomKind::Direct => ("RetentionPolicy_AppliesToDMs", "RetentionPolicy_TTL_DMs"),
        };
        let excepted = own.get("enabled") == Some(&Value::Bool(false)) || is_on("overrideGlobal");
        if excepted || !settings::is_on(app, applies)? {
            return Ok(None);
        }
        (
            settings::number(app, age)?,
            settings::is_on(app, "RetentionPolicy_DoNotPrunePinned")?,
            settings::is_on(app, "RetentionPolicy_FilesOnly")?,
            settings::is_on(app, "RetentionPolicy_DoNotPruneThreads")?,
        )
    };
    // A rule without a time would clear everything: rather nothing.
    if millis.is_nan() || millis <= 0.0 {
        return Ok(None);
    }
    #[expect(clippy::cast_possible_truncation, reason = "numbers too large become the largest")]
    let until = app.now().plus(-(millis as i64));
    Ok(Some(Sweep {
        from: Time::from_millis(i64::MIN),
        until,
        keep_pinned,
        keep_discussions,
        keep_threads,
        only_files,
        authors: Vec::new(),
    }))
}

fn own_age(own: &Map<String, Value>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "the milliseconds of a day are exact")]
    let day = DAY as f64;
    own.get("maxAge").and_then(Value::as_f64).unwrap_or(USUAL_DAYS) * day
}

/// How often the rules are applied.
pub fn pause_minutes(app: &App) -> Result<u64> {
    Ok(match settings::text(app, "RetentionPolicy_Precision")?.as_str() {
        "1" => 60,
        "2" => 6 * 60,
        "3" => 24 * 60,
        _ => 30,
    })
}

/// Whether rules are applied at all.
pub fn is_on(app: &App) -> Result<bool> {
    settings::is_on(app, "RetentionPolicy_Enabled")
}

/// One going over all rooms, which takes many steps.
#[derive(Debug, Default)]
pub struct Round {
    /// The last room that was done.
    done: Option<RoomId>,
    /// How far the next one is.
    progress: Option<(RoomId, Progress)>,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is more to do.
    More,
    /// All rooms were gone over.
    Done,
}

/// Does a bounded part of a round.
pub fn step(app: &App, round: &mut Round) -> Result<Step> {
    if !is_on(app)? {
        return Ok(Step::Done);
    }
    if let Some((id, progress)) = round.progress.take() {
        if let Some(room) = app.store.room(&id)? {
            sweep_some(app, round, &room, &progress)?;
        }
        return Ok(Step::More);
    }
    let rest = match &round.done {
        None => Span::all(),
        Some(done) => {
            let behind = RoomId::new(format!("{done}\0"));
            Span::between(&(behind,), &(RoomId::new("\u{10ffff}"),))
        }
    };
    let rooms = app.store.list::<Room>(rest, Direction::Ascending, 0, PART)?;
    if rooms.is_empty() {
        *round = Round::default();
        return Ok(Step::Done);
    }
    for (_, room) in rooms {
        round.done = Some(room.id.clone());
        if sweep_some(app, round, &room, &Progress::default())? {
            break;
        }
    }
    Ok(Step::More)
}

/// Sweeps a part of a room; whether it has a rule.
fn sweep_some(app: &App, round: &mut Round, room: &Room, progress: &Progress) -> Result<bool> {
    let Some(sweep) = sweep_of(app, room)? else { return Ok(false) };
    let part = sweep_part(app, &room.id, &sweep, progress, u64::MAX)?;
    round.progress = part.next.map(|next| (room.id.clone(), next));
    Ok(true)
}
