//! One pass over rooms: stored records become views, pass the transforms, and formats write them
//! into a spool.
//!
//! The only loop that feeds formats. It runs on a blocking thread, in constant memory. Formats that
//! want the same order of messages share one reading; at most there are two, and a third before them
//! if a transform wants to look ahead.

mod filter;
mod led;
mod names;
mod preview;
mod reading;
mod rooms;
mod target;
mod volume;
mod writing;

use std::cell::RefCell;

use export_sdk as sdk;
use export_sdk::{FormatWriter, Registry, Transformer};
use jiff::tz::TimeZone;

use self::filter::Filter;
use self::names::RoomNames;
use self::preview::Preview;
use self::reading::Reading;
pub use self::rooms::extent;
use self::target::Placed;
pub use self::target::Target;
pub use self::volume::volume;
use self::writing::Writing;
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
    /// Stop early: for an estimate.
    pub sample: Option<Sample<'a>>,
}

/// How much is enough for an estimate.
#[derive(Clone, Copy)]
pub struct Sample<'a> {
    /// So many messages.
    pub messages: u64,
    /// Whether it has taken long enough.
    pub is_late: &'a dyn Fn() -> bool,
}

impl Task<'_> {
    fn filter(&self) -> sdk::Result<Filter> {
        Filter::new(self.order, &zone(&self.order.time_zone)?, self.requested_by)
    }

    /// Whether an estimate has taken long enough.
    fn is_late(&self) -> bool {
        self.sample.is_some_and(|sample| (sample.is_late)())
    }

    /// Whether whole rooms are wanted, with their members, and not only some messages of one.
    fn is_of_rooms(&self) -> bool {
        match self.order.rooms {
            Rooms::Listed(_) | Rooms::Seen | Rooms::Server | Rooms::Own => true,
            Rooms::Thread { .. } | Rooms::Messages { .. } => false,
        }
    }
}

/// What was rendered.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    /// What it holds.
    pub summary: sdk::Summary,
    /// The rooms there are, those that were not reached included.
    pub rooms: u64,
    /// Messages that were looked at, those that were not wanted included.
    pub read: u64,
    /// Whether there is more than [`Task::sample`] allowed.
    pub is_part: bool,
}

impl Rendered {
    fn add(&mut self, room: &Self) {
        self.summary.add(&room.summary);
        self.read += room.read;
        self.is_part |= room.is_part;
    }
}

/// Writes the export into the target. A spool is not sealed yet.
pub fn render(
    task: &Task<'_>,
    target: &RefCell<dyn Target + '_>,
    progress: &JobProgress,
) -> sdk::Result<Rendered> {
    let order = task.order;
    let filter = task.filter()?;
    let rooms = rooms::rooms(task, &filter, progress)?;
    let transforms: Vec<&str> = order.transforms.iter().map(|choice| choice.id.as_str()).collect();
    let selection = match &order.rooms {
        Rooms::Thread { .. } => Some("one thread".to_owned()),
        Rooms::Messages { messages, .. } => Some(format!("{} chosen messages", messages.len())),
        Rooms::Listed(_) | Rooms::Seen | Rooms::Server | Rooms::Own => None,
    };
    let mut scope = sdk::Scope::new(view::time(order.until), task.requested_by);
    scope.rooms = rooms.len() as u64;
    scope.from = order.from.map(view::time);
    scope.query = order.public_query();
    scope.selection = selection.as_deref();
    scope.system_messages = order.system_messages;
    scope.transforms = &transforms;
    scope.time_zone = zone(&order.time_zone)?;
    scope.requested_at = view::time(task.requested_at);

    let mut transformers = Vec::new();
    for choice in &order.transforms {
        transformers.push(task.registry.transform(&choice.id)?.start(&choice.options.value())?);
    }
    let mut formats = Vec::new();
    for choice in &order.formats {
        formats.push((task.registry.format(&choice.id)?, choice.options.value()));
    }
    let orders: Vec<sdk::Order> = [sdk::Order::Time, sdk::Order::Threads]
        .into_iter()
        .filter(|order| formats.iter().any(|(format, _)| format.order() == *order))
        .collect();
    let previews = transformers.iter().any(|transformer| transformer.wants_preview());
    let readings = orders.len() as u64 + u64::from(previews);
    progress.expect(readings, rooms::expected(task, &filter, &rooms)?);

    let shared = formats.len() > 1;
    let run = Run { task, target, progress, filter: &filter, scope: &scope, shared, orders: &orders };
    if previews {
        run.preview(&rooms, &mut transformers)?;
    }
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
    // What each order has come to: they differ where messages are deleted meanwhile.
    let mut totals = vec![Rendered::default(); orders.len()];
    for id in &rooms {
        let Some(room) = run.find(id)? else { continue };
        let most = run.left(totals.first().map_or(0, |total| total.read));
        let rendered = run.room(&room, &mut names, most, &mut writers, &mut transformers)?;
        for (total, part) in totals.iter_mut().zip(&rendered) {
            total.add(part);
        }
        if task.store.room(id).map_err(unreadable)?.is_none() {
            return Err(rejected("the room was deleted while it was exported"));
        }
        if totals.iter().any(|total| total.is_part) || task.is_late() {
            break;
        }
    }
    for (order, writer) in writers {
        writer.finish(&totals[place(&orders, order)].summary)?;
    }
    let is_part = totals.iter().any(|total| total.is_part) || task.is_late();
    let total = totals.into_iter().next().unwrap_or_default();
    Ok(Rendered { rooms: rooms.len() as u64, is_part, ..total })
}

