//! What people change of their own accounts only once a minute.

use serde_json::{Value, json};

use crate::password_mails::set;
use crate::support::TestServer;

#[test]
fn each_thing_changes_once_a_minute() {
    let server = TestServer::start();
    set(&server, "Accounts_TwoFactorAuthentication_Enabled", json!(false));
    let bob = server.as_user("bob");
    let own = |data: Value| bob.post("users.updateOwnBasicInfo", json!({"data": data}));
    for (first, second) in [
        (json!({"name": "Robert"}), json!({"name": "Rob"})),
        (json!({"email": "robert@x"}), json!({"email": "rob@x"})),
        (json!({"statusText": "here"}), json!({"statusText": "there"})),
    ] {
        own(first.clone()).ok();
        // What is so already is no change.
        own(first).ok();
        let refused = own(second);
        assert_eq!(refused.status(), 429, "{}", refused.text());
        let text = "Error, too many requests. Please slow down. You must wait 60 seconds before trying this \
                    endpoint again. [error-too-many-requests]";
        assert_eq!(refused.body(), &json!({"success": false, "error": text}));
    }
    bob.post("users.setStatus", json!({"status": "busy", "message": "here"})).ok();
    assert_eq!(bob.post("users.setStatus", json!({"message": "away"})).status(), 429);
    let reset = json!({"userId": bob.id()});
    bob.post("users.resetAvatar", reset.clone()).ok();
    assert_eq!(bob.post("users.resetAvatar", reset).status(), 429);
    let user = server.user("bob");
    assert_eq!((user.name.as_deref(), user.status_text.as_deref()), (Some("Robert"), Some("here")));
    assert_eq!(user.emails[0].address, "robert@x");
    // Others are not concerned, nor is he a minute later.
    server.as_user("al").post("users.setStatus", json!({"message": "new"})).ok();
    server.clock.advance(60_000);
    own(json!({"name": "Rob", "email": "rob@x", "statusText": "there"})).ok();
}

#[test]
fn who_changes_accounts_of_others_is_not_counted_and_nobody_is_without_the_limiter() {
    let server = TestServer::start();
    let twice = |name: &str| {
        let caller = server.as_user(name);
        ["one", "two"].map(|text| caller.post("users.setStatus", json!({"message": text})).status())
    };
    assert_eq!(twice("admin"), [200, 200]);
    set(&server, "API_Enable_Rate_Limiter", json!(false));
    assert_eq!(twice("bob"), [200, 200]);
}
