//! Fetching what a web address of somebody else's choice holds: from the public internet only, with
//! little patience, few at a time.

use std::path::Path;
use std::time::Duration;

use outbound::hyper::Request;
use outbound::hyper::header::{ACCEPT, HOST, USER_AGENT};
use outbound::{Connector, Host, Target};
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::app::App;
use crate::domain::avatar::LARGEST_PICTURE;
use crate::error::{Error, Result};

/// A server that is silent for so long is given up.
const PATIENCE: Duration = Duration::from_secs(5);
/// And a slow one after this time.
const LONGEST: Duration = Duration::from_secs(10);

/// The bytes that a server answers with; `None` if there are none to be had: the address is none, is
/// not of the public internet, leads elsewhere, or answers with a failure or with too much. To be
/// called on a blocking thread of the runtime.
pub fn fetch(app: &App, address: &str) -> Result<Option<Vec<u8>>> {
    let Ok(target) = Target::parse(address) else { return Ok(None) };
    if matches!(target.host, Host::Ipv6(_)) {
        return Ok(None);
    }
    let Ok(_place) = app.fetches.try_acquire() else { return Err(Error::Busy) };
    let request = Request::get(target.path.as_str())
        .header(HOST, &target.authority)
        .header(USER_AGENT, concat!("roomscribe/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "image/*")
        .body(String::new())
        .map_err(Error::internal)?;
    let connector = Connector::new(Path::new(""), false, PATIENCE).map_err(Error::internal)?;
    // A byte more than is allowed tells what is too large.
    let exchange = connector.exchange(&target, request, LARGEST_PICTURE + 1);
    let answer = Handle::current().block_on(async { timeout(LONGEST, exchange).await });
    Ok(match answer {
        Ok(Ok(answer)) if answer.status == 200 && answer.body.len() <= LARGEST_PICTURE => Some(answer.body),
        Ok(Ok(_)) | Err(_) => None,
        Ok(Err(error)) => {
            tracing::debug!(%error, "a picture could not be fetched");
            None
        }
    })
}
