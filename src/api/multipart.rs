//! Taking a file in: `multipart/form-data` read piece by piece straight to the disk.
//!
//! However large the file and however hostile the form, little of it is in memory, and no thread
//! waits for the next piece.

use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::Stream;
use multer::{Field, Multipart};
use serde_json::{Map, Value};
use warp::http::StatusCode;

use super::body::Body;
use super::reply::Reply;
use super::request::Incoming;
use crate::app::App;
use crate::error::Error;
use crate::service::uploads::Arrived;
use crate::store::blobs::Arriving;
use crate::telemetry::spawn_blocking;

/// Bytes gathered before they are written.
const BLOCK: usize = 256 * 1024;
/// Bytes handed to the parser at a time, and what it may hold without making sense of it.
const PIECE: usize = 64 * 1024;
const MOST_UNREAD: usize = 1024 * 1024;
/// What a form may hold besides the file.
const MOST_FIELDS: usize = 32;
const LARGEST_FIELD: usize = 64 * 1024;

/// Reads a form with one file at most, in the field `part`, of at most `most` bytes. Answers its
/// other fields and the file; the error is the whole answer.
pub async fn receive(
    app: &Arc<App>,
    incoming: Incoming,
    part: &str,
    most: Option<u64>,
) -> Result<(Map<String, Value>, Option<Arrived>), Reply> {
    let boundary = multer::parse_boundary(&incoming.content_type).map_err(|error| unreadable(&error))?;
    let unread = Arc::new(AtomicUsize::new(0));
    let measured =
        Measured { body: incoming.body, piece: Bytes::new(), handed_out: false, unread: Arc::clone(&unread) };
    let mut form = Form { parts: Multipart::new(measured, boundary), unread, patience: incoming.patience };
    let (mut fields, mut file) = (Map::new(), None);
    let mut count = 0;
    while let Some(mut field) = form.next().await? {
        count += 1;
        if count > MOST_FIELDS {
            return Err(failure("The form has too many fields."));
        }
        if field.file_name().is_none() {
            let name = field.name().unwrap_or_default().to_owned();
            let text = form.text(&mut field).await?;
            fields.insert(name, Value::String(text));
            continue;
        }
        if field.name() != Some(part) {
            return Err(Reply::failure(&Error::code("invalid-field")));
        }
        if file.is_some() {
            return Err(failure("Just 1 file is allowed"));
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        let declared = field.content_type().map_or(String::new(), |kind| kind.essence_str().to_owned());
        let bytes = form.bytes(app, &mut field, most).await?;
        file = Some(Arrived { name, declared, bytes });
    }
    Ok((fields, file))
}

struct Form {
    parts: Multipart<'static>,
    unread: Arc<AtomicUsize>,
    patience: Duration,
}

impl Form {
    async fn next(&mut self) -> Result<Option<Field<'static>>, Reply> {
        let next = tokio::time::timeout(self.patience, self.parts.next_field()).await;
        self.unread.store(0, Ordering::Relaxed);
        next.map_err(|_| too_slow())?.map_err(|error| unreadable(&error))
    }

    async fn chunk(&self, field: &mut Field<'static>) -> Result<Option<Bytes>, Reply> {
        let chunk = tokio::time::timeout(self.patience, field.chunk()).await;
        self.unread.store(0, Ordering::Relaxed);
        chunk.map_err(|_| too_slow())?.map_err(|error| unreadable(&error))
    }

    async fn text(&self, field: &mut Field<'static>) -> Result<String, Reply> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunk(field).await? {
            if bytes.len() + chunk.len() > LARGEST_FIELD {
                return Err(failure("A field of the form is too long."));
            }
            bytes.extend_from_slice(&chunk);
        }
        String::from_utf8(bytes).map_err(|_| failure("A field of the form is not UTF-8."))
    }

    async fn bytes(
        &self,
        app: &Arc<App>,
        field: &mut Field<'static>,
        most: Option<u64>,
    ) -> Result<Arriving, Reply> {
        let opener = Arc::clone(app);
        let mut arriving = blocking(move || opener.store.blobs().receive()).await?;
        let mut block = Vec::with_capacity(BLOCK.min(PIECE));
        loop {
            let chunk = self.chunk(field).await?;
            if let Some(chunk) = &chunk {
                let size = arriving.size() + block.len() as u64 + chunk.len() as u64;
                if most.is_some_and(|most| size > most) {
                    return Err(Reply::failure(&Error::code("error-file-too-large")));
                }
                block.extend_from_slice(chunk);
            }
            if block.len() >= BLOCK || chunk.is_none() {
                (arriving, block) = blocking(move || {
                    arriving.write_all(&block)?;
                    block.clear();
                    Ok((arriving, block))
                })
                .await?;
            }
            if chunk.is_none() {
                return Ok(arriving);
            }
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Reply> {
    match spawn_blocking(work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Reply::failure(&Error::internal(error))),
        Err(panic) => Err(Reply::failure(&Error::internal(panic))),
    }
}

fn failure(text: &str) -> Reply {
    Reply::failure(&Error::plain(text))
}

fn unreadable(error: &multer::Error) -> Reply {
    failure(&error.to_string())
}

fn too_slow() -> Reply {
    let text = "The request body came too slowly. Please try again.";
    Reply::transport(StatusCode::REQUEST_TIMEOUT, text)
}

/// A body in small pieces, one each time it is asked: the parser would otherwise gather all that
/// happens to be there. Fails when too much of it made no sense so far.
struct Measured {
    body: Body,
    piece: Bytes,
    handed_out: bool,
    unread: Arc<AtomicUsize>,
}

impl Stream for Measured {
    type Item = Result<Bytes, Box<dyn std::error::Error + Send + Sync>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.handed_out) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.piece.is_empty() {
            match self.body.as_mut().poll_next(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error.into()))),
                Poll::Ready(Some(Ok(piece))) => self.piece = piece,
            }
        }
        let length = self.piece.remaining().min(PIECE);
        if self.unread.fetch_add(length, Ordering::Relaxed) > MOST_UNREAD {
            return Poll::Ready(Some(Err("the form makes no sense".into())));
        }
        self.handed_out = true;
        Poll::Ready(Some(Ok(self.piece.split_to(length))))
    }
}
