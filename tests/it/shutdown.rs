//! A server that was asked to stop says so to whoever watches over it.

use std::sync::atomic::Ordering;

use crate::support::TestServer;

#[test]
fn a_server_that_stops_lives_but_is_not_ready() {
    let server = TestServer::start();
    let status = |path: &str| server.anonymous().raw("GET", path, &[], "").status();
    assert_eq!((status("/livez"), status("/readyz")), (200, 200));
    server.app.is_stopping.store(true, Ordering::SeqCst);
    assert_eq!((status("/livez"), status("/readyz")), (200, 503));
}
