//! Gathering the body of a request in memory: bounded in size, in time and, together with all
//! others, in sum.

use std::pin::Pin;
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt};
use tokio::time::{Instant, timeout_at};
use warp::http::StatusCode;

use super::reply::Reply;
use crate::error::Error;
use crate::limits::bodies::Share;
use crate::limits::pace::TooSlow;

/// The pieces of a body as they arrive.
pub type Body = Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send + Sync>>;

/// A whole body may take so many times as long as one piece of it.
const MOST_PATIENCE: u32 = 10;

/// Gathers a body of at most `most` bytes, whose pieces come within `patience` each, and takes its
/// share. The error is the whole answer.
pub(super) async fn collect(
    mut body: Body,
    patience: Duration,
    most: usize,
    share: &mut Share,
) -> Result<Vec<u8>, Reply> {
    let end = Instant::now() + patience * MOST_PATIENCE;
    let mut bytes = Vec::new();
    loop {
        let next = timeout_at(end.min(Instant::now() + patience), body.next()).await;
        let piece = match next {
            Ok(None) => return Ok(bytes),
            Ok(Some(Ok(piece))) => piece,
            Ok(Some(Err(error))) if !is_slow(&error) => {
                return Err(Reply::transport(StatusCode::BAD_REQUEST, "The request body was cut off."));
            }
            Ok(Some(Err(_))) | Err(_) => {
                let text = "The request body came too slowly. Please try again.";
                return Err(Reply::transport(StatusCode::REQUEST_TIMEOUT, text));
            }
        };
        if bytes.len() + piece.remaining() > most {
            let text =
                format!("The request body is larger than {} MB. Send files through rooms.media.", most >> 20);
            return Err(Reply::transport(StatusCode::PAYLOAD_TOO_LARGE, &text));
        }
        if !share.grow(piece.len()) {
            return Err(Reply::failure(&Error::Busy));
        }
        bytes.extend_from_slice(&piece);
    }
}

/// Whether a body ended because it came too slowly.
fn is_slow(error: &warp::Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<TooSlow>)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::bodies::{Bodies, Sender};

    #[tokio::test]
    async fn a_body_that_drips_for_ever_is_given_up() {
        let drops = futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((Ok(Bytes::from_static(b" ")), ()))
        });
        // Without an end it would be too large in the end.
        let mut share = Bodies::default().share(Sender::Stranger);
        let reply = collect(Box::pin(drops), Duration::from_millis(40), 1000, &mut share).await;
        let response = warp::Reply::into_response(reply.unwrap_err().into_response());
        assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    }
}
