//! `exports.create` with `dryRun`: how long it may take, and how many may run at a time.

use std::cell::Cell;

use roomscribe::domain::{RoomId, RoomKind};
use roomscribe::export::estimate::{Estimate, estimate};
use roomscribe::export::render::Task;
use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::orders::{create, estimated, json_of, ordered, with};

fn dry(room: &RoomId) -> Value {
    with(&json_of(room), "dryRun", json!(true))
}

#[test]
fn one_estimate_of_a_user_and_two_of_all_run_at_a_time() {
    let (server, gate) = TestServer::start_gated();
    let room = server.talkative_room();
    server.grant("mail-messages", &["user", "admin"]);
    let (admin, bob, olga) = (server.as_admin(), server.as_user("bob"), server.as_user("olga"));
    gate.close_after(0);
    std::thread::scope(|scope| {
        for (caller, running) in [(&admin, 1), (&bob, 2)] {
            scope.spawn(|| create(caller, &dry(&room)));
            server.wait_until("it is under way", || server.app.estimates.under_way() == running);
        }
        let own = "Another estimate of yours is running; wait for it [error-too-many-estimates]";
        let others = "Estimates of others are running; ask again in a moment [error-too-many-estimates]";
        for (caller, refusal) in [(&admin, own), (&bob, own), (&olga, others)] {
            let answer = create(caller, &dry(&room));
            assert_eq!((answer.status(), answer.refusal()), (400, refusal));
        }
        gate.open();
    });
    assert_eq!(server.app.estimates.under_way(), 0);
    for caller in [&admin, &olga] {
        assert_eq!(estimated(caller, &json_of(&room))["messages"], 3);
    }
}

#[test]
fn an_estimate_that_is_refused_gives_its_place_back() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let admin = server.as_admin();
    assert_eq!(create(&admin, &with(&dry(&room), "query", json!("("))).status(), 400);
    assert_eq!(estimated(&admin, &json_of(&room))["exact"], true);
}

/// What an order would be, if it is late when it asks for the time once more than `calls` times.
fn late_after(server: &TestServer, body: &Value, calls: u32) -> export_sdk::Result<Estimate> {
    let job = server.job(&ordered(&server.as_admin(), body));
    let registry = server.app.registry();
    let task = Task {
        store: &server.app.store,
        registry: &registry,
        order: &job.order,
        may_see: &|_| Ok(true),
        requested_by: "admin",
        requested_at: server.app.now(),
        sample: None,
    };
    let asked = Cell::new(0);
    estimate(&task, &|| {
        asked.set(asked.get() + 1);
        asked.get() > calls
    })
}

#[test]
fn what_is_not_read_in_time_is_judged_by_what_was() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "long", &["admin"]);
    for number in 0..200 {
        let at = format!("2024-01-02T00:{:02}:{:02}.000Z", number / 60, number % 60);
        server.say(&room, &format!("n{number}"), &at, "just as long as all of the others");
    }
    let whole = late_after(&server, &json_of(&room), u32::MAX).unwrap();
    assert_eq!((whole.exact, whole.messages), (true, 200));
    for formats in [json!(["json"]), json!(["html", "json"])] {
        let body = with(&with(&json_of(&room), "formats", formats), "from", json!("2024-01-01"));
        let whole = late_after(&server, &body, u32::MAX).unwrap();
        let part = late_after(&server, &body, 100).unwrap();
        assert!(!part.exact);
        assert!((190..=200).contains(&part.messages), "{part:?}");
        assert!(part.bytes > whole.bytes / 2 && part.bytes < whole.bytes * 2, "{part:?} of {whole:?}");
    }
}

#[test]
fn what_cannot_be_judged_in_time_is_refused() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let looking_ahead = with(&json_of(&room), "transforms", json!(["anonymize"]));
    for (body, calls) in
        [(&json_of(&room), 0), (&looking_ahead, 4), (&json!({"scope": "server", "formats": ["json"]}), 0)]
    {
        let error = late_after(&server, body, calls).unwrap_err();
        assert_eq!(error.kind(), export_sdk::ErrorKind::Rejected);
        assert!(error.to_string().contains("takes too long to estimate"), "{error}");
    }
}
