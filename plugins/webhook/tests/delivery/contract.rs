//! The contract of every delivery.

use std::sync::{Arc, Mutex, PoisonError};

use export_sdk::BoxFuture;
use export_sdk::conformance::{self, Arrived, MemoryOutbox, Place};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::receiver::{Received, listen, reply};
use crate::{LOCAL, local};

/// A receiver that does what README asks of receivers: it tells repetitions by their key.
struct Hook {
    runtime: Runtime,
    port: u16,
    arrived: Arc<Mutex<Arrived>>,
}

impl Hook {
    fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let (listener, port) = runtime.block_on(listen());
        let arrived = Arc::default();
        runtime.spawn(receive(listener, Arc::clone(&arrived)));
        Self { runtime, port, arrived }
    }
}

async fn receive(listener: TcpListener, arrived: Arc<Mutex<Arrived>>) {
    while let Ok((stream, _)) = listener.accept().await {
        // One that hangs up in between costs only its own task.
        tokio::spawn(take(stream, Arc::clone(&arrived)));
    }
}

async fn take(mut stream: TcpStream, arrived: Arc<Mutex<Arrived>>) {
    let head = Received::head(&mut stream).await;
    let mut body = vec![0; head.header("content-length").parse().expect("a number")];
    if stream.read_exact(&mut body).await.is_err() {
        return;
    }
    let key = head.header("idempotency-key").to_owned();
    let known = arrived.lock().unwrap_or_else(PoisonError::into_inner).insert(key, body);
    reply(&mut stream, if known.is_some() { "208 Already Reported" } else { "200 OK" }).await;
}

impl Place for Hook {
    fn settings(&self) -> String {
        LOCAL.to_owned()
    }

    fn options(&self) -> Value {
        json!({"url": local(self.port)})
    }

    fn arrived(&self, _: &MemoryOutbox) -> Arrived {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn run(&self, work: BoxFuture<'_, ()>) {
        self.runtime.block_on(work);
    }
}

#[test]
fn it_keeps_the_contract() {
    conformance::delivery(deliver_webhook::register, "webhook", Hook::new);
}
