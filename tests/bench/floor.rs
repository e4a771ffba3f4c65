//! The least that a server of requests can do: reads each body and answers the same bytes every time.
//!
//! `floor FILE` serves the bytes of the file as JSON at a port of its own choice, which it prints.
//! What a benchmark measures here is warp and this machine; all above it is ours.

use std::io::Write;

use anyhow::Context;
use bytes::Bytes;
use tokio::net::TcpListener;
use warp::Filter;
use warp::http::Response;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let file = std::env::args_os().nth(1).context("usage: floor FILE")?;
    let answer =
        Bytes::from(std::fs::read(&file).with_context(|| format!("{} is not there", file.display()))?);
    let routes = warp::body::bytes().map(move |_body: Bytes| {
        Response::builder().header("content-type", "application/json").body(answer.clone())
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    warp::serve(routes).incoming(listener).run().await;
    Ok(())
}
