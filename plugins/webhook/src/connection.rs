//! From a target to the status of its answer, and what failures of the way mean for the job.

use std::sync::atomic::Ordering;

use export_sdk::{Error, ErrorKind, Result};
use hyper::{Request, StatusCode};
use outbound::{Connector, Target};

use crate::content::Content;
use crate::settings::private;

/// Sends the request; returns the status of the answer. Nothing else of the answer is looked at.
pub(crate) async fn exchange(
    connector: &Connector,
    target: &Target,
    request: Request<Content>,
) -> Result<StatusCode> {
    let taken = request.body().taken();
    let status = connector.exchange(target, request, 0).await.map_err(meaning)?.status;
    if status.is_success() && !taken.load(Ordering::Acquire) {
        let message = format!("{} answered {} before it had the whole export", target.host, status.as_u16());
        return Err(Error::new(ErrorKind::Unavailable, message));
    }
    Ok(status)
}

fn meaning(error: outbound::Error) -> Error {
    let message = error.to_string();
    match error {
        outbound::Error::Private(host) => Error::new(ErrorKind::Rejected, private(&host)),
        outbound::Error::Nameless(_) => Error::bad_options(format!("`url`: {message}")),
        outbound::Error::Body(cause) => {
            Error::new(ErrorKind::Internal, "the export could not be read").because(cause)
        }
        outbound::Error::Unencrypted(_, cause) => {
            let message = format!(
                "{message}; check its certificate, and if a private authority made it, \
                 `certificate_authority` of [plugins.webhook]"
            );
            Error::new(ErrorKind::Unavailable, message).because(cause)
        }
        outbound::Error::Unknown(_, cause)
        | outbound::Error::Unreachable(_, cause)
        | outbound::Error::Silent(_, cause) => Error::new(ErrorKind::Unavailable, message).because(cause),
    }
}
