//! Sends requests over many connections at once, and tells in one line of JSON how they were answered.
//!
//! It runs on one thread, so that a server on the same machine keeps the others, and ends by itself:
//! after so many requests or seconds, whichever comes first. Memory: eight bytes for each request.

mod connection;

use std::cell::{Cell, RefCell};
use std::io::Write;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Parser;
use serde_json::json;
use tokio::task::LocalSet;

use connection::Connection;

/// An answer that does not come for so long counts as none.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Parser)]
#[command(about = "Sends requests over many connections at once, and tells how they were answered.")]
struct Options {
    /// The server
    #[arg(long, value_name = "ADDR:PORT")]
    to: SocketAddr,
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// At most so many requests
    #[arg(long)]
    requests: usize,
    /// At most so many seconds
    #[arg(long, default_value_t = 60.0)]
    seconds: f64,
    /// So many requests a second, whether or not the last ones are answered; without it, each connection
    /// sends its next one when it has its answer
    #[arg(long)]
    rate: Option<f64>,
    #[arg(long, default_value = "GET")]
    method: String,
    /// NAME: VALUE
    #[arg(long = "header")]
    headers: Vec<String>,
    #[arg(long, default_value = "")]
    body: String,
    /// Paths, taken in turn; in them and in the body, {n} becomes the request's number
    #[arg(required = true)]
    paths: Vec<String>,
}

/// What all connections share.
struct Run {
    options: Options,
    began: Instant,
    sent: Cell<usize>,
    /// Milliseconds of every answer that was a success.
    answered: RefCell<Vec<f64>>,
    failed: Cell<usize>,
    last_failure: RefCell<String>,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tasks = LocalSet::new();
    // What is measured is requests: all connections stand before the first one.
    let connections = tasks.block_on(&runtime, async {
        let mut connections = Vec::with_capacity(options.connections);
        for _ in 0..options.connections {
            connections.push(Some(Connection::open(options.to).await?));
        }
        anyhow::Ok(connections)
    })?;
    let run = Rc::new(Run {
        began: Instant::now(),
        sent: Cell::new(0),
        answered: RefCell::new(Vec::with_capacity(options.requests)),
        failed: Cell::new(0),
        last_failure: RefCell::default(),
        options,
    });
    for connection in connections {
        tasks.spawn_local(Rc::clone(&run).work(connection));
    }
    runtime.block_on(tasks);
    run.tell()
}

impl Run {
    /// One connection: sends until there are enough.
    async fn work(self: Rc<Self>, mut connection: Option<Connection>) {
        while let Some((number, began)) = self.next().await {
            match self.exchange(&mut connection, number).await {
                Ok(()) => self.answered.borrow_mut().push(began.elapsed().as_secs_f64() * 1000.0),
                Err(error) => {
                    connection = None;
                    self.failed.set(self.failed.get() + 1);
                    *self.last_failure.borrow_mut() = format!("{error:#}");
                }
            }
        }
    }

    /// The number of the next request, and when its time begins to count.
    async fn next(&self) -> Option<(usize, Instant)> {
        let number = self.sent.get();
        let options = &self.options;
        #[expect(clippy::cast_precision_loss, reason = "a number of requests is far below 2^52")]
        let due = options.rate.map(|rate| self.began + Duration::from_secs_f64(number as f64 / rate));
        let end = self.began + Duration::from_secs_f64(options.seconds);
        if number >= options.requests || due.unwrap_or_else(Instant::now) >= end {
            return None;
        }
        self.sent.set(number + 1);
        let now = Instant::now();
        match due {
            // A timer that fires late is not the server's fault.
            Some(due) if due > now => {
                tokio::time::sleep_until(due.into()).await;
                Some((number, Instant::now()))
            }
            // All connections were waiting for the server: that is.
            Some(due) => Some((number, due)),
            None => Some((number, now)),
        }
    }

    /// Sends a request and reads its answer, over a fresh connection where there is none.
    async fn exchange(&self, connection: &mut Option<Connection>, number: usize) -> anyhow::Result<()> {
        let connection = match connection {
            Some(connection) => connection,
            None => connection.insert(Connection::open(self.options.to).await?),
        };
        let request = self.request(number);
        tokio::time::timeout(PATIENCE, connection.exchange(request.as_bytes()))
            .await
            .context("no answer came")?
    }

    fn request(&self, number: usize) -> String {
        let Options { to, method, paths, headers, body, .. } = &self.options;
        let (path, body) = (&paths[number % paths.len()], body.replace("{n}", &number.to_string()));
        let path = path.replace("{n}", &number.to_string());
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nhost: {to}\r\ncontent-length: {}\r\n", body.len());
        for header in headers {
            request.extend([header, "\r\n"]);
        }
        request.extend(["\r\n", &body]);
        request
    }

    fn tell(&self) -> anyhow::Result<()> {
        let seconds = self.began.elapsed().as_secs_f64();
        let mut answered = self.answered.borrow_mut();
        answered.sort_by(f64::total_cmp);
        let at = |per_mille: usize| answered.get(answered.len() * per_mille / 1000).copied();
        let told = json!({
            "sent": self.sent.get(), "answered": answered.len(), "failed": self.failed.get(),
            "failure": *self.last_failure.borrow(), "seconds": seconds,
            "median": at(500), "p99": at(990), "longest": answered.last(),
        });
        Ok(writeln!(std::io::stdout(), "{told}")?)
    }
}
