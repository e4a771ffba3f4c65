//! Mails about accounts: links, codes and news. Nobody's request fails because one could not be sent.

use std::ops::ControlFlow;

use export_sdk::{Mail, MailAddress, MailSubject, Outbox};

use super::one_time_tokens::{self, Purpose};
use super::outbox::{StoreOutbox, server_url};
use super::{access, settings};
use crate::app::App;
use crate::domain::html::escape;
use crate::domain::time::DAY;
use crate::domain::{User, id};
use crate::error::{Error, Result};

/// For so long a link to a new password is good: it is asked for when it is needed.
const RESET_LIFETIME: i64 = DAY / 24;
/// For so long the links are good that come unasked.
const INVITATION_LIFETIME: i64 = 7 * DAY;
/// So many administrators are told about a new account at most.
const MOST_TOLD: usize = 20;

/// What a mail says.
struct Letter<'a> {
    to: &'a str,
    subject: String,
    text: String,
    /// What the link does, and the link.
    link: Option<(&'static str, String)>,
}

/// Whether there is a mail server.
pub fn is_set_up(app: &App) -> Result<bool> {
    Ok(server_url(app)?.is_some())
}

/// Sends a link to a new password.
pub fn reset(app: &App, user: &User, address: &str) -> Result<()> {
    let Some(link) = link(app, user, Purpose::Password, address, RESET_LIFETIME)? else { return Ok(()) };
    let site = site(app)?;
    let text = format!(
        "Somebody, probably you, asked for a new password for {} at {site}. The link works once, within \
         an hour. If it was not you, do nothing: your password stays as it is.",
        user.username
    );
    let link = Some(("Choose a new password", link));
    post(app, &Letter { to: address, subject: format!("A new password for {site}"), text, link })
}

/// Sends a link that shows whether an address is its owner's.
pub fn confirm(app: &App, user: &User, address: &str) -> Result<()> {
    let Some(link) = link(app, user, Purpose::Address, address, INVITATION_LIFETIME)? else { return Ok(()) };
    let site = site(app)?;
    let text = format!(
        "{} at {site} says that this is their address. If that is you, open the link within a week. If \
         not, do nothing.",
        user.username
    );
    let link = Some(("This is my address", link));
    post(app, &Letter { to: address, subject: format!("Is this your address? ({site})"), text, link })
}

/// Welcomes a new user. `invite`: with a link to a password, for they do not know theirs.
pub fn welcome(app: &App, user: &User, invite: bool) -> Result<()> {
    let Some(email) = user.emails.first() else { return Ok(()) };
    let site = site(app)?;
    let mut text = format!("You have an account at {site}. Your login name is {}.", user.username);
    let link = if invite {
        text.push_str(" Please choose a password: the link works once, within a week.");
        let link = link(app, user, Purpose::Password, &email.address, INVITATION_LIFETIME)?;
        link.map(|link| ("Choose a password", link))
    } else {
        Some(("Open the chat", settings::site_url(app)?))
    };
    post(app, &Letter { to: &email.address, subject: format!("Welcome to {site}"), text, link })
}

/// Sends a code that is the second factor.
pub fn code(app: &App, address: &str, code: &str) -> Result<()> {
    let site = site(app)?;
    let text = format!(
        "Your code is {code}. It works once. Whoever asks you for it over the phone or in a message is up \
         to no good. If you are not logging in to {site}, somebody knows your password: change it."
    );
    post(app, &Letter { to: address, subject: format!("Your code for {site}"), text, link: None })
}

/// Tells a user whether they can log in from now on, if the settings want that and mails can be sent.
pub fn activation(app: &App, user: &User) -> Result<()> {
    let (setting, now) = if user.active {
        ("Activating", "has been activated: you can log in")
    } else {
        ("Deactivating", "has been deactivated: you cannot log in any more")
    };
    let wanted = settings::is_on(app, &format!("Accounts_Send_Email_When_{setting}"))?;
    let Some(email) = user.emails.first().filter(|_| wanted) else { return Ok(()) };
    if !is_set_up(app)? {
        return Ok(());
    }
    let site = site(app)?;
    let text = format!("Your account {} at {site} {now}.", user.username);
    post(app, &Letter { to: &email.address, subject: format!("Your account at {site}"), text, link: None })
}

/// Tells a user that somebody took their second factor away.
pub fn factor_removed(app: &App, user: &User) -> Result<()> {
    let Some(email) = user.emails.first() else { return Ok(()) };
    if !is_set_up(app)? {
        return Ok(());
    }
    let site = site(app)?;
    let text = format!(
        "An administrator of {site} has removed the codes of your authenticator app. You log in without \
         them until you set them up again. If you did not ask for this, talk to them."
    );
    let subject = format!("Your second factor at {site}");
    post(app, &Letter { to: &email.address, subject, text, link: None })
}

/// Tells those who can activate accounts that a new one waits for it, if mails can be sent.
pub fn approval_needed(app: &App, new: &User) -> Result<()> {
    if !is_set_up(app)? {
        return Ok(());
    }
    let mut approvers = Vec::new();
    app.store.users::<Error>(|user| {
        let reachable = user.active && !user.emails.is_empty();
        if reachable && access::holds(app, &user, "edit-other-user-active-status")? {
            approvers.push(user);
        }
        Ok(if approvers.len() < MOST_TOLD { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    let site = site(app)?;
    for approver in approvers {
        let text = format!("{} has registered at {site} and waits to be activated.", new.username);
        let subject = format!("Somebody wants to join {site}");
        let to = approver.emails.first().map_or("", |email| &email.address);
        post(app, &Letter { to, subject, text, link: None })?;
    }
    Ok(())
}

/// A link that is good for something. `None`: one was sent a moment ago.
fn link(app: &App, user: &User, purpose: Purpose, address: &str, lifetime: i64) -> Result<Option<String>> {
    let page = match purpose {
        Purpose::Password => "reset-password",
        Purpose::Address => "verify-email",
        // Codes are typed in.
        Purpose::Factor => return Ok(None),
    };
    let Some(token) = one_time_tokens::make_link(app, user, purpose, address, lifetime)? else {
        return Ok(None);
    };
    let token = percent_encoding::utf8_percent_encode(&token, KEPT);
    Ok(Some(format!("{}/{page}/{token}", settings::site_url(app)?)))
}

/// What stays as it is in a link.
const KEPT: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

fn site(app: &App) -> Result<String> {
    settings::text(app, "Site_Name")
}

fn post(app: &App, letter: &Letter<'_>) -> Result<()> {
    // Accounts may have addresses that no mail can be sent to.
    let Ok(to) = MailAddress::new(letter.to) else {
        tracing::warn!(subject = letter.subject, "a mail was not sent: the address of the account is none");
        return Ok(());
    };
    let (mut text, mut html) = (letter.text.clone(), format!("<p>{}</p>", escape(&letter.text)));
    if let Some((label, link)) = &letter.link {
        text.extend(["\n\n", label, ":\n", link]);
        let (label, link) = (escape(label), escape(link));
        html.extend(["<p><a href=\"", &link, "\">", &label, "</a></p><p>", &link, "</p>"]);
    }
    text.push('\n');
    let key = format!("account-{}", id::random_id());
    let mut mail = Mail::new(key, to, MailSubject::new(&letter.subject), text);
    mail.html = Some(html);
    if let Err(error) = StoreOutbox::new(app).post(mail) {
        tracing::error!(error = %error, "a mail could not be queued");
    }
    Ok(())
}
