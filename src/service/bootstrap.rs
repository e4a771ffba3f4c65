//! What a store must hold before anybody comes: roles, permissions, the first room and people.

use std::sync::atomic::Ordering;

use crate::app::App;
use crate::config::{FirstAdmin, InitialUser};
use crate::domain::permission::{PERMISSIONS, ROLES, roles_of};
use crate::domain::user::{Email, UserKind};
use crate::domain::{Grant, Json, Role, Room, RoomId, RoomKind, Setting, Subscription, User, UserId, id};
use crate::error::{Error, Result};
use crate::passwords::PasswordDigest;
use crate::store::Batch;

/// An administrator that was just made, whose password is to be shown once.
pub struct NewAdmin {
    /// The login name.
    pub username: String,
    /// The password.
    pub password: String,
}

/// Fills a new store and does what the environment asks for. `make_admin`: if there is no
/// administrator then, make one with a random password. Does nothing the second time.
pub fn prepare(app: &App, make_admin: bool) -> Result<Option<NewAdmin>> {
    app.store.write(|batch| furnish(app, batch))?;
    if let Some(wanted) = &app.config.environment.admin
        && !has_admin(app)?
    {
        create_admin(app, wanted)?;
    }
    if let Some(wanted) = &app.config.environment.initial_user {
        create_initial_user(app, wanted)?;
    }
    let mut made = None;
    if make_admin && app.config.environment.admin.is_none() && !has_admin(app)? {
        let password = id::random_text(20);
        let username = free_username(app, "admin")?;
        let wanted = FirstAdmin {
            username: username.clone(),
            name: "Administrator".to_owned(),
            email: None,
            verified: false,
            password: password.clone(),
        };
        create_admin(app, &wanted)?;
        made = Some(NewAdmin { username, password });
    }
    app.store.durable_blocking()?;
    Ok(made)
}

fn furnish(app: &App, batch: &mut Batch<'_>) -> Result<()> {
    let now = app.now();
    for (id, description, scope) in ROLES {
        let key = ((*id).to_owned(),);
        if !batch.has::<Role>(&key)? {
            let role = Role {
                id: (*id).to_owned(),
                name: (*id).to_owned(),
                description: (*description).to_owned(),
                scope: *scope,
                protected: true,
                updated: now,
                second_factor: false,
            };
            batch.put(&key, &role)?;
        }
    }
    for (letters, permissions) in PERMISSIONS {
        for permission in *permissions {
            let key = ((*permission).to_owned(),);
            if !batch.has::<Grant>(&key)? {
                batch.put(&key, &Grant { roles: roles_of(letters), updated: now })?;
            }
        }
    }
    let unique = ("uniqueID".to_owned(),);
    if batch.has::<Setting>(&unique)? {
        return Ok(());
    }
    // From here on only in a new store: whoever deletes #general or the cat does not want it back.
    batch.put(&unique, &Setting { value: Json::of(&id::random_id()), updated: now })?;
    let mut cat = User::new(UserId::new("rocket.cat"), "rocket.cat", now);
    cat.name = Some("Rocket.Cat".to_owned());
    cat.kind = UserKind::Bot;
    cat.roles = vec!["bot".to_owned()];
    "online".clone_into(&mut cat.status);
    cat.status_default = Some("online".to_owned());
    cat.set_avatar(Some("local"), Some("local"));
    cat.extra = cat.extra.with("utcOffset", 0.into());
    batch.put_user(&cat)?;
    let mut general =
        Room::new(RoomId::new("GENERAL"), RoomKind::Channel, Some("general".to_owned()), None, now);
    general.default = true;
    batch.put_room(&general)?;
    batch.put_subscription(&Subscription::new(&cat.reference(), general.id, now))?;
    Ok(())
}

/// Whether somebody is an administrator.
pub fn has_admin(app: &App) -> Result<bool> {
    if app.has_admin.load(Ordering::Relaxed) {
        return Ok(true);
    }
    let mut found = false;
    app.store.users::<Error>(|user| {
        found = user.has_role("admin");
        Ok(if found { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) })
    })?;
    app.has_admin.store(found, Ordering::Relaxed);
    Ok(found)
}

fn free_username(app: &App, wish: &str) -> Result<String> {
    let mut name = wish.to_owned();
    let mut number = 1;
    while app.store.user_by_name(&name)?.is_some() {
        name = format!("{wish}{number}");
        number += 1;
    }
    Ok(name)
}

fn create_admin(app: &App, wanted: &FirstAdmin) -> Result<()> {
    let FirstAdmin { username, name, email, verified, password } = wanted;
    let taken = app.store.user_by_name(username)?.is_some()
        || email.as_deref().is_some_and(|email| matches!(app.store.user_by_email(email), Ok(Some(_))));
    if taken {
        tracing::warn!(username, "the first administrator is not made: name or address is taken");
        return Ok(());
    }
    let mut user = User::new(UserId::random(), username, app.now());
    user.name = Some(name.clone());
    user.roles = vec!["admin".to_owned(), "user".to_owned()];
    user.emails =
        email.iter().map(|address| Email { address: address.clone(), verified: *verified }).collect();
    user.password = Some(app.passwords.hash(PasswordDigest::of(password))?);
    put_with_default_rooms(app, &user)
}

fn create_initial_user(app: &App, wanted: &InitialUser) -> Result<()> {
    let id = wanted.id.as_ref().map_or_else(UserId::random, UserId::new);
    if app.store.user(&id)?.is_some() || app.store.user_by_name(&wanted.username)?.is_some() {
        return Ok(());
    }
    let mut user = User::new(id, &wanted.username, app.now());
    user.name.clone_from(&wanted.name);
    user.roles = vec!["admin".to_owned()];
    user.emails =
        wanted.email.iter().map(|address| Email { address: address.clone(), verified: true }).collect();
    user.password = Some(app.passwords.hash(PasswordDigest::of(&wanted.password))?);
    put_with_default_rooms(app, &user)
}

fn put_with_default_rooms(app: &App, user: &User) -> Result<()> {
    app.store.write(|batch| {
        batch.put_user(user)?;
        super::rooms::join_default_rooms(app, batch, user)
    })
}
