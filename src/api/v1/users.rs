//! `users.*`: one account, and pages of many.

use std::ops::ControlFlow;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::endpoint::{Endpoint, get};
use crate::api::filter::Filter;
use crate::api::page::{Page, Paged};
use crate::api::rows::TopRows;
use crate::api::schema::exactly_one;
use crate::api::wire::{self, Detail};
use crate::app::App;
use crate::domain::{RoomKind, UnreadThreads, User, UserId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::unread_counts::UnreadCounts;
use crate::service::{access, custom_fields, settings, users};
use crate::store::Direction;

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("users.info").returns("user* object").user(info),
        get("users.list").returns("users* page").user(list),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("oneOf" = exactly_one(&["userId", "username", "importId", "email"])))]
struct Info {
    user_id: Option<String>,
    username: Option<String>,
    import_id: Option<String>,
    email: Option<String>,
    fields: Option<String>,
    #[serde(default)]
    include_user_rooms: bool,
}

impl Info {
    fn wants_rooms(&self) -> Result<bool> {
        let fields = projection(self.fields.as_deref())?;
        Ok(self.include_user_rooms || fields.get("userRooms").is_some_and(|wanted| *wanted == 1))
    }

    /// The account that is named, to the letter.
    fn find(&self, app: &App, caller: &User, privileged: bool) -> Result<Option<User>> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(id) = given(&self.user_id) {
            return Ok(app.store.user(&UserId::new(id))?);
        }
        if let Some(name) = given(&self.username) {
            let named = app.store.user_by_name(&name)?.filter(|user| user.username == name);
            return if named.is_some() { Ok(named) } else { Ok(app.store.user(&UserId::new(name))?) };
        }
        if let Some(address) = given(&self.email) {
            // Whose address it is, is nobody else's business.
            let found = app.store.user_by_email(&address)?;
            return Ok(found.filter(|user| privileged || user.id == caller.id));
        }
        if given(&self.import_id).is_some() {
            // Accounts are not imported under ids of their own.
            return Ok(None);
        }
        Err(Error::plain("User not found."))
    }
}

fn info(app: &App, caller: &Caller, params: Info) -> Result<Value> {
    let privileged = access::holds(app, &caller.user, "view-full-other-user-info")?;
    let found = params.find(app, &caller.user, privileged)?;
    let user = found.ok_or_else(|| Error::plain("User not found."))?;
    let own = user.id == caller.user.id;
    let mut shown = if own || privileged {
        wire::user(&user, Detail::Full)
    } else {
        wire::account::stranger(&user, &custom_fields::public(app)?)
    };
    shown["canViewAllInfo"] = privileged.into();
    if own {
        shown["services"] = wire::account::services(&user);
    }
    if params.wants_rooms()? && (own || access::holds(app, &caller.user, "view-other-user-channels")?) {
        shown["rooms"] = rooms_of(app, &user)?;
    }
    Ok(json!({"user": shown}))
}

