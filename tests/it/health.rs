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

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_read_to_its_end() {
    let server = TestServer::start();
    let headers = [("content-type", "application/json")];
    let stranger = server.anonymous().raw("POST", "/api/v1/login", &headers, vec![b' '; (1 << 20) + 1]);
    assert_eq!(stranger.status(), 413);
    assert_eq!(stranger.body()["success"], false);
    let unknown = server.anonymous().raw("POST", "/api/v1/rooms.export", &headers, vec![b' '; 60 << 20]);
    assert_eq!(unknown.status(), 401, "who is not logged in is told so, whatever the body");
    let user = server.as_admin().raw("POST", "/api/v1/rooms.export", &headers, vec![b' '; 60 << 20]);
    assert_eq!(user.status(), 413);
    let text = "The request body is larger than 50 MB. Send files through rooms.media.";
    assert_eq!(user.body(), &json!({"success": false, "error": text}));
}
