//! One pass over rooms: stored records become views, pass the transforms, and formats write them
//! into a spool.
//!
//! The only loop that feeds formats. It runs on a blocking thread, in constant memory. Formats that
//! want the same order of messages share one reading; at most there are two.

mod filter;
mod names;
mod pass;
mod rooms;
mod target;
mod volume;

use std::cell::RefCell;

use export_sdk as sdk;
use export_sdk::{FormatWriter, Registry, Transformer};
use jiff::tz::TimeZone;

use self::filter::Filter;
use self::names::RoomNames;
use self::pass::Pass;
use self::target::Placed;
pub use self::target::Target;
pub use self::volume::volume;
use super::progress::JobProgress;
use super::view;
use crate::domain::{Order, Room, Rooms, Time};
use crate::store::{self, Store};

/// What is to be rendered.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// Where the messages are.
    pub store: &'a Store,
    /// Formats and transforms.
    pub registry: &'a Registry,
    /// What was ordered.
    pub order: &'a Order,
    /// Whether a room belongs into an export of all rooms that somebody may see.
    pub may_see: &'a dyn Fn(&Room) -> store::Result<bool>,
    /// The login name of the person who asked.
    pub requested_by: &'a str,
    /// When.
    pub requested_at: Time,
    /// Stop after reading so many messages, which is enough for an estimate.
    pub sample: Option<u64>,
}

/// What was rendered.
#[derive(Debug, Default)]
pub struct Rendered {
    /// What it holds.
    pub summary: sdk::Summary,
    /// Messages that were looked at, those that were not wanted included.
    pub read: u64,
}

/// How many rooms an export has, and how many messages there are in their window: counted at most to
/// `limit`, before any filter but that of time.
pub fn extent(task: &Task<'_>, limit: u64) -> sdk::Result<(u64, u64)> {
    let filter = Filter::new(task.order, &zone(&task.order.time_zone)?, task.requested_by)?;
    let rooms = rooms::rooms(task, &filter)?;
    let (from, until) = filter.window();
    let mut messages = 0;
    for room in &rooms {
        let left = limit.saturating_sub(messages);
        if left > 0 {
            messages += task.store.count_messages(room, from, until, left).map_err(unreadable)?;
        }
    }
    Ok((rooms.len() as u64, messages))
}

/// Writes the export into the target. A spool is not sealed yet.
pub fn render(
    task: &Task<'_>,
    target: &RefCell<dyn Target + '_>,
    progress: &JobProgress,
) -> sdk::Result<Rendered> {
    let order = task.order;
    let time_zone = zone(&order.time_zone)?;
    let filter = Filter::new(order, &time_zone, task.requested_by)?;
    let rooms = rooms::rooms(task, &filter)?;
    progress.expect(rooms::readings(task)?, rooms::expected(task, &filter, &rooms)?);
    let transforms: Vec<&str> = order.transforms.iter().map(|choice| choice.id.as_str()).collect();
    let selection = match &order.rooms {
        Rooms::Thread { .. } => Some("one thread".to_owned()),
        Rooms::Messages { messages, .. } => Some(format!("{} chosen messages", messages.len())),
        Rooms::Listed(_) | Rooms::Seen | Rooms::Server => None,
    };
    let mut scope = sdk::Scope::new(view::time(order.until), task.requested_by);
    scope.rooms = rooms.len() as u64;
    scope.from = order.from.map(view::time);
    scope.query = &order.query;
    scope.selection = selection.as_deref();
    scope.system_messages = order.system_messages;
    scope.transforms = &transforms;
    scope.time_zone = time_zone;
    scope.requested_at = view::time(task.requested_at);

    let mut transformers = Vec::new();
    for choice in &order.transforms {
        transformers.push(task.registry.transform(&choice.id)?.start(&choice.options.value())?);
    }
    let mut formats = Vec::new();
    for choice in &order.formats {
        formats.push((task.registry.format(&choice.id)?, choice.options.value()));
    }
    let shared = formats.len() > 1;
    let mut outputs: Vec<_> = order
        .formats
        .iter()
        .map(|choice| Placed::new(target, shared.then_some(choice.id.as_str())))
        .collect();
    let mut writers = Vec::new();
    for ((format, options), output) in formats.iter().zip(&mut outputs) {
        writers.push((format.order(), format.start(options, &scope, output)?));
    }

    let mut names = RoomNames::default();
    let mut total = Rendered::default();
    for id in &rooms {
        let Some(room) = task.store.room(id).map_err(unreadable)? else {
            if matches!(order.rooms, Rooms::Seen | Rooms::Server) {
                continue;
            }
            return Err(rejected("the room was deleted"));
        };
        let slug = names.take(&room);
        let most = task.sample.map_or(u64::MAX, |sample| sample - total.read);
        let run = Run { task, target, progress, filter: &filter, scope: &scope, shared, slug: &slug, most };
        let rendered = run.room(&room, &mut writers, &mut transformers)?;
        total.summary.add(&rendered.summary);
        total.read += rendered.read;
        if task.store.room(id).map_err(unreadable)?.is_none() {
            return Err(rejected("the room was deleted while it was exported"));
        }
        if task.sample.is_some_and(|sample| total.read >= sample) {
            break;
        }
    }
    for (_, writer) in writers {
        writer.finish(&total.summary)?;
    }
    Ok(total)
}

