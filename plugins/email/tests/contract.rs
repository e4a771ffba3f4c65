//! The contract of every delivery.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;

use export_sdk::conformance::{self, Arrived, MemoryOutbox, Place};
use export_sdk::{BoxFuture, Mail};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Two recipients, so that a delivery can be dropped between them.
struct Queue {
    runtime: Runtime,
    format: &'static str,
    shape: &'static str,
}

impl Place for Queue {
    fn options(&self) -> Value {
        json!({"to": ["ann@example.org", "bob@example.org"], "as": self.shape})
    }

    fn formats(&self) -> Vec<String> {
        vec![self.format.to_owned()]
    }

    fn arrived(&self, outbox: &MemoryOutbox) -> Arrived {
        outbox.mails().into_iter().map(|mail| (mail.key.clone(), content(&mail))).collect()
    }

    fn run(&self, work: BoxFuture<'_, ()>) {
        self.runtime.block_on(work);
    }
}

/// What the recipient sees.
fn content(mail: &Mail) -> Vec<u8> {
    let head = (mail.to.as_str(), mail.subject.as_str(), &mail.text, &mail.html);
    let mut content = format!("{head:?}").into_bytes();
    for file in &mail.files {
        content.extend(file.name.bytes());
        content.extend(fs::read(&file.path).unwrap());
    }
    content
}

fn keeps_the_contract(runtime: impl Fn() -> Runtime) {
    for (format, shape) in [("mail", "auto"), ("html", "auto"), ("html", "attachment"), ("mail", "link")] {
        let place = || Queue { runtime: runtime(), format, shape };
        conformance::delivery(deliver_email::register, "email", place);
    }
}

#[test]
fn it_keeps_the_contract() {
    keeps_the_contract(|| Runtime::new().unwrap());
}

#[test]
fn it_keeps_the_contract_on_a_single_thread() {
    keeps_the_contract(|| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());
}
