//! `roomscribe user`: accounts, without a server.

use std::io::{IsTerminal, Read};

use anyhow::{anyhow, bail};
use clap::{Args, Subcommand};

use super::{Failure, Outcome, Place, complain, say, unable, usage};
use crate::app::App;
use crate::domain::user::{Email, PersonalToken};
use crate::domain::{LoginToken, User, UserId, id};
use crate::error::Error;
use crate::passwords::PasswordDigest;
use crate::service::{bootstrap, rooms, sessions};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make an account; the password is read from standard input, or made up and shown
    Add(Add),
    /// Set a new password and end all sessions
    Passwd(Name),
    /// Give out a personal access token; it is shown once
    Token(Token),
}

#[derive(Args)]
pub(super) struct Add {
    /// The login name
    username: String,
    /// The display name
    #[arg(long)]
    name: Option<String>,
    /// The e-mail address
    #[arg(long)]
    email: Option<String>,
    /// Make it an administrator
    #[arg(long)]
    admin: bool,
}

#[derive(Args)]
pub(super) struct Name {
    /// The login name
    username: String,
}

#[derive(Args)]
pub(super) struct Token {
    /// The login name
    username: String,
    /// What the token is called
    #[arg(long, default_value = "command line")]
    name: String,
}

pub(super) fn run(place: Place, command: Command) -> Outcome {
    let app = if matches!(command, Command::Add(_)) { place.app()? } else { place.existing_app()? };
    bootstrap::prepare(&app, false).map_err(unable)?;
    match command {
        Command::Add(options) => add(&app, options)?,
        Command::Passwd(options) => passwd(&app, &options.username)?,
        Command::Token(options) => token(&app, &options)?,
    }
    app.store.durable_blocking()?;
    Ok(())
}

fn add(app: &App, options: Add) -> Outcome {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if options.username.is_empty() || options.username.len() > 128 || !options.username.chars().all(plain) {
        return Err(usage(anyhow!("a login name has letters, digits, '-', '_' and '.'")));
    }
    let password = password()?;
    let mut user = User::new(UserId::random(), options.username, app.now());
    user.name = options.name;
    user.emails = options.email.map(|address| Email { address, verified: true }).into_iter().collect();
    if options.admin {
        user.roles.insert(0, "admin".to_owned());
    }
    user.password = Some(app.passwords.hash(PasswordDigest::of(&password.text))?);
    app.store.write::<_, Failure>(|batch| {
        if app.store.user_by_name(&user.username)?.is_some() {
            return Err(anyhow!("there is a user {} already", user.username).into());
        }
        if let Some(email) = user.emails.first()
            && app.store.user_by_email(&email.address)?.is_some()
        {
            return Err(anyhow!("another user has the address {}", email.address).into());
        }
        batch.put_user(&user)?;
        Ok(rooms::join_default_rooms(app, batch, &user)?)
    })?;
    say(&format!("user {} was made, id {}", user.username, user.id))?;
    password.show()
}

fn passwd(app: &App, username: &str) -> Outcome {
    let mut user = find(app, username)?;
    let password = password()?;
    user.password = Some(app.passwords.hash(PasswordDigest::of(&password.text))?);
    user.updated = app.now();
    app.store.write::<_, Error>(|batch| {
        batch.put_user(&user)?;
        Ok(batch.delete_tokens(&user.id, |_, token| token.personal.is_none())?)
    })?;
    say(&format!("{username} has a new password"))?;
    password.show()
}

fn token(app: &App, options: &Token) -> Outcome {
    let user = find(app, &options.username)?;
    let token = sessions::new_token();
    let personal = PersonalToken {
        name: options.name.clone(),
        last_part: token[token.len() - 6..].to_owned(),
        bypass_two_factor: true,
    };
    let record = LoginToken { user: user.id.clone(), created: app.now(), personal: Some(personal) };
    app.store.write::<_, Error>(|batch| {
        batch.delete_tokens(&user.id, |_, token| {
            token.personal.as_ref().is_some_and(|personal| personal.name == options.name)
        })?;
        Ok(batch.put_token(sessions::hash(&token), &record)?)
    })?;
    say(&format!("X-User-Id: {}\nX-Auth-Token: {token}", user.id))?;
    Ok(())
}

fn find(app: &App, username: &str) -> Result<User, Failure> {
    let user = app.store.user_by_name(username)?;
    user.ok_or_else(|| usage(anyhow!("there is no user {username:?}; make one with `roomscribe user add`")))
}

struct Password {
    text: String,
    made_up: bool,
}

impl Password {
    fn show(&self) -> Outcome {
        if self.made_up {
            say(&format!("password: {}", self.text))?;
        }
        Ok(())
    }
}

/// The first line of standard input; on a terminal a password is made up.
fn password() -> Result<Password, Failure> {
    if std::io::stdin().is_terminal() {
        complain("(a password was made up; to choose one: echo 'password' | roomscribe user …)");
        return Ok(Password { text: id::random_text(20), made_up: true });
    }
    let mut text = String::new();
    std::io::stdin().take(4096).read_to_string(&mut text)?;
    let text = text.lines().next().unwrap_or_default().to_owned();
    if text.is_empty() {
        return Ok(Password { text: id::random_text(20), made_up: true });
    }
    check_length(&text)?;
    Ok(Password { text, made_up: false })
}

fn check_length(password: &str) -> anyhow::Result<()> {
    if password.trim().is_empty() {
        bail!("the password is blank");
    }
    Ok(())
}