/// Where the reading of that order stands among them.
fn place(orders: &[sdk::Order], order: sdk::Order) -> usize {
    orders.iter().position(|known| *known == order).expect("the orders are those of the formats")
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

/// A failure of the store or of a plug-in, whichever comes first.
struct Failure(sdk::Error);

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Self(unreadable(error))
    }
}

impl From<sdk::Error> for Failure {
    fn from(error: sdk::Error) -> Self {
        Self(error)
    }
}

type Writers<'w> = [(sdk::Order, Box<dyn FormatWriter + 'w>)];
type Transformers<'t> = [Box<dyn Transformer + 't>];

/// What the readings of all rooms have in common.
#[derive(Clone, Copy)]
struct Run<'a> {
    task: &'a Task<'a>,
    target: &'a RefCell<dyn Target + 'a>,
    progress: &'a JobProgress,
    filter: &'a Filter,
    scope: &'a sdk::Scope<'a>,
    /// Several formats share the files of messages.
    shared: bool,
    /// The orders that some format wants.
    orders: &'a [sdk::Order],
}

impl Run<'_> {
    /// A room, if it is still there. One that was asked for by name must be.
    fn find(&self, id: &crate::domain::RoomId) -> sdk::Result<Option<Room>> {
        self.progress.work.check()?;
        let room = self.task.store.room(id).map_err(unreadable)?;
        let may_be_gone = matches!(self.task.order.rooms, Rooms::Seen | Rooms::Server | Rooms::Own);
        if room.is_none() && !may_be_gone {
            return Err(rejected("the room was deleted"));
        }
        Ok(room)
    }

    /// How many messages may still be read.
    fn left(&self, read: u64) -> u64 {
        self.task.sample.map_or(u64::MAX, |sample| sample.messages.saturating_sub(read))
    }

    /// Shows everything to those transforms that want to look ahead.
    fn preview(
        &self,
        rooms: &[crate::domain::RoomId],
        transformers: &mut Transformers<'_>,
    ) -> sdk::Result<()> {
        let mut read = 0;
        for id in rooms {
            if self.task.is_late() {
                break;
            }
            let Some(room) = self.find(id)? else { continue };
            let mut preview = Preview { transformers };
            if self.task.is_of_rooms() {
                preview.members(self, &room)?;
            }
            let reading = Reading::new(self, &room, sdk::Order::Time, self.left(read));
            read += reading.read(&mut preview)?.read;
        }
        Ok(())
    }

    /// Writes one room, which is read once for every order.
    fn room(
        &self,
        room: &Room,
        names: &mut RoomNames,
        most: u64,
        writers: &mut Writers<'_>,
        transformers: &mut Transformers<'_>,
    ) -> sdk::Result<Vec<Rendered>> {
        let texts = sdk::Texts::new();
        let activity = self.task.store.activity(&room.id).map_err(unreadable)?;
        let mut seen = view::room(room, activity.members);
        seen.expected = rooms::held(self.task, self.filter, &room.id, 10_000)?;
        if !transformers.is_empty() {
            view::hide_record(&mut seen);
        }
        for transformer in &mut *transformers {
            transformer.room(&mut seen, self.scope, &texts)?;
        }
        // After the transforms: what they take away must not stand in names of files.
        seen.slug = names.take(seen.name, seen.id).into();
        for (_, writer) in &mut *writers {
            writer.begin_room(&seen, self.scope)?;
        }
        if self.task.is_of_rooms() {
            writing::members(self, room, writers, transformers)?;
        }
        let mut rendered = Vec::new();
        for order in self.orders {
            let mut writing = Writing::new(self, room, *order, writers, transformers);
            let read = Reading::new(self, room, *order, most).read(&mut writing)?;
            let summary = writing.into_summary();
            rendered.push(Rendered { summary, rooms: 1, read: read.read, is_part: read.is_part });
        }
        for (order, writer) in &mut *writers {
            writer.end_room(&rendered[place(self.orders, *order)].summary)?;
        }
        Ok(rendered)
    }
}
