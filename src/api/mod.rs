//! Rocket.Chat's REST API: a table of endpoints and one way through it.
//!
//! The order of every request: route, credentials, rate limit, parameters, permissions, second
//! factor, handler, disk, reply. Who calls without credentials learns nothing about anything else.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;
use tracing::Span;

use crate::app::App;
use crate::domain::RoomId;
use crate::error::{Error, Result};
use crate::limits::Allowance;
use crate::limits::workers::{Asker, Effort, Unanswered, Workers};
use crate::service::caller::{Caller, Client, Shown};
use crate::service::{access, sessions, settings};
use crate::store;
use crate::telemetry::spawn_blocking;

pub mod body;
pub mod endpoint;
pub mod fields;
pub mod filter;
pub mod lenient;
pub mod matching;
pub mod methods;
pub mod multipart;
pub mod openapi;
pub mod page;
pub mod people;
pub mod present;
mod real_names;
pub mod reply;
pub mod request;
pub mod room_pages;
pub mod rooms;
pub mod rows;
pub mod schema;
mod untaken;
pub mod v1;
pub mod wire;

use endpoint::{Access, Context, Endpoint, Intake, Limit, Method};
use reply::Reply;
use request::{Incoming, Input, LARGEST_BODY, LARGEST_STRANGE_BODY, PathParameters};
use untaken::Untaken;

/// The table of endpoints and the way through it.
pub struct Api {
    endpoints: Vec<Endpoint>,
    /// By the first segment of the path.
    index: HashMap<&'static str, Vec<usize>>,
    /// Handlers that run at the same time, and those that wait for that.
    workers: Workers,
    /// What they have made and nobody has taken up yet.
    untaken: Untaken,
}

impl Api {
    /// The whole table, with as many handlers at the same time, and some that wait.
    pub fn new(workers: usize) -> Self {
        Self::with_workers(Workers::of(workers, 8 * workers, Duration::from_secs(5)))
    }

    /// The whole table, with those who run the handlers.
    pub fn with_workers(workers: Workers) -> Self {
        let endpoints = v1::endpoints();
        let mut index: HashMap<&'static str, Vec<usize>> = HashMap::new();
        for (number, endpoint) in endpoints.iter().enumerate() {
            let first = endpoint.terms.path.split('/').next().unwrap_or_default();
            index.entry(first).or_default().push(number);
        }
        Self { endpoints, index, workers, untaken: Untaken::new() }
    }

    /// The rows of the table.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Answers a request, and tells the path of the row that did, if there is one. Never fails: a
    /// failure is an answer, too.
    pub async fn dispatch(
        self: Arc<Self>,
        app: Arc<App>,
        incoming: Incoming,
    ) -> (Option<&'static str>, Reply) {
        match self.route(&incoming) {
            Ok((number, path)) => {
                let name = self.endpoints[number].terms.path;
                (Some(name), self.call(app, number, path, incoming).await)
            }
            Err(reply) => (None, reply),
        }
    }

    async fn call(
        self: Arc<Self>,
        app: Arc<App>,
        number: usize,
        path: PathParameters,
        incoming: Incoming,
    ) -> Reply {
        let endpoint = &self.endpoints[number];
        let client = Client { address: incoming.client, proof: incoming.proof.clone() };
        let caller = match identify(&app, endpoint, &incoming, &client) {
            Ok(caller) => caller,
            Err(error) => return Reply::failure(&error),
        };
        let allowance = match self.admit(&app, number, caller.as_ref(), &client) {
            Ok(allowance) => allowance,
            Err(error) => return Reply::failure(&error),
        };
        let reply = match refuse(&app, allowance.as_ref()) {
            Err(error) => Reply::failure(&error),
            Ok(()) => match self.read(&app, number, caller.as_ref(), incoming, path).await {
                Ok(input) => Arc::clone(&self).handle(app, number, client, caller, input).await,
                Err(refusal) => refusal,
            },
        };
        reply.with_allowance(allowance)
    }

    /// Reads the parameters; where a file comes with them, only if the caller may send it.
    async fn read(
        &self,
        app: &Arc<App>,
        number: usize,
        caller: Option<&Caller>,
        incoming: Incoming,
        path: PathParameters,
    ) -> Result<Input, Reply> {
        let (Some(intake), Some(caller)) = (self.endpoints[number].terms.intake, caller) else {
            let most = if caller.is_some() { LARGEST_BODY } else { LARGEST_STRANGE_BODY };
            return incoming.read(app, path, most).await;
        };
        if matches!(intake, Intake::Form(..)) && !incoming.is_form_of_parts() {
            return incoming.read(app, path, LARGEST_BODY).await;
        }
        let rid = path.iter().find(|(name, _)| *name == "rid").map(|(_, rid)| RoomId::new(rid.as_str()));
        let (worker, caller) = (Arc::clone(app), caller.clone());
        let admitted = spawn_blocking(move || match intake {
            Intake::Room(admit) => admit(&worker, &caller, &rid.ok_or(Error::Unauthorized)?),
            Intake::Form(_, admit) => admit(&worker, &caller),
        });
        let part = match intake {
            Intake::Room(_) => "file",
            Intake::Form(part, _) => part,
        };
        match admitted.await.unwrap_or_else(|panic| Err(Error::internal(panic))) {
            Ok(most) => incoming.read_file(app, path, part, most).await,
            Err(error) => Err(Reply::failure(&error)),
        }
    }

