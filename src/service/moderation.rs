//! Reports of messages and people: making them, looking at them, dealing with them.

use std::ops::ControlFlow;

use super::messages::MOST_AT_ONCE;
use super::{access, deleting, uploads};
use crate::app::App;
use crate::domain::report::{About, Dismissal};
use crate::domain::{Message, MessageId, Report, Room, RoomId, Time, User, UserId, UserRef, id};
use crate::error::{Error, Result};
use crate::store::reports::Reported;
use crate::store::{Batch, Direction};

/// A list of reports is counted and searched so far.
const FARTHEST: usize = 20_000;
/// So many reports are dealt with in one write.
const PART: usize = 50;
/// So many rooms are named of a user who was reported in more.
const MOST_ROOMS: usize = 50;
/// A description, a reason and an action are no longer: the message goes into the record, too.
const LONGEST_TEXT: usize = 5000;

/// Reports a message. What one may not see one cannot report.
pub fn report_message(app: &App, by: &User, id: &MessageId, description: &str) -> Result<()> {
    let description = described(description)?;
    let unknown = || Error::plain("error-invalid-message_id");
    let message = app.store.message(id)?.ok_or_else(unknown)?;
    let room = app.store.room(&message.room)?.ok_or_else(unknown)?;
    if !access::can_see(app, by, &room)? {
        return Err(unknown());
    }
    put(app, by, description, About::message(&message))
}

/// Reports somebody.
pub fn report_user(app: &App, by: &User, id: &UserId, description: &str) -> Result<()> {
    let user = app.store.user(id)?.ok_or_else(|| Error::plain("Invalid user id provided."))?;
    put(app, by, described(description)?, About::User(user.reference()))
}

fn described(description: &str) -> Result<String> {
    let description = description.trim();
    if description.is_empty() {
        return Err(Error::plain("error-invalid-description"));
    }
    short(description)
}

fn short(text: &str) -> Result<String> {
    if text.chars().nth(LONGEST_TEXT).is_some() {
        return Err(Error::invalid(format!("must NOT have more than {LONGEST_TEXT} characters")));
    }
    Ok(text.to_owned())
}

fn put(app: &App, by: &User, description: String, about: About) -> Result<()> {
    let by = by.reference();
    let report = Report { id: id::random_id(), by, at: app.now(), description, about, dismissed: None };
    Ok(app.store.write::<_, crate::store::Error>(|batch| batch.put_report(&report))?)
}

/// Which reports are wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The first instant.
    pub oldest: Time,
    /// The last instant.
    pub latest: Time,
    /// What must be in a name or a text, in lower case.
    pub selector: String,
}

impl Wanted {
    fn names(&self, user: &UserRef) -> bool {
        let holds = |text: &str| text.to_lowercase().contains(&self.selector);
        holds(&user.username) || user.name.as_deref().is_some_and(holds)
    }

    fn says(&self, report: &Report) -> bool {
        let in_message = match &report.about {
            About::Message(message) => message.text.to_lowercase().contains(&self.selector),
            About::User(_) => false,
        };
        in_message || self.names(&report.by) || report.description.to_lowercase().contains(&self.selector)
    }
}

/// All open reports about one user.
#[derive(Debug)]
pub struct Group {
    /// The last of them.
    pub latest: Report,
    /// How many there are.
    pub count: u64,
    /// Where the messages are.
    pub rooms: Vec<RoomId>,
}

/// Calls `each` with what was reported about every user: their messages, or themselves.
pub fn groups(
    app: &App,
    of_messages: bool,
    wanted: &Wanted,
    mut each: impl FnMut(Group) -> Result<()>,
) -> Result<()> {
    let mut current: Option<Group> = None;
    let gather = |report: Report| {
        let in_time = (wanted.oldest..=wanted.latest).contains(&report.at);
        if !in_time || !wanted.names(report.about.user()) {
            return Ok(ControlFlow::Continue(()));
        }
        let other = |group: &mut Group| group.latest.about.user().id != report.about.user().id;
        if let Some(done) = current.take_if(other) {
            each(done)?;
        }
        let fresh = Group { latest: report.clone(), count: 0, rooms: Vec::new() };
        let group = current.get_or_insert(fresh);
        group.count += 1;
        if let About::Message(message) = &report.about
            && group.rooms.len() < MOST_ROOMS
            && !group.rooms.contains(&message.room)
        {
            group.rooms.push(message.room.clone());
        }
        group.latest = report;
        Ok::<_, Error>(ControlFlow::Continue(()))
    };
    if of_messages {
        app.store.reports_by_author(gather)?;
    } else {
        app.store.reports_by_user(gather)?;
    }
    current.map_or(Ok(()), each)
}

