//! What people see who open the server, or an invitation to a room, in a browser. There is no client
//! here: it says where to go on.

use warp::http::StatusCode;
use warp::reply::Response;

use super::page::{below, page};
use crate::api::reply::Reply;
use crate::app::App;
use crate::domain::html::escape;
use crate::service::settings;

/// The token of the invitation that a path is.
pub fn invite(path: &str) -> Option<String> {
    below(path, "/invite")
}

/// `/`.
pub fn home(app: &App) -> Response {
    let body = "<p>A <strong>roomscribe</strong> chat server. Connect to this address with a client or a \
                program that speaks Rocket.Chat\u{2019}s REST API.</p>\n\
                <p><a href=\"api-docs\">What it speaks (OpenAPI)</a> · <a href=\"health\">Whether it is well</a></p>";
    shown(app, "This is a server", body)
}

/// `/invite/<token>`. Whether the invitation is good, and to which room, learns who uses it.
pub fn invitation(app: &App, token: &str) -> Response {
    let body = format!(
        "<p>Open this link in your chat client. A program joins with <code>POST /api/v1/useInviteToken</code> \
         and <code>{{\"token\": \"{}\"}}</code>.</p>",
        escape(token)
    );
    shown(app, "You have been invited to a room", &body)
}

fn shown(app: &App, heading: &str, body: &str) -> Response {
    match settings::text(app, "Site_Name") {
        Ok(site) => page(StatusCode::OK, &site, heading, body),
        Err(error) => super::small(Reply::failure(&error)),
    }
}