    fn route(&self, incoming: &Incoming) -> Result<(usize, PathParameters), Reply> {
        let segments: Vec<&str> = incoming.path.split('/').collect();
        let candidates = segments.first().and_then(|first| self.index.get(first));
        let mut allowed = Vec::new();
        for &number in candidates.into_iter().flatten() {
            let endpoint = &self.endpoints[number];
            let Some(path) = endpoint.matches(&segments) else { continue };
            if incoming.method == endpoint.terms.method.word() {
                return Ok((number, path));
            }
            allowed.push(endpoint.terms.method);
        }
        Err(if allowed.is_empty() { Reply::no_endpoint() } else { Reply::wrong_method(&allowed) })
    }

    /// Has a row run for another one that leads to it. It is admitted as if it had been called itself.
    fn run_inner(&self, context: Context<'_>, method: Method, path: &str, input: Input) -> Result<Value> {
        let number =
            self.endpoints.iter().position(|row| row.terms.method == method && row.terms.path == path);
        let number =
            number.ok_or_else(|| Error::internal(format!("no endpoint {} {path}", method.word())))?;
        let allowance = self.admit(context.app, number, context.caller, context.client)?;
        refuse(context.app, allowance.as_ref())?;
        self.endpoints[number].run(context, input)
    }

    /// Counts a call of a row, unless the row or the caller is exempt.
    fn admit(
        &self,
        app: &App,
        number: usize,
        caller: Option<&Caller>,
        client: &Client,
    ) -> Result<Option<Allowance>> {
        if !settings::is_on(app, "API_Enable_Rate_Limiter")? {
            return Ok(None);
        }
        let limit = match self.endpoints[number].terms.limit {
            Limit::Default => settings::limit(app, "API_Enable_Rate_Limiter_Limit_Calls_Default")?,
            Limit::Setting(id) => settings::limit(app, id)?,
            Limit::Calls(calls) => Some(calls),
            Limit::None => None,
        };
        let Some(limit) = limit else { return Ok(None) };
        if let Some(caller) = caller
            && access::holds(app, &caller.user, "api-bypass-rate-limit")?
        {
            return Ok(None);
        }
        let window = settings::limit(app, "API_Enable_Rate_Limiter_Limit_Time_Default")?.unwrap_or(60_000);
        let window = i64::try_from(window).unwrap_or(i64::MAX);
        Ok(Some(app.limiter.count(number, client.address, limit, window, app.now())))
    }

    /// Runs the handler on a blocking thread and answers when its changes are on disk.
    async fn handle(
        self: Arc<Self>,
        app: Arc<App>,
        number: usize,
        client: Client,
        caller: Option<Caller>,
        mut input: Input,
    ) -> Reply {
        let waits = app.metrics.requests.wait();
        let asker = caller.as_ref().map(|caller| Asker::User(caller.user.id.clone()));
        let asker = asker.unwrap_or(Asker::Stranger(client.address));
        let endpoint::Terms { writes, effort, redirects, media_type, .. } = self.endpoints[number].terms;
        let (api, worker, share) = (Arc::clone(&self), Arc::clone(&app), input.take_share());
        let soon = (writes && effort == Effort::Little).then(|| app.store.about_to_write());
        let span = Span::current();
        let task = move |answer: oneshot::Sender<(Reply, Result<(), store::Error>)>| {
            let _request = span.entered();
            drop(waits);
            let context = Context { app: &worker, client: &client, caller: caller.as_ref(), api: &api };
            let mut reply = match api.endpoints[number].run(context, input) {
                Err(error) => Reply::failure(&error),
                Ok(value) if redirects => Reply::elsewhere(value),
                Ok(value) => Reply::success_as(value, media_type),
            };
            drop(share);
            reply.wait_in(&api.untaken);
            // Who no longer listens has gone away.
            if writes {
                worker.store.once_durable(move |durable| _ = answer.send((reply, durable)));
            } else {
                _ = answer.send((reply, Ok(())));
            }
            drop(soon);
        };
        match self.workers.run(asker, effort, task).await {
            Err(Unanswered::Busy) => Reply::failure(&Error::Busy),
            Err(Unanswered::Panicked) => Reply::failure(&Error::internal("the handler panicked")),
            Ok((reply, Err(error))) if reply.is_success() => Reply::failure(&Error::internal(error)),
            Ok((reply, _)) => reply,
        }
    }
}

/// Refuses a call that is one too many.
fn refuse(app: &App, allowance: Option<&Allowance>) -> Result<()> {
    let Some(allowance) = allowance.filter(|allowance| allowance.refused) else { return Ok(()) };
    let wait = allowance.reset.since(app.now()).as_millis().div_ceil(1000);
    Err(Error::TooMany { seconds: u64::try_from(wait).unwrap_or(u64::MAX) })
}

/// Who calls. Endpoints for everybody do not look at credentials at all.
fn identify(app: &App, endpoint: &Endpoint, incoming: &Incoming, client: &Client) -> Result<Option<Caller>> {
    if endpoint.access == Access::Everybody {
        return Ok(None);
    }
    let caller = recognise(app, incoming.user_id.as_deref(), incoming.token.as_deref(), client)?;
    match caller {
        None if endpoint.access == Access::Users => Err(Error::NotLoggedIn),
        caller => Ok(caller),
    }
}

/// Who shows these credentials.
pub fn recognise(
    app: &App,
    id: Option<&str>,
    token: Option<&str>,
    client: &Client,
) -> Result<Option<Caller>> {
    let (Some(id), Some(token)) = (id, token) else { return Ok(None) };
    let user = sessions::recognise(app, id, token)?;
    let shown = Shown(token.to_owned());
    Ok(user.map(|user| Caller { user, token: sessions::hash(token), shown, client: client.clone() }))
}

/// Endpoint methods that a path allows, for the `Allow` header.
pub(crate) fn allow_header(methods: &[Method]) -> String {
    let words = methods.iter().map(|method| method.word()).chain(["OPTIONS"]);
    words.collect::<Vec<_>>().join(", ")
}
