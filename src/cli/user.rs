//! `roomscribe user`: accounts, without a server.

use std::io::{IsTerminal, Read};

use anyhow::anyhow;
use clap::{Args, Subcommand};

use super::{Failure, Outcome, Place, complain, say, unable, usage};
use crate::app::App;
use crate::domain::name::is_usual;
use crate::domain::user::{Email, PersonalToken};
use crate::domain::{LoginToken, User, UserId, id};
use crate::error::Error;
use crate::passwords::PasswordDigest;
use crate::service::{
    account_names, bootstrap, one_time_tokens, password_history, password_policy, rooms, sessions,
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make an account; the password is read from standard input, or made up and shown
    Add(Add),
    /// Set a new password; end all sessions, and take back all tokens and links that mails have brought
    Passwd(Passwd),
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
pub(super) struct Passwd {
    /// The login name
    username: String,
    /// Let programs go on with the personal access tokens they have
    #[arg(long)]
    keep_tokens: bool,
}

#[derive(Args)]
pub(super) struct Token {
    /// The login name
    username: String,
    /// What the token is called; a user has one of each name
    #[arg(long, default_value = "command line")]
    name: String,
    /// Take back the token of this name, if there is one
    #[arg(long)]
    replace: bool,
}

pub(super) fn run(place: Place, command: Command) -> Outcome {
    let app = if matches!(command, Command::Add(_)) { place.app()? } else { place.existing_app()? };
    bootstrap::prepare(&app, false).map_err(unable)?;
    match command {
        Command::Add(options) => add(&app, options)?,
        Command::Passwd(options) => passwd(&app, &options)?,
        Command::Token(options) => token(&app, &options)?,
    }
    app.store.durable_blocking()?;
    Ok(())
}

fn add(app: &App, options: Add) -> Outcome {
    if !is_usual(&options.username) {
        return Err(usage(anyhow!("a login name has letters, digits, '-', '_' and '.'")));
    }
    options.email.iter().try_for_each(|address| account_names::check_email(app, address)).map_err(usage)?;
    let password = password(app)?;
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

fn passwd(app: &App, options: &Passwd) -> Outcome {
    let username = &options.username;
    let mut user = find(app, username)?;
    let password = password(app)?;
    let hash = app.passwords.hash(PasswordDigest::of(&password.text))?;
    let (mut sessions, mut taken, mut kept) = (0_u32, 0_u32, 0_u32);
    app.store.write::<_, Error>(|batch| {
        password_history::note(app, batch, &user)?;
        user.password = Some(hash);
        user.require_password_change = false;
        user.updated = app.now();
        one_time_tokens::forget_all(batch, &user.id)?;
        batch.delete_tokens(&user.id, |_, token| {
            let stays = token.personal.is_some() && options.keep_tokens;
            *(if stays {
                &mut kept
            } else if token.personal.is_some() {
                &mut taken
            } else {
                &mut sessions
            }) += 1;
            !stays
        })?;
        Ok(batch.put_user(&user)?)
    })?;
    say(&format!(
        "{username} has a new password; {sessions} sessions were ended, {taken} personal access tokens taken back, \
         {kept} kept"
    ))?;
    password.show()
}

fn token(app: &App, options: &Token) -> Outcome {
    let user = find(app, &options.username)?;
    let is_called =
        |token: &LoginToken| token.personal.as_ref().is_some_and(|personal| personal.name == options.name);
    if !options.replace && app.store.tokens_of(&user.id)?.iter().any(|(_, token)| is_called(token)) {
        let (username, name) = (&options.username, &options.name);
        return Err(anyhow!(
            "{username} has a token {name:?} already; give the new one another name with --name, or take the \
             old one back with --replace"
        )
        .into());
    }
    let token = sessions::new_token();
    let personal = PersonalToken {
        name: options.name.clone(),
        last_part: token[token.len() - 6..].to_owned(),
        bypass_two_factor: true,
    };
    let record = LoginToken { user: user.id.clone(), created: app.now(), personal: Some(personal) };
    app.store.write::<_, Error>(|batch| {
        batch.delete_tokens(&user.id, |_, token| is_called(token))?;
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
fn password(app: &App) -> Result<Password, Failure> {
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
    check(app, &text)?;
    Ok(Password { text, made_up: false })
}

/// Refuses what the server would refuse.
fn check(app: &App, password: &str) -> Outcome {
    if password.trim().is_empty() {
        return Err(anyhow!("the password is blank").into());
    }
    match password_policy::check(app, password) {
        Ok(()) => Ok(()),
        Err(Error::Typed { text, details, .. }) => {
            let rules = details.as_array().into_iter().flatten();
            let rules: Vec<_> = rules.filter_map(|rule| rule["message"].as_str()).collect();
            Err(anyhow!("{text} {}", rules.join(" ")).into())
        }
        Err(other) => Err(other.into()),
    }
}