/// The rooms a user is in, by kind and name.
fn rooms_of(app: &App, user: &User) -> Result<Value> {
    let counts = UnreadCounts::of(app)?;
    let mut rooms: Vec<(RoomKind, String, Value)> = Vec::new();
    app.store.memberships::<Error>(&user.id, |subscription| {
        if let Some(room) = app.store.room(&subscription.room)? {
            let activity = app.store.activity(&room.id)?;
            let unread = counts.unread(app, &subscription, &room, &activity)?;
            let read = UnreadThreads::default();
            let full = wire::subscription(&subscription, user, (&room, &activity), &read, unread);
            let mut row =
                json!({"_id": full["_id"], "rid": full["rid"], "name": full["name"], "t": full["t"]});
            if !subscription.roles.is_empty() {
                row["roles"] = json!(subscription.roles);
            }
            row["unread"] = full["unread"].clone();
            rooms.push((room.kind, full["name"].as_str().unwrap_or_default().to_owned(), row));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    rooms.sort_by(|one, other| (one.0.letter(), &one.1).cmp(&(other.0.letter(), &other.1)));
    Ok(rooms.into_iter().map(|(_, _, row)| row).collect())
}

#[derive(Deserialize, JsonSchema)]
struct List {
    fields: Option<String>,
    query: Option<String>,
}

/// What a row holds that nobody has asked for by name.
const USUAL_FIELDS: [&str; 10] =
    ["_id", "name", "username", "emails", "roles", "status", "active", "avatarETag", "lastLogin", "type"];

/// Refused in the handler, for the refusal is not that of a row.
fn list(app: &App, caller: &Caller, params: Paged<List>) -> Result<Value> {
    let outside = "API_Apply_permission_view-outside-room_on_users-list";
    let restricted =
        settings::is_on(app, outside)? && !access::holds(app, &caller.user, "view-outside-room")?;
    if restricted || !access::holds(app, &caller.user, "view-d-room")? {
        return Err(Error::Unauthorized);
    }
    let privileged = access::holds(app, &caller.user, "view-full-other-user-info")?;
    let fields = projection(params.params.fields.as_deref())?;
    let filter = Filter::parse(params.params.query.as_deref())?;
    let visible = |field: &str| USUAL_FIELDS.contains(&field) || fields.contains_key(field);
    filter.check_fields(|field| visible(field.split('.').next().unwrap_or_default()))?;
    let (page, mut sort) = (params.page(app)?, params.sort()?);
    by_activity(&mut sort);
    let public = custom_fields::public(app)?;
    let row = |user: &User| {
        row(
            if privileged { wire::user(user, Detail::Full) } else { wire::account::stranger(user, &public) },
            user,
            &fields,
        )
    };
    match sort.as_slice() {
        [] if filter.is_empty() => by_name(app, page, Direction::Ascending, row),
        [(field, ascending)] if filter.is_empty() && field == "username" => {
            by_name(app, page, if *ascending { Direction::Ascending } else { Direction::Descending }, row)
        }
        _ => {
            // Nobody sorts or finds by what he does not see: only rows as they are shown are compared.
            let mut rows = TopRows::new(page, sort);
            users::each_by_name(app, |user| {
                let row = row(&user);
                if filter.matches(&row) {
                    rows.offer(row);
                }
                Ok(())
            })?;
            Ok(rows.finish("users"))
        }
    }
}

fn by_name(app: &App, page: Page, direction: Direction, row: impl Fn(&User) -> Value) -> Result<Value> {
    let (users, total) = users::page_by_name(app, direction, page.offset, page.count)?;
    let total = usize::try_from(total).unwrap_or(usize::MAX);
    Ok(page.wrap("users", users.iter().map(row).collect(), total))
}

/// Among those of one status the deactivated ones stand together.
pub(super) fn by_activity(sort: &mut Vec<(String, bool)>) {
    if let Some(place) = sort.iter().position(|(field, _)| field == "status") {
        sort.insert(place + 1, ("active".to_owned(), sort[place].1));
    }
}

/// A row of the list: the usual fields and those that were asked for.
fn row(mut row: Value, user: &User, fields: &Map<String, Value>) -> Value {
    if let Value::Object(map) = &mut row {
        map.retain(|key, _| USUAL_FIELDS.contains(&key.as_str()) || fields.contains_key(key));
        map.insert("nameInsensitive".to_owned(), user.display_name().to_lowercase().into());
    }
    row
}

/// The fields that `fields` asks for.
fn projection(raw: Option<&str>) -> Result<Map<String, Value>> {
    let Some(raw) = raw.filter(|raw| !raw.is_empty()) else { return Ok(Map::new()) };
    let fields: Map<String, Value> = serde_json::from_str(raw).map_err(|_| {
        Error::refused("error-invalid-fields", format!("Invalid fields parameter provided: \"{raw}\""))
    })?;
    Ok(fields.into_iter().filter(|(_, wanted)| *wanted == 1 || *wanted == true).collect())
}
