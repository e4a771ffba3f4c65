//! The body of a request: read from where it lies, piece by piece.

use std::io::{self, Cursor};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, SizeHint};
use tokio::fs::File;
use tokio::io::AsyncRead;
use tokio_util::io::poll_read_buf;

/// How much is read at once.
const PIECE: usize = 64 << 10;

/// So many bytes of a source, no more and no less.
pub(crate) struct Content {
    source: Pin<Box<dyn AsyncRead + Send>>,
    left: u64,
    taken: Arc<AtomicBool>,
}

impl Content {
    /// A file of this size.
    pub(crate) async fn file(path: &Path, size: u64) -> io::Result<Self> {
        Ok(Self::new(File::open(path).await?, size))
    }

    /// A short text.
    pub(crate) fn text(text: Vec<u8>) -> Self {
        let size = text.len() as u64;
        Self::new(Cursor::new(text), size)
    }

    fn new(source: impl AsyncRead + Send + 'static, size: u64) -> Self {
        Self { source: Box::pin(source), left: size, taken: Arc::new(AtomicBool::new(size == 0)) }
    }

    /// How many bytes are still to come.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// Becomes true when all of it is taken, for whoever has given the body away.
    pub(crate) fn taken(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.taken)
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = ready!(poll_read_buf(self.source.as_mut(), context, &mut piece))?;
        if read == 0 {
            let error = io::Error::new(io::ErrorKind::UnexpectedEof, "the file is shorter than it was");
            return Poll::Ready(Some(Err(error)));
        }
        let Some(left) = self.left.checked_sub(read as u64) else {
            return Poll::Ready(Some(Err(io::Error::other("the file is longer than it was"))));
        };
        self.left = left;
        self.taken.store(left == 0, Ordering::Release);
        Poll::Ready(Some(Ok(Frame::data(piece.freeze()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
