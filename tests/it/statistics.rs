//! Numbers about the server, for those who may see them.

use roomscribe::domain::RoomKind;
use serde_json::json;

use crate::support::TestServer;

#[test]
fn administrators_see_how_much_there_is() {
    let server = TestServer::start();
    let admin = server.as_admin();
    server.room(RoomKind::Group, "crew", &["al", "bob"]);
    admin.post("channels.join", json!({"roomId": "GENERAL"})).ok();
    let before = admin.get("statistics", "").ok()["totalMessages"].as_u64().unwrap();
    admin.post("chat.postMessage", json!({"roomId": "GENERAL", "text": "land"})).ok();
    assert_eq!(admin.get("statistics", "").ok()["totalMessages"], before, "counted once an hour");
    let numbers = admin.get("statistics", "refresh=true");
    let numbers = numbers.ok();
    assert_eq!(numbers["totalMessages"], before + 1);
    for (key, expected) in [
        ("totalUsers", 4),
        ("activeUsers", 4),
        ("onlineUsers", 1),
        ("offlineUsers", 3),
        ("totalRooms", 2),
        ("totalChannels", 1),
        ("totalPrivateGroups", 1),
        ("totalDirect", 0),
        ("uploadsTotal", 0),
    ] {
        assert_eq!(numbers[key], expected, "{key}");
    }
    assert_eq!(numbers["version"], "6.14.0");
    assert!(numbers["process"]["uptime"].is_number() && numbers["os"]["cpus"].is_number());
    assert_eq!(numbers["uniqueId"], admin.get("settings/uniqueID", "").ok()["value"]);
    assert_eq!(numbers["installedAt"], "2024-03-15T10:20:30.123Z");
    assert_eq!(numbers["deploymentFingerprintHash"].as_str().unwrap().len(), 64);
    assert_eq!((&numbers["deploymentFingerprintVerified"], &numbers["wizard"]), (&json!(true), &json!({})));
    let list = admin.get("statistics.list", "");
    assert_eq!((&list.ok()["total"], &list.body()["statistics"][0]["totalUsers"]), (&json!(1), &json!(4)));
    server.clock.advance(3_600_000);
    admin.post("chat.postMessage", json!({"roomId": "GENERAL", "text": "ahoy"})).ok();
    assert_eq!(admin.get("statistics", "").ok()["totalMessages"], before + 2);
}

#[test]
fn others_do_not() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    for endpoint in ["statistics", "statistics.list"] {
        assert_eq!(bob.get(endpoint, "").refusal(), "error-not-allowed");
        assert_eq!(server.anonymous().get(endpoint, "").status(), 401);
    }
    let refused = bob.get("instances.get", "");
    assert_eq!(
        (refused.status(), refused.body()),
        (403, &json!({"success": false, "error": "unauthorized"}))
    );
    let missing = bob.post("statistics.telemetry", json!({}));
    assert_eq!(missing.refusal(), "must have required property 'params' [invalid-params]");
    assert_eq!(bob.post("statistics.telemetry", json!({"params": []})).ok(), &json!({"success": true}));
    let active = bob.get("licenses.maxActiveUsers", "");
    assert_eq!(active.ok(), &json!({"maxActiveUsers": null, "activeUsers": 3, "success": true}));
}

#[test]
fn the_server_is_its_only_instance() {
    let server = TestServer::start();
    let answer = server.as_admin().get("instances.get", "");
    let instances = answer.ok()["instances"].as_array().unwrap();
    assert_eq!(instances.len(), 1);
    let instance = &instances[0];
    assert_eq!(instance["address"], "127.0.0.1");
    assert_eq!(
        instance["currentStatus"],
        json!({"connected": true, "lastHeartbeatTime": crate::support::NOW, "local": true})
    );
    assert_eq!(instance["broadcastAuth"], true);
    let record = &instance["instanceRecord"];
    assert_eq!((&record["name"], &record["pid"]), (&json!("rocket.chat"), &json!(std::process::id())));
    let system = record["extraInformation"]["os"].as_object().unwrap();
    for key in ["type", "platform", "arch", "release", "uptime", "loadavg", "totalmem", "freemem", "cpus"] {
        assert!(system.contains_key(key), "{key}");
    }
}

#[test]
fn the_last_lines_of_the_log_are_for_those_who_may_see_them() {
    let server = TestServer::start();
    server.app.log.note("ready");
    let queue = server.as_admin().get("stdout.queue", "").ok()["queue"].clone();
    let expected = json!([{"id": "0", "string": "ready", "ts": queue[0]["ts"]}]);
    assert_eq!(queue, expected);
    assert!(queue[0]["ts"].is_string());
    assert_eq!(server.as_user("bob").get("stdout.queue", "").status(), 403);
}

#[test]
fn what_there_is_none_of_is_said_so() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let empty = |list: &str| json!({list: [], "count": 0, "offset": 0, "total": 0, "success": true});
    assert_eq!(bob.get("custom-sounds.list", "").ok(), &empty("sounds"));
    let sound = bob.get("custom-sounds.getOne", "_id=x");
    let expected = json!({"success": false, "error": "Custom Sound not found."});
    assert_eq!((sound.status(), sound.body()), (404, &expected));
    for endpoint in ["banners", "banners.getNew", "banners/x"] {
        assert_eq!(bob.get(endpoint, "platform=web").ok(), &json!({"banners": [], "success": true}));
    }
    assert_eq!(bob.post("banners.dismiss", json!({"bannerId": "x"})).refusal(), "Banner not found");
    assert_eq!(bob.get("assets", "").ok(), &json!({"assets": [], "success": true}));
    let license = json!({"license": {"tags": [], "activeModules": []}, "success": true});
    assert_eq!(bob.get("licenses.info", "").ok(), &license);
    for endpoint in
        ["autotranslate.getSupportedLanguages", "oauth-apps.list", "ldap.testConnection", "dns.resolve.txt"]
    {
        let answer = bob.get(endpoint, "");
        assert_eq!((answer.status(), &answer.body()["error"]), (404, &json!("API endpoint does not exist")));
    }
    assert_eq!(bob.get("smtp.check", "").ok()["isSMTPConfigured"], false);
    server.as_admin().post("settings/SMTP_Host", json!({"value": "mail.example.org"})).ok();
    assert_eq!(bob.get("smtp.check", "").ok()["isSMTPConfigured"], true);
    let text = "must have required property 'token' [invalid-params]";
    assert_eq!(server.anonymous().get("pw.getPolicyReset", "").refusal(), text);
    assert_eq!(server.anonymous().get("pw.getPolicyReset", "token=guessed").status(), 403);
}