/// Open reports in which `selector` is said: `count` of them after `offset`, and how many there are.
pub fn list(
    app: &App,
    of: &Reported,
    wanted: &Wanted,
    direction: Direction,
    page: (usize, usize),
) -> Result<(Vec<Report>, usize)> {
    let (mut found, mut total, mut looked_at) = (Vec::new(), 0, 0);
    app.store.open_reports::<Error>(of, direction, |report| {
        looked_at += 1;
        if wanted.says(&report) {
            if total >= page.0 && found.len() < page.1.min(MOST_AT_ONCE) {
                found.push(report);
            }
            total += 1;
        }
        Ok(if looked_at < FARTHEST { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok((found, total))
}

/// What a moderator says about dealing with reports.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Why.
    pub reason: Option<String>,
    /// What was done.
    pub action: Option<String>,
}

impl Verdict {
    fn of(self, app: &App, moderator: &User) -> Result<Dismissal> {
        let reason = self.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        Ok(Dismissal {
            by: moderator.id.clone(),
            at: app.now(),
            reason: short(reason.unwrap_or("No reason provided"))?,
            action: short(self.action.as_deref().unwrap_or("None"))?,
        })
    }
}

/// Dismisses reports. They are kept, but no longer listed. Of messages there must be some; clients
/// dismiss those of a user without looking whether there are any.
pub fn dismiss(app: &App, moderator: &User, of: &Reported, verdict: Verdict) -> Result<()> {
    let dismissal = verdict.of(app, moderator)?;
    let of_user = matches!(of, Reported::User(_));
    if !of_user && app.store.count_reports(of, 1)? == 0 {
        return Err(Error::plain("no-reports-found"));
    }
    loop {
        let part = open_part(app, of)?;
        if part.is_empty() {
            return Ok(());
        }
        app.store.write::<_, Error>(|batch| {
            part.into_iter().try_for_each(|report| close(batch, report, &dismissal))
        })?;
    }
}

fn open_part(app: &App, of: &Reported) -> Result<Vec<Report>> {
    let mut part = Vec::new();
    app.store.open_reports::<Error>(of, Direction::Ascending, |report| {
        part.push(report);
        Ok(if part.len() < PART { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(part)
}

fn close(batch: &mut Batch<'_>, mut report: Report, dismissal: &Dismissal) -> Result<()> {
    report.dismissed = Some(dismissal.clone());
    Ok(batch.put_report(&report)?)
}

/// Deletes all messages of a user that are reported, and dismisses the reports.
pub fn delete_reported(app: &App, moderator: &User, author: &UserId, reason: Option<String>) -> Result<()> {
    let of = Reported::MessagesOf(author.clone());
    let verdict = Verdict { reason, action: Some("DELETE Messages".to_owned()) };
    let dismissal = verdict.of(app, moderator)?;
    if app.store.count_reports(&of, 1)? == 0 {
        return Err(Error::plain("No reported messages found for this user."));
    }
    loop {
        let part = open_part(app, &of)?;
        if part.is_empty() {
            return Ok(());
        }
        // One at a time: a write sees its own records, but the walks in it do not.
        for report in part {
            let unused = app.store.write::<_, Error>(|batch| {
                let unused = match &report.about {
                    About::Message(message) => delete(app, batch, moderator, message)?,
                    About::User(_) => Vec::new(),
                };
                close(batch, report, &dismissal)?;
                Ok(unused)
            })?;
            uploads::remove_unused(app, &unused)?;
        }
    }
}

/// Deletes a message if it is still there.
fn delete(app: &App, batch: &mut Batch<'_>, moderator: &User, message: &Message) -> Result<Vec<[u8; 32]>> {
    let stands = batch.message(&message.id)?.filter(|stands| stands.kind.as_deref() != Some("rm"));
    let Some(stands) = stands else { return Ok(Vec::new()) };
    if !batch.has::<Room>(&(stands.room.clone(),))? {
        return Ok(Vec::new());
    }
    deleting::remove(app, batch, moderator, &stands)
}
