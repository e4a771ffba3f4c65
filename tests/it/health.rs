//! The server stands and says who it is.

use serde_json::json;

use crate::support::TestServer;

#[test]
fn a_new_server_is_well_and_tells_its_version() {
    let server = TestServer::start();
    assert_eq!(server.anonymous().raw("GET", "/health", &[], "").text(), "ok");
    let info = server.anonymous().get("info", "");
    assert_eq!(info.body()["version"], "6.14");
    assert_eq!(server.anonymous().raw("GET", "/api/info", &[], "").body(), info.body());
    assert!(server.as_admin().get("info", "").body()["info"].is_object());
}

#[test]
fn unknown_endpoints_and_wrong_methods_are_told_apart() {
    let server = TestServer::start();
    let unknown = server.anonymous().get("no.such", "");
    assert_eq!(unknown.status(), 404);
    assert_eq!(unknown.body()["error"], "API endpoint does not exist");
    let wrong = server.anonymous().post("info", json!({}));
    assert_eq!(wrong.status(), 405);
    assert_eq!(wrong.header("allow"), "GET, OPTIONS");
    assert_eq!(wrong.body(), &json!({"status": "error", "message": "API endpoint does not exist"}));
}
