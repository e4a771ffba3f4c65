//! Whoever guesses passwords is stopped for a while.

use std::thread;

use serde_json::{Value, json};

use crate::auth::log_in;
use crate::support::TestServer;

const INCORRECT: &str = "Incorrect password";
const BLOCKED_USER: &str = "Login has been temporarily blocked For User";
const BLOCKED_ADDRESS: &str = "Login has been temporarily blocked For IP";

/// A server with `bob` on which this many failures are too many.
fn guarded(by_user: u64, by_address: u64) -> TestServer {
    let server = TestServer::start();
    server.user("bob");
    set(&server, "Attempts_Until_Block_by_User", by_user.into());
    set(&server, "Attempts_Until_Block_By_Ip", by_address.into());
    server
}

fn set(server: &TestServer, setting: &str, value: Value) {
    let path = format!("settings/Block_Multiple_Failed_Logins_{setting}");
    server.as_admin().post(&path, json!({"value": value})).ok();
}

/// What a login answers: `None` if it works.
fn attempt(server: &TestServer, user: &str, password: &str) -> Option<String> {
    let answer = log_in(server, json!({"user": user, "password": password}));
    if answer.status() == 200 {
        return None;
    }
    assert_eq!(answer.status(), 401, "{}", answer.text());
    answer.body()["message"].as_str().map(ToOwned::to_owned)
}

#[test]
fn after_the_last_wrong_attempt_even_the_right_password_waits() {
    let server = guarded(3, 50);
    for _ in 0..3 {
        assert_eq!(attempt(&server, "bob", "wrong").as_deref(), Some(INCORRECT));
    }
    let answer = log_in(&server, json!({"user": "bob", "password": "bob-password"}));
    let expected =
        json!({"status": "error", "error": "error-login-blocked-for-user", "message": BLOCKED_USER});
    assert_eq!((answer.status(), answer.body()), (401, &expected));
    assert_eq!(
        attempt(&server, "Bob", "bob-password").as_deref(),
        Some(BLOCKED_USER),
        "however it is spelled"
    );
    assert_eq!(attempt(&server, "admin", "admin-password"), None, "others are not concerned");
    server.clock.advance(5 * 60_000 - 1);
    assert_eq!(attempt(&server, "bob", "bob-password").as_deref(), Some(BLOCKED_USER));
    server.clock.advance(1);
    assert_eq!(attempt(&server, "bob", "bob-password"), None);
}

#[test]
fn attempts_at_the_same_time_do_not_slip_through() {
    let server = guarded(3, 50);
    let answers: Vec<_> = thread::scope(|scope| {
        let attempts: Vec<_> = (0..8).map(|_| scope.spawn(|| attempt(&server, "bob", "wrong"))).collect();
        attempts.into_iter().map(|attempt| attempt.join().unwrap().unwrap()).collect()
    });
    let told = |text: &str| answers.iter().filter(|answer| *answer == text).count();
    assert_eq!((told(INCORRECT), told(BLOCKED_USER)), (3, 5));
}

#[test]
fn a_login_that_works_wipes_the_slate() {
    let server = guarded(3, 50);
    for _ in 0..3 {
        assert_eq!(attempt(&server, "bob", "wrong").as_deref(), Some(INCORRECT));
        assert_eq!(attempt(&server, "bob", "wrong").as_deref(), Some(INCORRECT));
        assert_eq!(attempt(&server, "bob", "bob-password"), None);
    }
}

#[test]
fn logins_by_address_count_for_the_account_but_not_for_the_name() {
    let server = guarded(2, 50);
    for address in ["bob@example.org", "BOB@example.org"] {
        assert_eq!(attempt(&server, address, "wrong").as_deref(), Some(INCORRECT));
    }
    assert_eq!(attempt(&server, "bob@example.org", "bob-password").as_deref(), Some(BLOCKED_USER));
    assert_eq!(attempt(&server, "bob", "bob-password"), None);
    for _ in 0..2 {
        assert_eq!(attempt(&server, "nobody@example.org", "wrong").as_deref(), Some(INCORRECT));
    }
    let text = "a block tells nobody who there is";
    assert_eq!(attempt(&server, "nobody@example.org", "wrong").as_deref(), Some(BLOCKED_USER), "{text}");
}

#[test]
fn logins_by_id_count_for_the_account_as_those_by_address_do() {
    let server = guarded(2, 50);
    let id = server.user("bob").id;
    let by_id = |password: &str| {
        let login = json!({"user": {"id": id.as_str()}, "password": password});
        let answer = log_in(&server, login);
        answer.body()["message"].as_str().map(ToOwned::to_owned)
    };
    assert_eq!(by_id("wrong").as_deref(), Some(INCORRECT));
    assert_eq!(attempt(&server, "bob@example.org", "wrong").as_deref(), Some(INCORRECT));
    assert_eq!(by_id("bob-password").as_deref(), Some(BLOCKED_USER));
    server.clock.advance(5 * 60_000);
    assert_eq!(by_id("bob-password"), None);
}

#[test]
fn an_account_of_ones_own_does_not_make_a_host_trusted() {
    let server = guarded(50, 3);
    server.user("al");
    for _ in 0..2 {
        assert_eq!(attempt(&server, "al", "wrong").as_deref(), Some(INCORRECT));
        assert_eq!(attempt(&server, "al", "al-password"), None, "one's own mistakes are forgiven");
    }
    for _ in 0..3 {
        assert_eq!(attempt(&server, "al", "al-password"), None);
        assert_eq!(attempt(&server, "bob", "wrong").as_deref(), Some(INCORRECT));
    }
    assert_eq!(attempt(&server, "al", "al-password").as_deref(), Some(BLOCKED_ADDRESS));
}

#[test]
fn a_host_that_guesses_is_blocked_whatever_name_it_tries() {
    let server = guarded(2, 3);
    for name in ["a", "b", "c"] {
        assert_eq!(attempt(&server, name, "wrong").as_deref(), Some(INCORRECT));
    }
    let answer = log_in(&server, json!({"user": "bob", "password": "bob-password"}));
    assert_eq!(answer.body()["error"], "error-login-blocked-for-ip");
    assert_eq!(attempt(&server, "bob", "bob-password").as_deref(), Some(BLOCKED_ADDRESS));
    assert_eq!(
        attempt(&server, "bob", "bob-password").as_deref(),
        Some(BLOCKED_ADDRESS),
        "the address comes first, though the name is blocked by now, too"
    );
    let resumed = log_in(&server, json!({"resume": "x"}));
    assert_eq!(resumed.body()["message"], BLOCKED_ADDRESS);
    set(&server, "Ip_Whitelist", "10.0.0.1, 127.0.0.1".into());
    assert_eq!(attempt(&server, "al", "wrong").as_deref(), Some(INCORRECT));
}

#[test]
fn settings_take_effect_at_once_and_minutes_may_be_fractions() {
    let server = guarded(1, 0);
    set(&server, "Time_To_Unblock_By_User_In_Minutes", json!(0.05));
    assert_eq!(attempt(&server, "bob", "wrong").as_deref(), Some(INCORRECT));
    assert_eq!(attempt(&server, "bob", "bob-password").as_deref(), Some(BLOCKED_USER));
    server.clock.advance(3000);
    assert_eq!(attempt(&server, "bob", "wrong").as_deref(), Some(INCORRECT));
    set(&server, "Enabled", false.into());
    assert_eq!(attempt(&server, "bob", "wrong").as_deref(), Some(INCORRECT));
    assert_eq!(attempt(&server, "bob", "bob-password"), None);
}
