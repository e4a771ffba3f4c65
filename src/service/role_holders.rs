//! Who has a role, page by page in the order of login names.

use std::ops::ControlFlow;

use super::permissions;
use crate::app::App;
use crate::domain::{Role, RoleScope, RoomId, Subscription, User};
use crate::error::{Error, Result};

/// A page of those who have a role, and how many there are: everywhere, or in one room.
pub fn page(
    app: &App,
    role: &Role,
    room: Option<&RoomId>,
    offset: usize,
    count: usize,
) -> Result<(Vec<User>, usize)> {
    match room {
        Some(room) if role.scope == RoleScope::Subscriptions => in_room(app, role, room, offset, count),
        Some(_) | None => everywhere(app, role, offset, count),
    }
}

fn everywhere(app: &App, role: &Role, offset: usize, count: usize) -> Result<(Vec<User>, usize)> {
    let (mut users, mut total, mut last) = (Vec::new(), 0, String::new());
    app.store.role_holders::<Error>(&role.id, |name, _, holder| {
        // A role of rooms stands once for each of them.
        if last != name {
            name.clone_into(&mut last);
            if total >= offset && users.len() < count {
                users.extend(app.store.user(&holder.0)?);
            }
            total += 1;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((users, total))
}

fn in_room(app: &App, role: &Role, room: &RoomId, offset: usize, count: usize) -> Result<(Vec<User>, usize)> {
    let mut members: Vec<Subscription> = Vec::new();
    app.store.members::<Error>(room, |member| {
        if member.has_role(&role.id) {
            members.push(member);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    members.sort_by(|one, other| one.username.cmp(&other.username));
    let mut users = Vec::new();
    for member in members.iter().skip(offset).take(count) {
        users.extend(app.store.user(&member.user)?);
    }
    Ok((users, members.len()))
}

/// Those who have a role that everybody may know of, for it has a description: a page, each once.
pub fn in_public_roles(app: &App, offset: usize, count: usize) -> Result<Vec<User>> {
    let public: Vec<Role> = permissions::roles(app)?
        .into_iter()
        .filter(|role| role.scope == RoleScope::Users && !role.description.is_empty())
        .collect();
    let (mut users, mut seen) = (Vec::new(), 0);
    for (place, role) in public.iter().enumerate() {
        app.store.role_holders::<Error>(&role.id, |_, _, holder| {
            let Some(user) = app.store.user(&holder.0)? else { return Ok(ControlFlow::Continue(())) };
            if public[..place].iter().any(|earlier| user.has_role(&earlier.id)) {
                return Ok(ControlFlow::Continue(()));
            }
            seen += 1;
            if seen > offset {
                users.push(user);
            }
            Ok(if users.len() < count { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        if users.len() >= count {
            break;
        }
    }
    Ok(users)
}
