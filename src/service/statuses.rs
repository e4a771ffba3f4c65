//! Lines about their status that administrators offer to people.

use super::access;
use crate::app::App;
use crate::domain::CustomStatus;
use crate::domain::id::random_id;
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::store::{Direction, Span};

const LONGEST_NAME: usize = 120;
/// So many may be offered.
const MOST: u64 = 500;

/// All that are offered, by name.
pub fn list(app: &App) -> Result<Vec<CustomStatus>> {
    let found = app.store.list::<CustomStatus>(Span::all(), Direction::Ascending, 0, usize::MAX)?;
    let mut statuses: Vec<CustomStatus> = found.into_iter().map(|(_, status)| status).collect();
    statuses.sort_by_cached_key(|status| status.name.to_lowercase());
    Ok(statuses)
}

/// The one of that id.
pub fn find(app: &App, id: &str) -> Result<Option<CustomStatus>> {
    Ok(app.store.get::<CustomStatus>(&(id.to_owned(),))?)
}

/// Refuses those who may not change what is offered.
pub fn require(app: &App, caller: &Caller) -> Result<()> {
    let may = access::holds(app, &caller.user, "manage-user-status")?;
    if may { Ok(()) } else { Err(Error::code("not_authorized")) }
}

/// Offers a line, or another instead of the one of that id.
pub fn put(app: &App, id: Option<&str>, name: &str, status: Option<&str>) -> Result<CustomStatus> {
    let invalid = |text: String| Error::refused("error-input-is-not-a-valid-field", text);
    let name = name.trim();
    if name.is_empty() {
        return Err(Error::refused("error-the-field-is-required", "The field Name is required"));
    }
    let odd = |c: char| c.is_control() || "><&\"'".contains(c);
    if name.contains(odd) || name.chars().count() > LONGEST_NAME {
        return Err(invalid(format!("{name} is not a valid name")));
    }
    app.store.write(|batch| {
        let taken = list(app)?.iter().any(|known| known.name == name && Some(known.id.as_str()) != id);
        if taken {
            let text = "The custom user status name is already in use";
            return Err(Error::refused("Custom_User_Status_Error_Name_Already_In_Use", text));
        }
        let old = id.map(|id| batch.get::<CustomStatus>(&(id.to_owned(),))).transpose()?.flatten();
        if old.is_none() && app.store.count::<CustomStatus>(Span::all(), MOST)? >= MOST {
            let text = format!("There may be no more than {MOST} statuses: delete one first");
            return Err(Error::refused("error-too-many-statuses", text));
        }
        let status = status.map(ToOwned::to_owned).or_else(|| old.as_ref().map(|old| old.status.clone()));
        let status = status.unwrap_or_else(|| "online".to_owned());
        if !["online", "away", "busy", "offline"].contains(&status.as_str()) {
            return Err(invalid(format!("{status} is not a valid status type")));
        }
        let id = old.map_or_else(random_id, |old| old.id);
        let put = CustomStatus { id, name: name.to_owned(), status, updated: app.now() };
        batch.put(&(put.id.clone(),), &put)?;
        Ok(put)
    })
}

/// Offers a line no longer.
pub fn delete(app: &App, id: &str) -> Result<()> {
    app.store.write(|batch| {
        let key = (id.to_owned(),);
        if !batch.has::<CustomStatus>(&key)? {
            let text = "Invalid user status";
            return Err(Error::refused("Custom_User_Status_Error_Invalid_User_Status", text));
        }
        batch.delete::<CustomStatus>(&key);
        Ok(())
    })
}
