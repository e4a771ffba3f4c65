//! Pictures of the server itself: chosen by administrators, seen by everybody.

use serde_json::{Value, json};

use crate::support::{Answer, Caller, TestServer};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nall the rest of it";

fn send(caller: &Caller<'_>, part: &str, bytes: &[u8], name: Option<&str>) -> Answer {
    let head = format!(
        "Content-Disposition: form-data; name=\"{part}\"; filename=\"favicon\"\r\nContent-Type: text/html\r\n\r\n"
    );
    let mut parts = vec![[head.as_bytes(), bytes].concat()];
    if let Some(name) = name {
        parts.push(format!("Content-Disposition: form-data; name=\"assetName\"\r\n\r\n{name}").into_bytes());
    }
    caller.send_form("assets.setAsset", &parts)
}

fn setting(caller: &Caller<'_>, id: &str) -> Value {
    let listed = caller.get("settings.public", &format!("_id={id}"));
    listed.ok()["settings"][0]["value"].clone()
}

#[test]
fn a_picture_of_the_server_is_chosen_shown_and_taken_away() {
    let server = TestServer::start();
    let (admin, stranger) = (server.as_admin(), server.anonymous());
    let picture = |path: &str| stranger.raw("GET", path, &[], "");
    assert_eq!((setting(&stranger, "Assets_logo"), picture("/assets/logo.png").status()), (json!({}), 404));
    assert_eq!(send(&admin, "asset", PNG, Some("logo")).ok(), &json!({"success": true}));
    assert_eq!(setting(&stranger, "Assets_logo"), json!({"url": "assets/logo.png", "defaultUrl": ""}));
    let shown = picture("/assets/logo.png");
    assert_eq!((shown.status(), shown.bytes()), (200, PNG));
    assert_eq!(shown.header("content-type"), "image/png", "what the sender calls it does not matter");
    let expected = json!([{
        "name": "logo", "url": "assets/logo.png", "contentType": "image/png",
        "_updatedAt": "2024-03-15T10:20:30.123Z",
    }]);
    assert_eq!(admin.get("assets", "").ok()["assets"], expected);

    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    send(&admin, "asset", svg, Some("logo")).ok();
    let shown = picture("/assets/logo.svg");
    assert_eq!(shown.bytes(), svg);
    assert_eq!(shown.header("content-security-policy"), "default-src 'none'");
    assert!(shown.header("content-disposition").starts_with("attachment;"));
    send(&admin, "asset", PNG, None).ok();
    assert_eq!(picture("/assets/favicon.png").bytes(), PNG, "the file's name tells the place");

    admin.post("assets.unsetAsset", json!({"assetName": "logo"})).ok();
    assert_eq!((setting(&stranger, "Assets_logo"), picture("/assets/logo.svg").status()), (json!({}), 404));
    assert_eq!(admin.post("assets.unsetAsset", json!({"assetName": "logo"})).status(), 200);
    let kept = server
        .directory()
        .join("uploads")
        .read_dir()
        .unwrap()
        .flat_map(|directory| directory.unwrap().path().read_dir().unwrap());
    assert_eq!(kept.count(), 1, "that of the favicon");
}

#[test]
fn other_places_and_other_files_are_refused() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let invalid = "Invalid asset [error-invalid-asset]";
    for name in ["hat", "", "../logo"] {
        assert_eq!(admin.post("assets.unsetAsset", json!({"assetName": name})).refusal(), invalid);
    }
    assert_eq!(send(&admin, "asset", PNG, Some("hat")).refusal(), invalid);
    let page = send(&admin, "asset", b"<html></html>", Some("logo"));
    assert_eq!(page.body()["errorType"], "error-invalid-file-type");
    assert_eq!(send(&admin, "image", PNG, Some("logo")).body()["errorType"], "invalid-field");
    assert_eq!(admin.post("assets.setAsset", json!({})).refusal(), "The 'asset' param is required");
    let forbidden = json!({
        "success": false,
        "error": "User does not have the permissions required for this action [error-unauthorized]",
    });
    let refused = send(&bob, "asset", PNG, Some("logo"));
    assert_eq!((refused.status(), refused.body()), (403, &forbidden));
    for endpoint in ["assets.setAsset", "assets.unsetAsset"] {
        let refused = bob.post(endpoint, json!({"assetName": "logo"}));
        assert_eq!((refused.status(), refused.body()), (403, &forbidden));
        assert_eq!(server.anonymous().post(endpoint, json!({})).status(), 401);
    }
    assert_eq!(admin.get("assets", "").ok()["assets"], json!([]));
}
