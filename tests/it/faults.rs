//! The disk fails at every single call that a little of everything makes: then no success is told for
//! what a new start does not find, and after it everything can be done.

use std::path::Path;
use std::sync::Arc;

use export_sdk::{Mail, MailAddress, MailSubject, Outbox};
use roomscribe::service::check;
use roomscribe::service::outbox::{self, StoreOutbox};
use roomscribe::store::engine::fault::{Fault, FaultEngine};
use roomscribe::store::engine::sled::SledEngine;
use roomscribe::store::engine::{Batch, Direction, Engine, Range, Visit};
use roomscribe::store::{Result, Store};
use roomscribe::work::sweep;

use crate::faults_scenario::{Run, STEPS};
use crate::support::TestServer;

type Disk = Arc<FaultEngine<Unsynced>>;

/// sled without waiting for the disk: what is durable and what is not, the engine around it knows.
struct Unsynced(SledEngine);

impl Unsynced {
    fn open(place: &Path) -> Result<Self> {
        SledEngine::open(place, 1 << 20).map(Self)
    }
}

impl Engine for Unsynced {
    fn get(&self, key: &[u8], read: &mut dyn FnMut(&[u8])) -> Result<()> {
        self.0.get(key, read)
    }

    fn walk(&self, range: Range, direction: Direction, visit: &mut Visit<'_>) -> Result<()> {
        self.0.walk(range, direction, visit)
    }

    fn apply(&self, batch: Batch) -> Result<()> {
        self.0.apply(batch)
    }

    fn flush(&self) -> Result<()> {
        Ok(())
    }

    fn passed(&self, key: &[u8]) -> Result<()> {
        self.0.passed(key)
    }

    fn size(&self) -> Result<u64> {
        self.0.size()
    }
}

fn reopen(server: TestServer) -> TestServer {
    server.reopen_with(|directory| Store::open_with(directory, |place| Ok(Arc::new(Unsynced::open(place)?))))
}

fn reopen_faulty(server: TestServer) -> (TestServer, Disk) {
    let mut disk = None;
    let server = server.reopen_with(|directory| {
        Store::open_with(directory, |place| {
            let engine = Arc::new(FaultEngine::new(Unsynced::open(place)?));
            disk = Some(Arc::clone(&engine));
            Ok(engine)
        })
    });
    (server, disk.expect("the store was opened"))
}

/// How many calls the scenario makes when nothing fails.
fn calls_of(server: TestServer) -> (TestServer, u64) {
    let mut run = Run::new(&server, u64::MAX);
    let (server, disk) = reopen_faulty(server);
    server.work();
    let before = disk.calls();
    run.ask_for_all(&server);
    assert_eq!(run.acknowledged, STEPS);
    let calls = disk.calls() - before;
    drop(disk);
    (reopen(server), calls)
}

/// Lets every call fail in turn.
fn fail_at_every_call(fault: Fault, by_power_cut: bool) {
    let (mut server, calls) = calls_of(TestServer::start());
    let mut failed = 0;
    for number in 0..calls {
        let mut run = Run::new(&server, number);
        let (faulty, disk) = reopen_faulty(server);
        faulty.work();
        disk.fail_call(disk.calls() + number, fault);
        run.ask_for_all(&faulty);
        // What works by itself makes calls, too, so that the last ones may be somebody else's.
        failed += u64::from(disk.has_failed());
        assert_eq!(faulty.app.store.has_failed(), disk.has_failed(), "the store knows");
        if fault == Fault::ForGood {
            faulty.rest();
        }
        disk.end(by_power_cut).expect("a sound engine below");
        drop(disk);
        server = reopen(faulty);
        for step in &run.acknowledged {
            assert!(run.holds(&server, *step), "call {number} failed {fault:?}, and {step:?} is lost");
        }
        assert_sound(&server, number);
        server.work();
        run.complete(&server);
        server.rest();
        assert_sound(&server, number);
        assert_tidy(&server);
        server = reopen(server);
    }
    // What several write at the same time is handed on together, so that a run may make fewer calls.
    assert!(failed * 4 >= calls * 3, "of {calls} calls {failed} failed");
}

fn assert_sound(server: &TestServer, number: u64) {
    let findings = check::check(&server.app.store, server.directory()).expect("readable");
    assert_eq!(findings.complaints, Vec::<String>::new(), "after call {number} failed");
}

/// Nothing lies around that no record leads to.
fn assert_tidy(server: &TestServer) {
    sweep::remove_orphans(&server.app).expect("swept");
    for directory in ["arriving", "spool", "mails"] {
        assert_eq!(server.names_in(directory), [""; 0], "{directory}");
    }
    for directory in ["exports", "outbox"] {
        let part = server.names_in(directory).into_iter().find(|name| name.contains("part"));
        assert_eq!(part, None, "{directory}");
    }
}

#[test]
fn a_disk_that_fails_for_good_costs_nothing_that_was_acknowledged() {
    fail_at_every_call(Fault::ForGood, true);
}

#[test]
fn a_disk_that_fails_once_costs_nothing_that_was_acknowledged() {
    fail_at_every_call(Fault::Once, true);
}

#[test]
fn a_change_that_comes_back_after_it_was_refused_harms_nothing() {
    fail_at_every_call(Fault::OnceButKept, false);
}

#[test]
fn texts_of_mails_that_do_not_wait_are_cleared_away() {
    let server = TestServer::start();
    let to = MailAddress::new("ann@example.net").unwrap();
    // The file of the second has another name than its key.
    for key in ["waits", "wa:its"] {
        let mail = Mail::new(key, to.clone(), MailSubject::new("Minutes"), "text");
        StoreOutbox::new(&server.app).post(mail).unwrap();
    }
    let waiting = server.names_in("mails");
    for name in ["sent.eml", ".half.eml.part"] {
        std::fs::write(server.directory().join("mails").join(name), "left by a crash").unwrap();
    }
    outbox::recover(&server.app).unwrap();
    assert_eq!(server.names_in("mails"), waiting);
    assert_eq!(waiting, ["wa_its.eml", "waits.eml"]);
    server.work();
    server.wait_until("both are sent, and their texts gone", || server.names_in("mails").is_empty());
    assert_eq!(server.names_in("outbox").len(), 2);
}
