//! Roles: made, changed, deleted, and who has which.

use std::ops::ControlFlow;

use super::member_lists::has_several_owners;
use super::removed::{self, Changes};
use super::{access, permissions};
use crate::app::App;
use crate::domain::id::random_id;
use crate::domain::{Grant, Role, RoleScope, RoomId, Subscription, Time, User};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::store::Batch;

/// What removed roles are kept as.
const KIND: &str = "role";
const LONGEST_NAME: usize = 100;
const LONGEST_DESCRIPTION: usize = 1000;

/// What a role is to be; what is not given stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// The name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Where it holds: `Users` or `Subscriptions`.
    pub scope: Option<String>,
    /// Whoever has it needs a second factor.
    pub second_factor: Option<bool>,
}

/// The role of that id, else of that name.
pub fn find(app: &App, id_or_name: &str) -> Result<Option<Role>> {
    if let Some(role) = app.store.get::<Role>(&(id_or_name.to_owned(),))? {
        return Ok(Some(role));
    }
    Ok(permissions::roles(app)?.into_iter().find(|role| role.name == id_or_name))
}

/// The roles that changed since a time, and those that are gone.
pub fn since(app: &App, since: Time) -> Result<Changes<Role>> {
    let mut changed = permissions::roles(app)?;
    changed.retain(|role| role.updated > since);
    Ok(Changes { changed, gone: removed::since(app, KIND, since)? })
}

/// Makes a role.
pub fn create(app: &App, wish: Wish) -> Result<Role> {
    app.store.write(|batch| {
        let mut role = Role {
            id: random_id(),
            name: String::new(),
            description: String::new(),
            scope: RoleScope::Users,
            protected: false,
            updated: app.now(),
            second_factor: false,
        };
        apply(app, &mut role, wish)?;
        if role.name.is_empty() {
            return Err(invalid());
        }
        batch.put(&(role.id.clone(),), &role)?;
        Ok(role)
    })
}

/// Changes a role.
pub fn update(app: &App, id: &str, wish: Wish) -> Result<Role> {
    app.store.write(|batch| {
        let mut role = batch.get::<Role>(&(id.to_owned(),))?.ok_or_else(unknown)?;
        let (name, scope) = (role.name.clone(), role.scope);
        apply(app, &mut role, wish)?;
        if role.protected && (role.name != name || role.scope != scope) {
            return Err(Error::refused("error-role-protected", "Role is protected"));
        }
        if role.scope != scope && app.store.count_role_holders(id, 1)? > 0 {
            let text = "Cannot change the scope of a role that is in use";
            return Err(Error::refused("error-role-in-use", text));
        }
        role.updated = app.now();
        batch.put(&(role.id.clone(),), &role)?;
        Ok(role)
    })
}

fn apply(app: &App, role: &mut Role, wish: Wish) -> Result<()> {
    if let Some(name) = wish.name {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
            return Err(invalid());
        }
        if find(app, name)?.is_some_and(|other| other.id != role.id) {
            return Err(Error::refused("error-duplicate-role-names-not-allowed", "Role name already exists"));
        }
        name.clone_into(&mut role.name);
    }
    if let Some(description) = wish.description {
        role.description = description.chars().take(LONGEST_DESCRIPTION).collect();
    }
    role.scope = match wish.scope.as_deref() {
        None => role.scope,
        Some("Users") => RoleScope::Users,
        Some("Subscriptions") => RoleScope::Subscriptions,
        Some(_) => return Err(Error::refused("error-invalid-scope", "Invalid scope")),
    };
    role.second_factor = wish.second_factor.unwrap_or(role.second_factor);
    Ok(())
}

/// Deletes a role that nobody has. Permissions forget it.
pub fn delete(app: &App, id: &str) -> Result<()> {
    let now = app.now();
    app.store.write(|batch| {
        let role = batch.get::<Role>(&(id.to_owned(),))?.ok_or_else(unknown)?;
        if role.protected {
            return Err(Error::refused("error-role-protected", "Cannot delete a protected role"));
        }
        if app.store.count_role_holders(id, 1)? > 0 {
            return Err(Error::refused("error-role-in-use", "Cannot delete role because it's in use"));
        }
        for (permission, mut grant) in permissions::list(app, None)? {
            let before = grant.roles.len();
            grant.roles.retain(|known| known != id);
            if grant.roles.len() < before {
                grant.updated = now;
                batch.put::<Grant>(&(permission,), &grant)?;
            }
        }
        batch.delete::<Role>(&(id.to_owned(),));
        removed::note(batch, KIND, id, role.name, now)
    })
}

