//! What Prometheus reads: in the right shape, with the right numbers, in few series.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use roomscribe::api::Api;
use roomscribe::limits::workers::Workers;
use roomscribe::server;
use roomscribe::web::metrics::routes;
use serde_json::json;

use crate::support::exports::{accepted, file_of};
use crate::support::{Caller, TestServer};

/// The samples of a scrape, by name and labels.
struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    /// Scrapes, and checks the shape of all of it.
    fn of(server: &TestServer) -> Self {
        let request = warp::test::request().path("/metrics");
        let answer = server.runtime().block_on(request.reply(&routes(Arc::clone(&server.app))));
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        let text = std::str::from_utf8(answer.body()).expect("UTF-8");
        assert!(text.ends_with('\n'));
        let (mut samples, mut family) = (BTreeMap::new(), (String::new(), String::new()));
        for line in text.lines() {
            if let Some(about) = line.strip_prefix("# HELP ") {
                let (name, help) = about.split_once(' ').expect("a text");
                assert!(help.ends_with('.'), "{line}");
                family = (name.to_owned(), String::new());
            } else if let Some(about) = line.strip_prefix("# TYPE ") {
                let kind = about.strip_prefix(&family.0).expect("the help comes first").trim_start();
                assert_eq!(kind == "counter", family.0.ends_with("_total"), "{line}");
                family.1 = kind.to_owned();
            } else {
                let (sample, value) = line.rsplit_once(' ').expect("a value");
                let name = sample.split('{').next().expect("a name");
                let part = name.strip_prefix(&family.0).expect("samples follow their family");
                let parts: &[&str] =
                    if family.1 == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
                assert!(parts.contains(&part), "{line}");
                let known = samples.insert(sample.to_owned(), value.parse().expect("a number"));
                assert_eq!(known, None, "{line} stands twice");
            }
        }
        Self(samples)
    }

    /// The value of a sample; 0 if there is none.
    fn get(&self, sample: &str) -> u64 {
        let value = self.0.get(sample).copied().unwrap_or_default();
        format!("{value}").parse().unwrap_or_else(|_| panic!("{sample} is {value}"))
    }
}

fn ask(caller: &Caller<'_>, method: &str, path: &str) -> u16 {
    caller.raw(method, path, &[], "").status()
}

#[test]
fn requests_are_counted_by_endpoint_and_status_and_never_by_what_clients_make_up() {
    let server = TestServer::start();
    let (bob, nobody) = (server.as_user("bob"), server.anonymous());
    let before = Scrape::of(&server).0.len();
    for number in 0..20 {
        assert_eq!(ask(&bob, "GET", &format!("/api/v1/users.info?username=bob&{number}")), 200);
        assert_eq!(ask(&nobody, "GET", "/api/v1/users.info"), 401);
        assert_eq!(ask(&nobody, "GET", &format!("/api/v1/no.such{number}")), 404);
        assert_eq!(ask(&nobody, "GET", &format!("/secret-{number}")), 404);
        assert_eq!(ask(&nobody, &format!("BREW{number}"), "/health"), 200);
        assert_eq!(ask(&bob, "HEAD", &format!("/avatar/al{number}")), 200);
    }
    let scrape = Scrape::of(&server);
    for (sample, count) in [
        (r#"{endpoint="users.info",method="GET",status="200"}"#, 20),
        (r#"{endpoint="users.info",method="GET",status="401"}"#, 20),
        (r#"{endpoint="none",method="GET",status="404"}"#, 40),
        (r#"{endpoint="/health",method="other",status="200"}"#, 20),
        (r#"{endpoint="/avatar/:name",method="HEAD",status="200"}"#, 20),
    ] {
        assert_eq!(scrape.get(&format!("roomscribe_requests_total{sample}")), count, "{sample}");
    }
    let seconds = "roomscribe_request_duration_seconds";
    assert_eq!(scrape.get(&format!("{seconds}_count{{family=\"users\"}}")), 40);
    assert_eq!(scrape.get(&format!("{seconds}_bucket{{family=\"users\",le=\"+Inf\"}}")), 40);
    assert_eq!(scrape.get("roomscribe_requests_in_flight"), 0);
    // Five rows of counters, and of four families as many buckets and two more.
    assert_eq!(scrape.0.len() - before, 5 + 4 * (14 + 2));
}

#[test]
fn who_waits_for_a_worker_is_seen_and_who_goes_away_is_counted() {
    let server = TestServer::start();
    let api = Arc::new(Api::with_workers(Workers::of(0, 8, Duration::from_secs(60))));
    let routes = server::routes(Arc::clone(&server.app), api, [127, 0, 0, 1].into());
    let waiting = |scrape: &Scrape| {
        ["in_flight", "waiting", "abandoned_total"]
            .map(|part| scrape.get(&format!("roomscribe_requests_{part}")))
    };
    let request = warp::test::request().path("/api/v1/info").reply(&routes);
    let mut request = Box::pin(request);
    let entered = server.runtime().enter();
    let asleep = request.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(asleep, Poll::Pending));
    drop(entered);
    assert_eq!(waiting(&Scrape::of(&server)), [1, 1, 0]);
    drop(request);
    assert_eq!(waiting(&Scrape::of(&server)), [0, 0, 1]);
}

#[test]
fn exports_are_counted_from_the_queue_to_their_end() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let admin = server.as_admin();
    let id = accepted(&admin, file_of(&room, "json"));
    assert_eq!(Scrape::of(&server).get(r#"roomscribe_exports{state="queued"}"#), 1);
    let flushed = Scrape::of(&server).get("roomscribe_store_flush_waiters_count");
    assert!(flushed > 0, "the order is on disk");
    server.work();
    let job = server.finished(&id);
    let scrape = Scrape::of(&server);
    assert_eq!(scrape.get(r#"roomscribe_exports{state="queued"}"#), 0);
    assert_eq!(scrape.get(r#"roomscribe_exports_ended_total{state="done"}"#), 1);
    assert_eq!(scrape.get(r#"roomscribe_export_deliveries_total{delivery="file",outcome="done"}"#), 1);
    assert_eq!(scrape.get("roomscribe_export_messages_total"), job.messages);
    assert_eq!(scrape.get("roomscribe_export_bytes_total"), job.bytes);
    assert!(job.messages == 3 && job.bytes > 0);
    server.rest();
    let cancelled = accepted(&admin, file_of(&room, "json"));
    admin.post("exports.cancel", json!({"exportId": cancelled})).ok();
    let scrape = Scrape::of(&server);
    assert_eq!(scrape.get(r#"roomscribe_exports_ended_total{state="cancelled"}"#), 1);
    assert_eq!(scrape.get(r#"roomscribe_exports_ended_total{state="done"}"#), 1);
}

#[test]
fn what_others_keep_is_read_when_somebody_looks() {
    let server = TestServer::start();
    let scrape = Scrape::of(&server);
    assert!(scrape.get("roomscribe_store_bytes") > 0);
    assert!(scrape.0["process_resident_memory_bytes"] > 1e6);
    assert!(scrape.0["process_start_time_seconds"] > 1.7e9);
    let mails = scrape.get("roomscribe_mails_waiting");
    server.as_user("bob");
    server.anonymous().post("users.forgotPassword", json!({"email": "bob@example.org"})).ok();
    assert_eq!(Scrape::of(&server).get("roomscribe_mails_waiting"), mails + 1);
    server.space.set(12345);
    assert_eq!(Scrape::of(&server).get("roomscribe_disk_free_bytes"), 12345);
}
