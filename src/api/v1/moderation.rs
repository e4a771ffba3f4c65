//! `moderation.*`: what people report, and what moderators do about it.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
use crate::api::page::Paged;
use crate::api::present;
use crate::api::rows::TopRows;
use crate::api::schema::exactly_one;
use crate::api::wire::{self, report};
use crate::app::App;
use crate::domain::report::About;
use crate::domain::{Message, MessageId, Report, Time, UserId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::moderation::{self, Verdict, Wanted};
use crate::store::Direction;
use crate::store::reports::Reported;

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    const SEES: &[&str] = &["view-moderation-console"];
    const ACTS: &[&str] = &["manage-moderation-actions"];
    const REPORTS: &str = "reports* page";
    const OF_USER: &str = "user object, reports* page";
    const MESSAGES: &str = "user object, messages* page";
    vec![
        get("moderation.reportsByUsers").needs(SEES).returns(REPORTS).user(reports_by_users),
        get("moderation.userReports").needs(SEES).returns(REPORTS).user(user_reports),
        get("moderation.user.reportedMessages").needs(SEES).returns(MESSAGES).user(reported_messages),
        get("moderation.user.reportsByUserId").needs(SEES).returns(OF_USER).user(reports_by_user_id),
        get("moderation.reports").needs(SEES).returns(REPORTS).user(reports),
        get("moderation.reportInfo").needs(SEES).returns("report* object").user(report_info),
        post("moderation.dismissReports").needs(ACTS).returns(NOTHING).user(dismiss_reports),
        post("moderation.dismissUserReports").needs(ACTS).returns(NOTHING).user(dismiss_user_reports),
        post("moderation.user.deleteReportedMessages")
            .needs(ACTS)
            .returns(NOTHING)
            .user(delete_reported_messages),
        post("moderation.reportUser").returns(NOTHING).user(report_user),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct Period {
    latest: Option<String>,
    oldest: Option<String>,
    selector: Option<String>,
}

impl Period {
    fn wanted(&self) -> Result<Wanted> {
        let instant = |text: &Option<String>, otherwise| match text.as_deref().filter(|text| !text.is_empty())
        {
            None => Ok(Time::from_millis(otherwise)),
            Some(text) => Time::parse(text).ok_or_else(|| Error::invalid("must match format \"date-time\"")),
        };
        let (oldest, latest) = (instant(&self.oldest, i64::MIN)?, instant(&self.latest, i64::MAX)?);
        Ok(Wanted { oldest, latest, ..saying(self.selector.as_deref()) })
    }
}

/// Reports of all times that say something.
fn saying(selector: Option<&str>) -> Wanted {
    let (oldest, latest) = (Time::from_millis(i64::MIN), Time::from_millis(i64::MAX));
    Wanted { oldest, latest, selector: selector.unwrap_or_default().to_lowercase() }
}

fn reports_by_users(app: &App, _: &Caller, asked: Paged<Period>) -> Result<Value> {
    groups(app, &asked, true)
}

fn user_reports(app: &App, _: &Caller, asked: Paged<Period>) -> Result<Value> {
    groups(app, &asked, false)
}

fn groups(app: &App, asked: &Paged<Period>, of_messages: bool) -> Result<Value> {
    let mut sort = asked.sort()?;
    if sort.is_empty() {
        sort = vec![("ts".to_owned(), false)];
    }
    let mut rows = TopRows::new(asked.page(app)?, sort);
    moderation::groups(app, of_messages, &asked.params.wanted()?, |group| {
        let mut rooms = Vec::new();
        for id in &group.rooms {
            rooms.extend(app.store.room(id)?.map(|room| report::room(&room)));
        }
        let is_deleted = app.store.user(&group.latest.about.user().id)?.is_none();
        rows.offer(report::group(&group, &rooms, is_deleted));
        Ok(())
    })?;
    Ok(rows.finish("reports"))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OfUser {
    #[schemars(length(min = 1))]
    user_id: String,
    selector: Option<String>,
}

/// A part of a list of reports, in the order that was asked for.
fn part<P>(
    app: &App,
    asked: &Paged<P>,
    of: &Reported,
    selector: Option<&str>,
) -> Result<(Vec<Report>, usize)> {
    let page = asked.page(app)?;
    let oldest_first = asked.sort()?.iter().any(|(field, ascending)| field == "ts" && *ascending);
    let direction = if oldest_first { Direction::Ascending } else { Direction::Descending };
    moderation::list(app, of, &saying(selector), direction, (page.offset, page.count))
}

fn reported_messages(app: &App, caller: &Caller, asked: Paged<OfUser>) -> Result<Value> {
    let OfUser { user_id, selector } = &asked.params;
    let of = Reported::MessagesOf(UserId::new(user_id));
    let (found, total) = part(app, &asked, &of, selector.as_deref())?;
    let mut messages: Vec<(&str, &Message, Time)> = Vec::new();
    for report in &found {
        if let About::Message(message) = &report.about
            && messages.iter().all(|(_, known, _)| known.id != message.id)
        {
            messages.push((&report.id, message, report.at));
        }
    }
    let mut rows = Vec::new();
    for (id, message, at) in messages {
        let mut row = json!({
            "_id": id, "message": present::message(app, &caller.user.id, message)?, "ts": wire::time(at),
        });
        if let Some(room) = app.store.room(&message.room)? {
            row["room"] = report::room(&room);
        }
        rows.push(row);
    }
    of_user(app, user_id, asked.page(app)?.wrap("messages", rows, total))
}

fn reports_by_user_id(app: &App, _: &Caller, asked: Paged<OfUser>) -> Result<Value> {
    let OfUser { user_id, selector } = &asked.params;
    let of = Reported::User(UserId::new(user_id));
    let (found, total) = part(app, &asked, &of, selector.as_deref())?;
    let rows = found.iter().map(report::report).collect();
    of_user(app, user_id, asked.page(app)?.wrap("reports", rows, total))
}

/// Adds whose reports these are, if the account is still there.
fn of_user(app: &App, user: &str, mut reply: Value) -> Result<Value> {
    if let Some(user) = app.store.user(&UserId::new(user))? {
        reply["user"] = wire::reference(&user.reference());
    }
    Ok(reply)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OfMessage {
    #[schemars(length(min = 1))]
    msg_id: String,
    selector: Option<String>,
}

fn reports(app: &App, _: &Caller, asked: Paged<OfMessage>) -> Result<Value> {
    let OfMessage { msg_id, selector } = &asked.params;
    let of = Reported::Message(MessageId::new(msg_id));
    let (found, total) = part(app, &asked, &of, selector.as_deref())?;
    let rows = found.iter().map(|found| with_room(app, found, report::report(found)));
    Ok(asked.page(app)?.wrap("reports", rows.collect::<Result<_>>()?, total))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OneReport {
    #[schemars(length(min = 1))]
    report_id: String,
}

fn report_info(app: &App, caller: &Caller, asked: OneReport) -> Result<Value> {
    let found = app.store.report(&asked.report_id)?;
    let found = found.ok_or_else(|| Error::plain("error-report-not-found"))?;
    let value = with_room(app, &found, report::full(&found, &caller.user.id))?;
    Ok(json!({"report": value}))
}

/// Adds where the reported message is, if the room is still there.
fn with_room(app: &App, found: &Report, mut value: Value) -> Result<Value> {
    if let About::Message(message) = &found.about
        && let Some(room) = app.store.room(&message.room)?
    {
        value["room"] = report::room(&room);
    }
    Ok(value)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("oneOf" = exactly_one(&["userId", "msgId"])))]
struct Dismissed {
    user_id: Option<String>,
    msg_id: Option<String>,
    reason: Option<String>,
    action: Option<String>,
}

fn dismiss_reports(app: &App, caller: &Caller, asked: Dismissed) -> Result<Value> {
    let Dismissed { user_id, msg_id, reason, action } = asked;
    let of = match (user_id, msg_id) {
        (Some(user), _) => Reported::MessagesOf(UserId::new(user)),
        (None, message) => Reported::Message(MessageId::new(message.unwrap_or_default())),
    };
    moderation::dismiss(app, &caller.user, &of, Verdict { reason, action })?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct UserDealtWith {
    #[schemars(length(min = 1))]
    user_id: String,
    reason: Option<String>,
    action: Option<String>,
}

fn dismiss_user_reports(app: &App, caller: &Caller, asked: UserDealtWith) -> Result<Value> {
    let UserDealtWith { user_id, reason, action } = asked;
    let of = Reported::User(UserId::new(user_id));
    moderation::dismiss(app, &caller.user, &of, Verdict { reason, action })?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MessagesDealtWith {
    #[schemars(length(min = 1))]
    user_id: String,
    reason: Option<String>,
}

fn delete_reported_messages(app: &App, caller: &Caller, asked: MessagesDealtWith) -> Result<Value> {
    moderation::delete_reported(app, &caller.user, &UserId::new(asked.user_id), asked.reason)?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ReportedUser {
    #[schemars(length(min = 1))]
    user_id: String,
    #[schemars(length(min = 1))]
    description: String,
}

fn report_user(app: &App, caller: &Caller, asked: ReportedUser) -> Result<Value> {
    moderation::report_user(app, &caller.user, &UserId::new(asked.user_id), &asked.description)?;
    Ok(Value::Null)
}
