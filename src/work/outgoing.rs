//! Makes the calls of outgoing integrations: what waits in the store goes out once, or is tried
//! again, however often the server restarts.
//!
//! An integration has one call under way at a time, so that its receiver learns things in their
//! order and a dead one holds up nobody else. A receiver that takes a call in the moment the power
//! fails may get it twice; what it answers is posted once all the same.

use std::collections::HashSet;
use std::future::Future;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use outbound::hyper::Request;
use outbound::hyper::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT};
use outbound::{Answer, Connector, Target};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::app::App;
use crate::domain::integration::Way;
use crate::domain::{Integration, IntegrationId, Time, WaitingCall};
use crate::error::Error;
use crate::service::integrations::answers::{self, Outcome};
use crate::store::integrations::CallKey;
use crate::store::{Direction, Span};

/// How long the queue sleeps at most, in case nobody rings.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// The most of an answer that is read.
const LONGEST_ANSWER: usize = 64 << 10;

/// What calls are made with. The error says what is wrong with the configuration.
pub fn connector(app: &App) -> Result<Connector, String> {
    let config = &app.config.integrations;
    let patience = Duration::from_secs(config.timeout_seconds.max(1));
    Connector::new(Path::new(&config.certificate_authority), config.allow_private, patience)
        .map_err(|complaint| format!("[integrations] certificate_authority: {complaint}"))
}

