//! `/verify-email/<token>`: whoever opens the link shows that an address is theirs.

use std::sync::Arc;

use warp::http::StatusCode;
use warp::reply::Response;

use super::page::{below, page};
use crate::api::reply::Reply;
use crate::app::App;
use crate::error::{Error, Result};
use crate::service::{password_reset, settings};
use crate::telemetry::spawn_blocking;

/// The link that a path holds.
pub fn token(path: &str) -> Option<String> {
    below(path, "/verify-email")
}

/// Notes the address as verified and says so.
pub async fn answer(app: &Arc<App>, link: String) -> Response {
    let worker = Arc::clone(app);
    let done = spawn_blocking(move || -> Result<Response> {
        let site = settings::text(&worker, "Site_Name")?;
        let confirmed = password_reset::confirm_address(&worker, &link)?;
        worker.store.durable_blocking()?;
        Ok(show(&site, confirmed))
    });
    let response = done.await.unwrap_or_else(|panic| Err(Error::internal(panic)));
    response.unwrap_or_else(|error| super::small(Reply::failure(&error)))
}

fn show(site: &str, confirmed: bool) -> Response {
    if confirmed {
        return page(StatusCode::OK, site, "Thank you", "<p>We know now that this address is yours.</p>");
    }
    let body = "<p>Links work once and for a limited time. If you have opened it before, all is well; if \
                not, ask for a new one.</p>";
    page(StatusCode::NOT_FOUND, site, "This link does not work any more", body)
}
