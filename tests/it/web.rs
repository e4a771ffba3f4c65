//! What operators and browsers ask for: health, robots, the clock, the documentation, other origins.

use roomscribe::api::Api;
use serde_json::json;

use crate::support::{Answer, NOW, TestServer};

fn get(server: &TestServer, path: &str) -> Answer {
    server.anonymous().raw("GET", path, &[], "")
}

fn preflight(server: &TestServer, origin: &str) -> Answer {
    let headers = [("origin", origin), ("access-control-request-method", "POST")];
    server.anonymous().raw("OPTIONS", "/api/v1/login", &headers, "")
}

#[test]
fn operators_see_that_the_server_is_well() {
    let server = TestServer::start();
    for path in ["/health", "/livez", "/readyz"] {
        let answer = get(&server, path);
        assert_eq!((answer.status(), answer.text()), (200, "ok"), "{path}");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    assert_eq!(get(&server, "/_timesync").text(), NOW.to_string());
    assert_eq!(get(&server, "/robots.txt").text(), "User-agent: *\nDisallow: /");
    server.as_admin().post("settings/Robot_Instructions_File_Content", json!({"value": "Allow: /"})).ok();
    assert_eq!(get(&server, "/robots.txt").text(), "Allow: /");
}

#[test]
fn a_server_whose_disk_failed_lives_but_is_not_ready() {
    let (server, disk) = TestServer::start_faulty();
    assert_eq!(get(&server, "/readyz").status(), 200);
    let admin = server.as_admin();
    disk.fail_writes_after(0);
    let headers = [("content-type", "application/json")];
    let failed = admin.raw("POST", "/api/v1/settings/Site_Name", &headers, r#"{"value": "x"}"#);
    assert_eq!(failed.status(), 500);
    assert_eq!((get(&server, "/livez").status(), get(&server, "/readyz").status()), (200, 503));
    disk.heal();
}

#[test]
fn the_documentation_names_every_endpoint() {
    let server = TestServer::start();
    let answer = get(&server, "/api-docs");
    assert_eq!((answer.status(), answer.header("content-type")), (200, "application/json"));
    for endpoint in Api::new(1).endpoints() {
        let name = endpoint.terms.path.replace(":_id", "{_id}");
        if !name.contains(':') {
            let method = endpoint.terms.method.word().to_lowercase();
            assert!(answer.body()["paths"][format!("/api/v1/{name}")][&method].is_object(), "{name}");
        }
    }
}

#[test]
fn the_root_of_the_interface_is_the_version() {
    let server = TestServer::start();
    let info = server.anonymous().get("info", "").body().clone();
    for path in ["/api/info", "/api/v1/", "/api/v1"] {
        assert_eq!(get(&server, path).body(), &info, "{path}");
    }
    let full = server.as_admin().get("info", "");
    assert_eq!(
        (&full.ok()["version"], &full.body()["info"]["version"]),
        (&json!("6.14.0"), &json!("6.14.0"))
    );
    for key in ["arch", "platform", "osRelease", "totalMemory", "freeMemory", "cpus"] {
        assert!(full.body()["info"]["build"][key] != json!(null), "{key}");
    }
    let stale = [("x-user-id", "nobody"), ("x-auth-token", "nothing")];
    assert_eq!(server.anonymous().raw("GET", "/api/info", &stale, "").body(), &info);
}

#[test]
fn who_opens_the_server_or_an_invitation_is_told_how_to_go_on() {
    let server = TestServer::start();
    let home = get(&server, "/");
    assert_eq!((home.status(), home.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(home.text().contains("roomscribe") && home.text().contains("href=\"api-docs\""));
    let invited = get(&server, "/invite/a%3Cb%3E");
    assert_eq!(invited.status(), 200);
    assert!(
        invited.text().contains("useInviteToken") && invited.text().contains("a&lt;b&gt;"),
        "{}",
        invited.text()
    );
    assert_eq!(server.anonymous().raw("POST", "/invite/ab", &[], "").status(), 404);
}

#[test]
fn methods_that_would_do_are_named() {
    let server = TestServer::start();
    let allow = |method: &str, path: &str| {
        let answer = server.anonymous().raw(method, path, &[], "");
        assert_eq!(answer.status(), 405, "{method} {path}");
        answer.header("allow").to_owned()
    };
    assert_eq!(allow("PUT", "/api/v1/settings/Site_Name"), "GET, POST, OPTIONS");
    assert_eq!(allow("GET", "/api/v1/push.token"), "POST, DELETE, OPTIONS");
    assert_eq!(allow("PATCH", "/api/v1/roles.list"), "GET, OPTIONS");
}

#[test]
fn every_answer_may_be_read_by_other_sites() {
    let server = TestServer::start();
    for path in ["/api/v1/info", "/api/v1/no.such", "/api/v1/me", "/api/v1/login"] {
        let answer = get(&server, path);
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        let headers = "Origin, X-Requested-With, Content-Type, Accept, X-User-Id, X-Auth-Token";
        assert_eq!(answer.header("access-control-allow-headers"), headers);
    }
}

#[test]
fn calls_from_other_sites_are_allowed_by_settings() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let bare = server.anonymous().raw("OPTIONS", "/api/v1/login", &[], "");
    assert_eq!((bare.status(), bare.text()), (200, ""));
    let off = preflight(&server, "https://a.example");
    let text = "CORS not enabled. Go to \"Admin > General > REST Api\" to enable it.";
    assert_eq!((off.status(), off.text()), (405, text));
    admin.post("settings/API_Enable_CORS", json!({"value": true})).ok();
    let any = preflight(&server, "https://a.example");
    assert_eq!((any.status(), any.header("access-control-allow-origin")), (200, "*"));
    assert_eq!(any.header("access-control-allow-methods"), "GET, POST, PUT, DELETE, HEAD, PATCH");
    let headers = "Origin, X-Requested-With, Content-Type, Accept, X-User-Id, X-Auth-Token, x-visitor-token, Authorization";
    assert_eq!(any.header("access-control-allow-headers"), headers);
    let origins = json!({"value": "https://a.example, https://B.example"});
    admin.post("settings/API_CORS_Origin", origins).ok();
    let known = preflight(&server, "https://b.EXAMPLE");
    let allowed = known.header("access-control-allow-origin");
    assert_eq!((known.status(), allowed, known.header("vary")), (200, "https://b.example", "Origin"));
    let unknown = preflight(&server, "https://evil.example");
    assert_eq!((unknown.status(), unknown.text()), (200, ""));
    for header in
        ["access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers"]
    {
        assert_eq!(unknown.header(header), "");
    }
}