/// Makes calls until `stop` is done.
pub async fn run(app: Arc<App>, stop: impl Future<Output = ()>) {
    let connector = match connector(&app) {
        Ok(connector) => Arc::new(connector),
        Err(error) => return tracing::error!(error, "no integration can post to others"),
    };
    let worker = Arc::clone(&app);
    let work = async {
        let counted = tokio::task::spawn_blocking(move || recount(&worker)).await;
        if let Ok(Err(error)) = counted {
            tracing::warn!(%error, "the calls of integrations could not be counted");
        }
        let mut calls =
            Calls { app: Arc::clone(&app), connector, busy: HashSet::new(), tasks: JoinSet::new() };
        loop {
            let sleep = match calls.start_due().await {
                Ok(due) => due.map_or(LONGEST_SLEEP, |due| due.since(app.now()).min(LONGEST_SLEEP)),
                Err(error) => {
                    tracing::error!(error, "the queue of integrations failed; trying again later");
                    LONGEST_SLEEP
                }
            };
            tokio::select! {
                () = app.hook_bell.notified() => {}
                () = tokio::time::sleep(sleep) => {}
                Some(ended) = calls.tasks.join_next() => calls.ended(ended),
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = stop => {}
    }
}

/// The calls under way.
struct Calls {
    app: Arc<App>,
    connector: Arc<Connector>,
    busy: HashSet<IntegrationId>,
    tasks: JoinSet<IntegrationId>,
}

impl Calls {
    /// Starts what is due and may start; answers when the next call will be due.
    async fn start_due(&mut self) -> Result<Option<Time>, String> {
        let (app, busy) = (Arc::clone(&self.app), self.busy.clone());
        let found = tokio::task::spawn_blocking(move || due(&app, busy)).await;
        let Due { calls, next } =
            found.map_err(|panic| panic.to_string())?.map_err(|error| error.to_string())?;
        for (key, call) in calls {
            self.busy.insert(call.integration.clone());
            let (app, connector) = (Arc::clone(&self.app), Arc::clone(&self.connector));
            self.tasks.spawn(async move {
                let integration = call.integration.clone();
                if let Err(error) = one(&app, &connector, key, call).await {
                    tracing::error!(error, "a call of an integration could not be noted");
                    // Or the same one would be made again at once.
                    tokio::time::sleep(LONGEST_SLEEP).await;
                }
                integration
            });
        }
        Ok(next)
    }

    fn ended(&mut self, ended: Result<IntegrationId, tokio::task::JoinError>) {
        match ended {
            Ok(integration) => drop(self.busy.remove(&integration)),
            Err(panic) => {
                tracing::error!(%panic, "a call of an integration ended badly");
                // It is not known whose it was: better twice at a time than never again.
                self.busy.clear();
            }
        }
    }
}

/// What is due.
#[derive(Default)]
struct Due {
    /// The first calls of integrations that are not busy.
    calls: Vec<(CallKey, WaitingCall)>,
    /// When the next one will be due.
    next: Option<Time>,
}

fn due(app: &App, mut busy: HashSet<IntegrationId>) -> Result<Due, Error> {
    // Behind whoever has rung and is still writing.
    app.store.write(|_| Ok::<_, Error>(()))?;
    let most = app.config.integrations.workers.saturating_sub(busy.len());
    let now = app.now();
    let (mut due, mut any) = (Due::default(), false);
    app.store.walk::<WaitingCall, Error>(Span::all(), Direction::Ascending, |key, call| {
        any = true;
        if key.0 > now {
            due.next = Some(key.0);
        }
        if key.0 > now || due.calls.len() == most {
            return Ok(ControlFlow::Break(()));
        }
        if busy.insert(call.integration.clone()) {
            due.calls.push((key, call));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    if !any {
        recount(app)?;
    }
    Ok(due)
}

/// Counts anew what waits, while nobody writes.
fn recount(app: &App) -> Result<(), Error> {
    app.store.write(|batch| Ok(app.ways_out.recount(batch.store())?))
}

/// Makes one call and notes how it went.
async fn one(app: &Arc<App>, connector: &Connector, key: CallKey, call: WaitingCall) -> Result<(), String> {
    // Nobody shall hear of what may still be lost.
    app.store.durable().await.map_err(|error| error.to_string())?;
    let store = Arc::clone(&app.store);
    let id = call.integration.clone();
    let found = tokio::task::spawn_blocking(move || store.integration(&id)).await;
    let integration = found.map_err(|panic| panic.to_string())?.map_err(|error| error.to_string())?;
    let outcome = match integration.as_ref().filter(|known| known.enabled).map(|known| (known, &known.way)) {
        Some((integration, Way::Out(_))) => {
            let patience = Duration::from_secs(app.config.integrations.timeout_seconds.max(1));
            let made = make(connector, integration, &call);
            match tokio::time::timeout(patience.saturating_mul(2), made).await {
                Ok(outcome) => outcome,
                Err(_) => Outcome::failed("the receiver did not answer in time"),
            }
        }
        Some((_, Way::In { .. })) | None => Outcome::Unwanted,
    };
    let worker = Arc::clone(app);
    let noted = tokio::task::spawn_blocking(move || answers::note(&worker, &key, call, outcome)).await;
    noted.map_err(|panic| panic.to_string())?.map_err(|error| error.to_string())?;
    app.store.durable().await.map_err(|error| error.to_string())
}

async fn make(connector: &Connector, integration: &Integration, call: &WaitingCall) -> Outcome {
    let target = match Target::parse(&call.url) {
        Ok(target) => target,
        Err(complaint) => return Outcome::failed(format!("the address {complaint}")),
    };
    let mut told = call.data.value();
    told["token"] = Value::from(integration.token.as_str());
    let body = told.to_string();
    let request = Request::post(target.path.as_str())
        .header(HOST, &target.authority)
        .header(USER_AGENT, concat!("roomscribe/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/json")
        .header(CONTENT_LENGTH, body.len())
        .body(body);
    let request = match request {
        Ok(request) => request,
        Err(error) => return Outcome::failed(error),
    };
    match connector.exchange(&target, request, LONGEST_ANSWER).await {
        Ok(Answer { status, body, .. }) => Outcome::Answered { status: status.as_u16(), body },
        Err(error @ outbound::Error::Private(_)) => Outcome::Refused(format!(
            "{error}; give another address, or ask the administrator for `allow_private` of [integrations]"
        )),
        Err(error) => Outcome::failed(error),
    }
}
