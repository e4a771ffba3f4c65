//! `/reset-password/<token>`: the page on which whoever has a link chooses a new password.

use std::sync::Arc;

use warp::http::StatusCode;
use warp::reply::Response;

use super::page::{below, page};
use crate::api::reply::Reply;
use crate::api::request::Incoming;
use crate::app::App;
use crate::domain::html::escape;
use crate::error::{Error, Result};
use crate::service::{password_reset, settings};
use crate::telemetry::spawn_blocking;

/// Two passwords are not longer.
const LARGEST_FORM: usize = 16 * 1024;

/// The link that a path holds.
pub fn token(path: &str) -> Option<String> {
    below(path, "/reset-password")
}

/// Shows the form, or does what it says. Looking uses nothing up: programs that check mails look, too.
pub async fn answer(app: &Arc<App>, link: String, incoming: Incoming) -> Response {
    let sent = match incoming.method.as_str() {
        "GET" => None,
        "POST" => match incoming.read(app, Vec::new(), LARGEST_FORM).await {
            Ok(form) => {
                let field = |name| form.text(name).unwrap_or_default().to_owned();
                Some((field("password"), field("again")))
            }
            Err(refusal) => return super::small(refusal),
        },
        _ => return super::text(StatusCode::METHOD_NOT_ALLOWED, "Open this link in a browser."),
    };
    let worker = Arc::clone(app);
    let done = spawn_blocking(move || -> Result<Response> {
        let site = settings::text(&worker, "Site_Name")?;
        let outcome = outcome(&worker, &link, sent)?;
        worker.store.durable_blocking()?;
        Ok(show(&site, outcome))
    });
    let response = done.await.unwrap_or_else(|panic| Err(Error::internal(panic)));
    response.unwrap_or_else(|error| super::small(Reply::failure(&error)))
}

enum Outcome {
    /// The link is no good.
    Void,
    /// Nothing has changed yet.
    Form {
        username: String,
        /// Why not.
        complaints: Vec<String>,
    },
    /// There is a new password.
    Done,
}

fn outcome(app: &App, link: &str, sent: Option<(String, String)>) -> Result<Outcome> {
    let Some(user) = password_reset::holder(app, link)? else { return Ok(Outcome::Void) };
    let form = |complaints| Ok(Outcome::Form { username: user.username.clone(), complaints });
    let Some((password, again)) = sent else { return form(Vec::new()) };
    if password != again {
        return form(vec!["The two passwords are not the same. Type the new one twice.".to_owned()]);
    }
    match password_reset::set(app, link, &password) {
        Ok(true) => Ok(Outcome::Done),
        Ok(false) => Ok(Outcome::Void),
        Err(refused @ (Error::Refused { .. } | Error::Typed { .. })) => form(complaints(&refused)),
        Err(other) => Err(other),
    }
}

/// What is wrong with a password, a sentence for each.
fn complaints(refusal: &Error) -> Vec<String> {
    match refusal {
        Error::Typed { text, details, .. } => {
            let rules = details.as_array().into_iter().flatten();
            let rules: Vec<String> =
                rules.filter_map(|rule| rule["message"].as_str().map(ToOwned::to_owned)).collect();
            if rules.is_empty() { vec![text.clone()] } else { rules }
        }
        Error::Refused { reason, .. } => vec![format!("{reason}.")],
        other => vec![other.to_string()],
    }
}

fn show(site: &str, outcome: Outcome) -> Response {
    match outcome {
        Outcome::Void => {
            let body = "<p>Links work once and for a limited time. Ask for a new one.</p>";
            page(StatusCode::NOT_FOUND, site, "This link does not work any more", body)
        }
        Outcome::Done => {
            let body = "<p>Log in with it. All devices that were logged in have been logged out.</p>";
            page(StatusCode::OK, site, "Your new password is set", body)
        }
        Outcome::Form { username, complaints } => {
            let status = if complaints.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
            page(status, site, "Choose a new password", &form(&username, &complaints))
        }
    }
}

/// The form sends to the page's own address. The login name is there for password managers.
fn form(username: &str, complaints: &[String]) -> String {
    let username = escape(username);
    let mut told = String::new();
    if !complaints.is_empty() {
        let lines: Vec<_> = complaints.iter().map(|line| escape(line)).collect();
        let lines = lines.join("</p>\n<p>");
        told = format!("<div class=\"bad\" id=\"bad\" role=\"alert\">\n<p>{lines}</p>\n</div>\n");
    }
    let described =
        if complaints.is_empty() { "" } else { " aria-invalid=\"true\" aria-describedby=\"bad\"" };
    let field = |id: &str, label: &str| {
        format!(
            "<label for=\"{id}\">{label}</label>\n<input id=\"{id}\" name=\"{id}\" type=\"password\" \
             autocomplete=\"new-password\" required{described}>\n"
        )
    };
    format!(
        "{told}<form method=\"post\">\n<label for=\"username\">Login name</label>\n\
         <input id=\"username\" type=\"text\" autocomplete=\"username\" value=\"{username}\" readonly>\n\
         {}{}<button type=\"submit\">Set the password</button>\n</form>",
        field("password", "New password"),
        field("again", "The same again"),
    )
}