/// The zone of that name; it was checked when the order was given.
fn zone(name: &str) -> sdk::Result<TimeZone> {
    let unknown = |error| sdk::Error::bad_options(format!("there is no time zone {name:?}")).because(error);
    if name.is_empty() || name == "UTC" { Ok(TimeZone::UTC) } else { TimeZone::get(name).map_err(unknown) }
}

fn unreadable(error: store::Error) -> sdk::Error {
    sdk::Error::new(sdk::ErrorKind::Internal, "the room could not be read").because(error)
}

fn rejected(reason: &str) -> sdk::Error {
    sdk::Error::new(sdk::ErrorKind::Rejected, reason)
}

/// What the passes over one room have in common.
#[derive(Clone, Copy)]
struct Run<'a> {
    task: &'a Task<'a>,
    target: &'a RefCell<dyn Target + 'a>,
    progress: &'a JobProgress,
    filter: &'a Filter,
    scope: &'a sdk::Scope<'a>,
    /// Several formats share the files of messages.
    shared: bool,
    slug: &'a str,
    /// Messages that may be read.
    most: u64,
}

type Writers<'w> = [(sdk::Order, Box<dyn FormatWriter + 'w>)];
type Transformers<'t> = [Box<dyn Transformer + 't>];

impl Run<'_> {
    /// Reads one room, once for every order that some format wants.
    fn room(
        &self,
        room: &Room,
        writers: &mut Writers<'_>,
        transformers: &mut Transformers<'_>,
    ) -> sdk::Result<Rendered> {
        let texts = sdk::Texts::new();
        let activity = self.task.store.activity(&room.id).map_err(unreadable)?;
        let mut seen = view::room(room, activity.members);
        seen.slug = self.slug.into();
        seen.at_least = self.at_least(room)?;
        if !transformers.is_empty() {
            view::hide_record(&mut seen);
        }
        for transformer in &mut *transformers {
            transformer.room(&mut seen, self.scope, &texts)?;
        }
        for (_, writer) in &mut *writers {
            writer.begin_room(&seen, self.scope)?;
        }
        if matches!(self.task.order.rooms, Rooms::Listed(_) | Rooms::Seen | Rooms::Server) {
            pass::members(self.task.store, &room.id, writers, transformers)?;
        }
        let mut rendered = None;
        for order in [sdk::Order::Time, sdk::Order::Threads] {
            if writers.iter().any(|(wanted, _)| *wanted == order) {
                let read = Pass::new(*self, room, order, writers, transformers).read()?;
                rendered.get_or_insert(read);
            }
        }
        let rendered = rendered.unwrap_or_default();
        for (_, writer) in &mut *writers {
            writer.end_room(&rendered.summary)?;
        }
        Ok(rendered)
    }

    fn at_least(&self, room: &Room) -> sdk::Result<u64> {
        if let Rooms::Messages { messages, .. } = &self.task.order.rooms {
            return Ok(messages.len() as u64);
        }
        let (from, until) = self.filter.window();
        self.task.store.count_messages(&room.id, from, until, 10_000).map_err(unreadable)
    }
}
