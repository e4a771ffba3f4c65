//! Which roles there are, and which permissions they hold.

use super::settings;
use crate::app::App;
use crate::domain::{Grant, Role, Time};
use crate::error::{Error, Result};
use crate::store::{Direction, Span};

/// All roles by id. There are some dozens at most.
pub fn roles(app: &App) -> Result<Vec<Role>> {
    let roles = app.store.list::<Role>(Span::all(), Direction::Ascending, 0, usize::MAX)?;
    Ok(roles.into_iter().map(|(_, role)| role).collect())
}

/// Whether there is a role of that id.
pub fn is_role(app: &App, id: &str) -> Result<bool> {
    Ok(app.store.has::<Role>(&(id.to_owned(),))?)
}

/// All permissions by id, or those that changed since a time.
pub fn list(app: &App, since: Option<Time>) -> Result<Vec<(String, Grant)>> {
    let grants = app.store.list::<Grant>(Span::all(), Direction::Ascending, 0, usize::MAX)?;
    let changed = |grant: &Grant| since.is_none_or(|since| grant.updated > since);
    Ok(grants.into_iter().filter(|(_, grant)| changed(grant)).map(|((id,), grant)| (id, grant)).collect())
}

/// Gives each of these permissions to exactly these roles; all of them or, if one is wrong, none.
pub fn update(app: &App, changes: Vec<(String, Vec<String>)>) -> Result<()> {
    app.store.write(|batch| {
        for (id, roles) in changes {
            let key = (id,);
            let mut grant = match batch.get::<Grant>(&key)? {
                Some(grant) => grant,
                // To change one setting: nobody holds that until somebody is given it.
                None if settings::setting_of(&key.0).is_some() => {
                    Grant { roles: Vec::new(), updated: app.now() }
                }
                None => return Err(Error::typed("Invalid permission", "error-invalid-permission")),
            };
            for role in &roles {
                if !batch.has::<Role>(&(role.clone(),))? {
                    return Err(Error::typed("Invalid role", "error-invalid-role"));
                }
            }
            grant.roles = roles;
            grant.updated = app.now();
            batch.put(&key, &grant)?;
        }
        Ok(())
    })
}
