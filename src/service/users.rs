//! Finding accounts: one by its name, many by page.

use std::ops::ControlFlow;

use crate::app::App;
use crate::domain::{User, UserId};
use crate::error::{Error, Result};
use crate::store::schema::UserByName;
use crate::store::{Direction, Span};

/// The account that a request names by id, or by login name of any case.
pub fn find(app: &App, id: Option<&str>, username: Option<&str>) -> Result<User> {
    let given = |text: &&str| !text.is_empty();
    let user = match (id.filter(given), username.filter(given)) {
        (Some(id), _) => app.store.user(&UserId::new(id))?,
        (None, Some(username)) => app.store.user_by_name(username)?,
        (None, None) => {
            let text = r#"The required "userId" or "username" param was not provided"#;
            return Err(Error::refused("error-user-param-not-provided", text));
        }
    };
    user.ok_or_else(unknown)
}

/// Nobody is called like that.
pub(super) fn unknown() -> Error {
    let text = r#"The required "userId" or "username" param provided does not match any users"#;
    Error::refused("error-invalid-user", text)
}

/// A page of all accounts in the order of their login names, and how many there are.
pub fn page_by_name(
    app: &App,
    direction: Direction,
    offset: usize,
    count: usize,
) -> Result<(Vec<User>, u64)> {
    let total = app.store.count::<UserByName>(Span::all(), u64::MAX)?;
    let mut users = Vec::new();
    for (_, UserByName(id)) in app.store.list::<UserByName>(Span::all(), direction, offset, count)? {
        users.extend(app.store.user(&id)?);
    }
    Ok((users, total))
}

/// Calls `each` with every account in the order of the login names.
pub fn each_by_name(app: &App, mut each: impl FnMut(User) -> Result<()>) -> Result<()> {
    each_by_name_until(app, |user| each(user).map(ControlFlow::Continue))
}

/// The same until `each` breaks.
pub fn each_by_name_until(app: &App, mut each: impl FnMut(User) -> Result<ControlFlow<()>>) -> Result<()> {
    app.store.walk::<UserByName, Error>(Span::all(), Direction::Ascending, |_, UserByName(id)| {
        match app.store.user(&id)? {
            Some(user) => each(user),
            None => Ok(ControlFlow::Continue(())),
        }
    })
}
