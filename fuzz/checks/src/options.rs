//! What requests choose for formats, transforms and deliveries.

use std::sync::OnceLock;

use export_sdk::conformance::{render, sample_messages, sample_room, transformed};
use export_sdk::{ErrorKind, Member, Message, Result};
use serde_json::Value;

use crate::server::app;

/// So many of the sample messages are exported.
const MESSAGES: usize = 12;

/// Options are refused as the mistake of who asks, or an export with them succeeds.
pub fn check(bytes: &[u8]) {
    let Ok(options) = serde_json::from_slice::<Value>(bytes) else { return };
    let registry = app().registry();
    for format in registry.formats() {
        if accepted(format.check(&options)) {
            let rendered = render(format, &options, messages());
            assert!(rendered.is_ok(), "{} cannot export with {options}: {rendered:?}", format.id());
        }
    }
    for transform in registry.transforms() {
        if accepted(transform.check(&options)) {
            let members = [Member::new("bobbobbobbobbobbo", "bob")];
            let changed = transformed(transform, &options, &sample_room(), &members, messages());
            assert!(changed.is_ok(), "{} cannot export with {options}: {changed:?}", transform.id());
        }
    }
    for delivery in registry.deliveries() {
        if accepted(delivery.check(&options)) {
            let packaging = delivery.packaging(&options, &["html".to_owned()]);
            assert!(packaging.is_ok(), "{} cannot deliver with {options}: {packaging:?}", delivery.id());
        }
    }
}

/// The samples live as long as the program, so they are made once.
fn messages() -> &'static [Message<'static>] {
    static MADE: OnceLock<Vec<Message<'static>>> = OnceLock::new();
    let all = MADE.get_or_init(sample_messages);
    &all[..MESSAGES.min(all.len())]
}

fn accepted(checked: Result<()>) -> bool {
    if let Err(error) = &checked {
        assert_eq!(error.kind(), ErrorKind::BadOptions, "{error}");
    }
    checked.is_ok()
}
