//! The bodies of a request and of its answer, which tell when it is whose turn.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::connections::{Place, Turn};
use super::memory::Share;
use crate::limits::pace::Pace;

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// The body of a request. When it is dropped, at its end or before, it is the server's turn.
pub(super) struct Arriving<B> {
    body: B,
    pace: Pace,
    /// `None` where nothing is to come.
    place: Option<Arc<Place>>,
}

impl<B: Body> Arriving<B> {
    /// A body whose client may take so long to send the next bytes.
    pub(super) fn new(body: B, patience: Duration, place: &Arc<Place>) -> Self {
        let is_whole = body.is_end_stream();
        place.turn_to(if is_whole { Turn::Answering } else { Turn::Sending });
        Self { body, pace: Pace::of(patience), place: (!is_whole).then(|| Arc::clone(place)) }
    }
}

impl<B> Drop for Arriving<B> {
    fn drop(&mut self) {
        if let Some(place) = &self.place {
            place.turn_to(Turn::Answering);
        }
    }
}

impl<B: Body<Data = Bytes, Error: Into<Fault>> + Unpin> Body for Arriving<B> {
    type Data = Bytes;
    type Error = Fault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Pending => self.pace.poll_wait(context).map(|slow| Some(Err(slow.into()))),
            Poll::Ready(frame) => {
                let bytes = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
                self.pace.moved(bytes.map_or(0, Bytes::len));
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer of which something is still to be written. When it is dropped, it is the client's turn.
pub(super) struct Owed {
    place: Arc<Place>,
    _share: Option<Share>,
}

impl Owed {
    /// An answer that takes so much memory meanwhile.
    pub(super) fn new(place: &Arc<Place>, share: Option<Share>) -> Arc<Self> {
        Arc::new(Self { place: Arc::clone(place), _share: share })
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        self.place.turn_to(Turn::Asking);
    }
}

/// The body of an answer. Each piece of it that waits to be written keeps the answer owed.
pub(super) struct Leaving<B> {
    pub(super) body: B,
    pub(super) owed: Arc<Owed>,
}

/// A piece of an answer.
struct Piece {
    bytes: Bytes,
    _owed: Arc<Owed>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl<B> Body for Leaving<B>
where
    B: Body<Data = Bytes> + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let held = |bytes| Bytes::from_owner(Piece { bytes, _owed: Arc::clone(&self.owed) });
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(held))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::{Future, poll_fn};
    use std::net::{IpAddr, Ipv4Addr};

    use tokio::time::{Sleep, sleep};

    use super::super::connections::{Connections, Held};
    use super::*;
    use crate::limits::pace::TooSlow;

    const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    /// A byte every second, without an end.
    struct Drops(Pin<Box<Sleep>>);

    impl Body for Drops {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            ready!(self.0.as_mut().poll(context));
            self.0 = Box::pin(sleep(Duration::from_secs(1)));
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }

    fn drops() -> Drops {
        Drops(Box::pin(sleep(Duration::ZERO)))
    }

    async fn next<B: Body<Data = Bytes> + Unpin>(body: &mut B) -> Option<Result<Frame<Bytes>, B::Error>> {
        poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await
    }

    /// Whether a newcomer pushes out the only one there.
    fn gives_way(connections: &Arc<Connections>) -> bool {
        !connections.enter(CLIENT).unwrap().0.is_spare
    }

    fn only_one() -> (Arc<Connections>, Held) {
        let connections = Connections::of(1, 100);
        let held = connections.enter(CLIENT).unwrap();
        (connections, held)
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_drips_for_ever_is_given_up() {
        let (_, held) = only_one();
        let mut body = Arriving::new(drops(), Duration::from_secs(30), &held.0);
        let mut bytes = 0;
        let end = loop {
            match next(&mut body).await {
                Some(Ok(_)) => bytes += 1,
                end => break end,
            }
        };
        assert!(end.is_some_and(|end| end.is_err_and(|error| error.is::<TooSlow>())));
        assert!((30..40).contains(&bytes), "{bytes}");
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_the_servers_turn_from_the_end_of_the_request_to_the_last_byte_of_the_answer() {
        let (connections, held) = only_one();
        let request = Arriving::new(drops(), Duration::from_secs(30), &held.0);
        drop(request);
        assert!(!gives_way(&connections));
        let mut answer = Leaving { body: drops(), owed: Owed::new(&held.0, None) };
        let last = next(&mut answer).await;
        drop(answer);
        assert!(!gives_way(&connections), "a piece waits to be written");
        drop(last);
        assert!(gives_way(&connections));
        let (connections, held) = only_one();
        let _request = Arriving::new(drops(), Duration::from_secs(30), &held.0);
        assert!(gives_way(&connections), "its request is not all there");
    }
}
