//! `/metrics` for Prometheus, on an address of its own.
//!
//! A scrape reads counters and a few bounded numbers; nothing in it grows with what is kept.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use warp::http::StatusCode;
use warp::http::header::{CONTENT_TYPE, HeaderValue};
use warp::reply::Response;
use warp::{Filter, Reply as _};

use crate::app::App;
use crate::domain::JobState;
use crate::error::{Error, Result};
use crate::metrics::{MEDIA_TYPE, Readings};
use crate::telemetry::spawn_blocking;

/// Scrapes at the same time.
const AT_ONCE: usize = 4;
/// A scrape that takes longer is cut off.
const PATIENCE: Duration = Duration::from_secs(10);
/// Waiting mails are counted up to so many.
const MOST_MAILS: u64 = 10_000;

/// Answers scrapes until it is dropped.
pub async fn serve(app: Arc<App>, listener: TcpListener) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE).keep_alive(false);
    loop {
        let place = Arc::clone(&places).acquire_owned().await.expect("it is never closed");
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a scrape of the metrics could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(warp::service(routes(Arc::clone(&app))));
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        tokio::spawn(async move {
            // Whoever goes away or takes too long comes again.
            let _ = tokio::time::timeout(PATIENCE, connection).await;
            drop(place);
        });
    }
}

/// The only route: `GET /metrics`.
pub fn routes(
    app: Arc<App>,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static {
    warp::path!("metrics")
        .and(warp::get())
        .then(move || scrape(Arc::clone(&app)))
        .recover(|_| async { Ok::<_, Infallible>(super::text(StatusCode::NOT_FOUND, "GET /metrics")) })
        .unify()
}

async fn scrape(app: Arc<App>) -> Response {
    let text = spawn_blocking(move || Ok(app.metrics.text(&readings(&app)?))).await;
    match text.unwrap_or_else(|panic| Err(Error::internal(panic))) {
        Ok(text) => {
            let mut response = text.into_response();
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
            response
        }
        Err(error) => {
            tracing::error!(%error, "the metrics could not be read");
            super::text(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be read: look at the log")
        }
    }
}

/// What is kept elsewhere. Open exports are bounded by `[export] open`, the calls of integrations by
/// `[integrations] queue`.
fn readings(app: &App) -> Result<Readings> {
    let mut exports = [JobState::Queued, JobState::Rendering, JobState::Delivering].map(|state| (state, 0));
    app.store.open_jobs::<Error>(|job| {
        for (state, count) in &mut exports {
            *count += u64::from(*state == job.state);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Readings {
        store_bytes: app.store.size()?,
        store_failed: app.store.has_failed(),
        disk_free_bytes: app.space.at(&app.config.server.data).map_err(Error::internal)?,
        exports: exports.map(|(state, count)| (state.word(), count)).to_vec(),
        mails: app.store.mails_waiting(MOST_MAILS)?,
        calls: app.ways_out.waiting(),
        passwords: app.passwords.waiting(),
    })
}
