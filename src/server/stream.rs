//! A client's socket with patience: who takes an answer too slowly is cut off, who must go is heard
//! no more, and who is refused while sending gets to read why.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::connections::Place;
use crate::limits::pace::Pace;

/// How long, and for how many bytes, a client that goes on sending is listened to after the last
/// answer. Closing at once would reset the connection, and the answer be lost on its way.
const LINGER: Duration = Duration::from_secs(2);
const MOST_UNREAD: usize = 64 * 1024 * 1024;

/// The socket of one client.
pub(super) struct Stream {
    socket: TcpStream,
    place: Arc<Place>,
    pace: Pace,
    /// Whether the client has not taken yet what it was given.
    is_behind: bool,
    /// Whether something was said to the client after it was silent last.
    has_spoken: bool,
    lingers: Option<Linger>,
}

struct Linger {
    end: Pin<Box<Sleep>>,
    heard: usize,
}

impl Stream {
    /// A client that may take so long to take the next bytes.
    pub(super) fn new(socket: TcpStream, place: Arc<Place>, patience: Duration) -> Self {
        Self { socket, place, pace: Pace::of(patience), is_behind: false, has_spoken: false, lingers: None }
    }

    /// Notes how a try to write went.
    fn written(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        self.has_spoken = true;
        self.is_behind = written.is_pending();
        match &written {
            Poll::Ready(Ok(bytes)) => self.pace.moved(*bytes),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                if let Poll::Ready(slow) = self.pace.poll_wait(context) {
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, slow)));
                }
            }
        }
        written
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // An end: whatever of a request is there already, it will not be answered.
        if !self.is_behind && self.place.hears_no_more() {
            return Poll::Ready(Ok(()));
        }
        let read = Pin::new(&mut self.socket).poll_read(context, buffer);
        if read.is_pending() {
            self.has_spoken = false;
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.written(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, pieces);
        self.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Asked for when everything was written; the kernel does the rest.
        self.is_behind = false;
        self.pace.rest();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.lingers.is_none() {
            std::task::ready!(Pin::new(&mut this.socket).poll_shutdown(context))?;
        }
        if !this.has_spoken || this.place.was_evicted() {
            return Poll::Ready(Ok(()));
        }
        let Linger { end, heard } =
            this.lingers.get_or_insert_with(|| Linger { end: Box::pin(sleep(LINGER)), heard: 0 });
        let mut ignored = [0; 8192];
        while *heard < MOST_UNREAD && end.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut ignored);
            match Pin::new(&mut this.socket).poll_read(context, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => *heard += buffer.filled().len(),
                // It has closed its side, or is gone.
                Poll::Ready(_) => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::super::connections::{Connections, Held, Turn};
    use super::*;

    /// Both ends of a connection: the server's, with its place, and the client's.
    async fn connected() -> (Stream, Held, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let held = Connections::of(1, 1).enter(address.ip()).unwrap();
        let stream = Stream::new(accepted.unwrap().0, Arc::clone(&held.0), Duration::from_millis(50));
        (stream, held, client.unwrap())
    }

    #[tokio::test]
    async fn who_takes_nothing_is_cut_off() {
        let (mut stream, _held, _client) = connected().await;
        let error = stream.write_all(&vec![0; 64 << 20]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn after_the_last_request_a_client_is_heard_no_more() {
        let (mut stream, held, mut client) = connected().await;
        client.write_all(b"ab").await.unwrap();
        held.0.turn_to(Turn::Answering);
        held.0.asks_no_more();
        assert_eq!(stream.read_u8().await.unwrap(), b'a', "what belongs to a request is read");
        held.0.turn_to(Turn::Asking);
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn the_last_answer_reaches_who_is_still_sending() {
        let (mut stream, _held, mut client) = connected().await;
        let sending = tokio::spawn(async move {
            client.write_all(&vec![0; 16 << 20]).await.unwrap();
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).await.unwrap();
            answer
        });
        stream.write_all(b"too much").await.unwrap();
        stream.shutdown().await.unwrap();
        drop(stream);
        assert_eq!(sending.await.unwrap(), b"too much");
    }
}