/// Gives somebody a role: everywhere, or in a room if it is a role of rooms.
pub fn give(app: &App, caller: &Caller, role: &Role, username: &str, room: Option<&RoomId>) -> Result<()> {
    let not_allowed = |text: &str| Err(Error::refused("error-action-not-allowed", text));
    if role.id == "admin" && !access::holds(app, &caller.user, "assign-admin-role")? {
        return not_allowed("Assigning admin is not allowed");
    }
    let now = app.now();
    app.store.write(|batch| {
        let user = app.store.user_by_name(username)?;
        let mut user = user.ok_or_else(|| Error::refused("error-invalid-user", "Invalid user"))?;
        let already = || Error::refused("error-user-already-in-role", "User already in role");
        match role.scope {
            RoleScope::Users => {
                if user.has_role(&role.id) {
                    return Err(already());
                }
                user.roles.push(role.id.clone());
                user.updated = now;
                batch.put_user(&user)?;
            }
            RoleScope::Subscriptions => {
                let mut member = membership(batch, &user, room)?;
                if member.has_role(&role.id) {
                    return Err(already());
                }
                member.roles.push(role.id.clone());
                member.updated = now;
                batch.put_subscription(&member)?;
            }
        }
        Ok(())
    })
}

/// Takes a role from somebody. The last administrator and the last owner of a room keep theirs.
pub fn take(app: &App, role: &Role, user: &User, room: Option<&RoomId>) -> Result<()> {
    let now = app.now();
    app.store.write(|batch| {
        let not_in_role = || Error::refused("error-user-not-in-role", "User is not in this role");
        match role.scope {
            RoleScope::Users => {
                let mut user = batch.get::<User>(&(user.id.clone(),))?.ok_or_else(no_such_user)?;
                if !user.has_role(&role.id) {
                    return Err(not_in_role());
                }
                if role.id == "admin" && !has_other_admin(app, &user)? {
                    let text = "You need to have at least one admin";
                    return Err(Error::refused("error-admin-required", text));
                }
                user.roles.retain(|known| *known != role.id);
                user.updated = now;
                batch.put_user(&user)?;
            }
            RoleScope::Subscriptions => {
                let mut member = membership(batch, user, room)?;
                if !member.has_role(&role.id) {
                    return Err(not_in_role());
                }
                if role.id == "owner" && !has_several_owners(app, &member.room)? {
                    let text = "This is the last owner. Please set a new owner before removing this one.";
                    return Err(Error::refused("error-remove-last-owner", text));
                }
                member.roles.retain(|known| *known != role.id);
                member.updated = now;
                batch.put_subscription(&member)?;
            }
        }
        Ok(())
    })
}

fn membership(batch: &Batch<'_>, user: &User, room: Option<&RoomId>) -> Result<Subscription> {
    let Some(room) = room else {
        let text = "This role holds in a room: say which";
        return Err(Error::refused("error-invalid-room", text));
    };
    let member = batch.get::<Subscription>(&(room.clone(), user.id.clone()))?;
    member.ok_or_else(|| Error::refused("error-invalid-user", "User is not part of given room"))
}

fn has_other_admin(app: &App, own: &User) -> Result<bool> {
    let mut found = false;
    app.store.role_holders::<Error>("admin", |_, _, holder| {
        let other = app.store.user(&holder.0)?.filter(|user| user.id != own.id);
        found = other.is_some_and(|user| user.active);
        Ok(if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(found)
}

/// There is no such role.
pub fn unknown() -> Error {
    Error::refused("error-invalid-roleId", "This role does not exist")
}

/// A role cannot be like that.
pub fn invalid() -> Error {
    Error::refused("error-invalid-role-properties", "The role properties are invalid.")
}

/// Nobody is called like that.
pub fn no_such_user() -> Error {
    Error::refused("error-invalid-user", "There is no user with this username")
}
