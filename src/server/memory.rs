//! Memory for answers that their clients have not taken yet: all of them together get so much.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::body::Body;
use warp::http::header::CONTENT_LENGTH;
use warp::reply::Response;

use crate::api::reply::Reply;
use crate::error::Error;
use crate::limits::places::{Place, Places};
use crate::web;

/// Bytes of all answers, and of those to one address.
const OF_ALL: usize = 128 * 1024 * 1024;
const OF_ONE: usize = OF_ALL / 4;
/// Answers up to this size always get through; what they add up to is bounded by the connections.
const FREE: usize = 64 * 1024;
/// Of what is read from the disk piece by piece, so much is in memory.
const STREAMED: usize = 256 * 1024;

/// What there is for answers.
#[derive(Debug, Clone)]
pub(super) struct Memory(Arc<Places<IpAddr>>);

/// What an answer takes.
pub(super) type Share = Place<IpAddr>;

impl Memory {
    /// For all, and for those to one address unless all have the same.
    pub(super) fn new(are_told_apart: bool) -> Self {
        Self(Places::of(if are_told_apart { OF_ONE } else { OF_ALL }, OF_ALL))
    }

    /// The answer and its share, or a refusal if there is none left. What was done must be said in
    /// any case: only where nothing was, an answer is refused.
    pub(super) fn hold(
        &self,
        response: Response,
        client: IpAddr,
        only_asked: bool,
    ) -> (Response, Option<Share>) {
        let size = size(&response);
        if size <= FREE {
            return (response, None);
        }
        match self.0.take_some(client, size) {
            None if only_asked => (web::small(Reply::failure(&Error::Busy)), None),
            share => (response, share),
        }
    }
}

/// Bytes of an answer that are in memory.
fn size(response: &Response) -> usize {
    let whole = response.body().size_hint().exact().and_then(|size| usize::try_from(size).ok());
    let streamed = || {
        let length = response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().unwrap_or(usize::MAX);
        Some(STREAMED.min(length))
    };
    whole.or_else(streamed).unwrap_or(STREAMED)
}

#[cfg(test)]
mod tests {
    use warp::Reply as _;

    use super::*;

    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn answers_get_what_there_is_and_give_it_back() {
        let memory = Memory::new(true);
        let hold = |size: usize, only_asked| memory.hold(vec![0; size].into_response(), CLIENT, only_asked);
        let status = |size, only_asked| hold(size, only_asked).0.status().as_u16();
        let (large, share) = hold(OF_ONE - FREE, true);
        assert!(share.is_some() && large.status() == 200);
        assert_eq!(status(FREE + 1, true), 503);
        assert_eq!(status(FREE, true), 200, "little is free");
        assert_eq!(status(FREE + 1, false), 200, "something was done");
        let other = IpAddr::from([10, 0, 0, 1]);
        assert_eq!(memory.hold(vec![0; FREE + 1].into_response(), other, true).0.status(), 200);
        drop(share);
        assert_eq!(status(FREE + 1, true), 200);
    }

    #[test]
    fn of_a_file_only_a_part_is_in_memory() {
        let streamed = |length: &str| {
            let pieces = futures_util::stream::empty::<Result<bytes::Bytes, std::io::Error>>();
            let mut response = warp::reply::stream(pieces).into_response();
            response.headers_mut().insert(CONTENT_LENGTH, length.parse().unwrap());
            size(&response)
        };
        assert_eq!((streamed("1000"), streamed("9999999999")), (1000, STREAMED));
    }
}
