//! Where exports do not go, and what is said about it.

use export_sdk::ErrorKind;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::receiver::{Receiver, listen};
use crate::{LOCAL, Server, local, refused_settings};

#[test]
fn what_is_wrong_with_a_request_is_named_while_the_requester_waits() {
    let open = "secret = \"hush\"\nhosts = [\"*\"]";
    let some = "secret = \"hush\"\nhosts = [\"hooks.example.org\", \"*.example.net\"]";
    let (good, plain) = (json!({"url": "https://hooks.example.org/x"}), "http://hooks.example.org/");
    let wrong = [
        ("", good.clone(), "set `hosts` of [plugins.webhook]"),
        ("secret = \"hush\"\nhosts = []", good.clone(), "set `hosts` of [plugins.webhook]"),
        ("hosts = [\"*\"]", good.clone(), "set `secret` of [plugins.webhook]"),
        (open, json!(null), "`url`"),
        (open, json!({"url": plain}), "`allow_http`"),
        (open, json!({"url": "https://me:hush@hooks.example.org/"}), "user name or a password"),
        (open, json!({"url": "ftp://hooks.example.org/"}), "https://"),
        (open, json!({"url": "https://example.org", "secret": "mine"}), "`secret`"),
        (open, json!({"url": "https://example.org", "content": "all"}), "`all`"),
        (some, json!({"url": "https://example.org/"}), "example.org is not among the hosts"),
        (some, json!({"url": "https://example.net/"}), "example.net is not among the hosts"),
        (some, json!({"url": "https://10.0.0.1/"}), "10.0.0.1 is not among the hosts"),
    ];
    for (settings, options, expected) in wrong {
        let error = Server::new(settings).check(&options).expect_err(expected);
        assert_eq!(error.kind(), ErrorKind::BadOptions);
        let message = error.to_string();
        assert!(message.contains(expected) && !message.contains("hush"), "{options}: {message}");
    }
    for url in ["https://hooks.example.org/x", "https://HOOKS.example.org.:8443", "https://a.example.net"] {
        Server::new(some).check(&json!({"url": url, "content": "file"})).expect(url);
    }
    Server::new(&format!("{open}\nallow_http = true")).check(&json!({"url": plain})).expect("allowed");
}

#[test]
fn wrong_settings_stop_the_start_and_do_not_show_the_secret() {
    let wrong = [
        ("timeout_seconds = 0", "timeout_seconds"),
        ("hosts = [\"https://example.org\"]", "`hosts`"),
        ("certificate_authority = \"missing.pem\"", "`certificate_authority`"),
        ("certificate_authority = \"Cargo.toml\"", "`certificate_authority`"),
        ("secrt = \"hush\"", "secrt"),
        ("secret = [\"hush\"]", "`secret`"),
    ];
    for (settings, expected) in wrong {
        let error = refused_settings(settings);
        assert_eq!(error.kind(), ErrorKind::BadSettings);
        let message = error.to_string();
        assert!(message.contains("[plugins.webhook]") && message.contains(expected), "{message}");
        assert!(!message.contains("hush"), "{message}");
    }
}

/// Whether a URL with this host is refused at once where any public host is allowed.
fn is_refused(host: &str) -> bool {
    let server = Server::new("secret = \"hush\"\nhosts = [\"*\"]");
    match server.check(&json!({"url": format!("https://{host}/")})) {
        Ok(()) => false,
        Err(error) => {
            assert!(error.to_string().contains("`allow_private`"), "{host}: {error}");
            true
        }
    }
}

#[test]
fn an_address_that_is_not_public_is_refused_in_every_family() {
    let refused = [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.254",
        "127.0.0.1",
        "127.255.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::7f00:1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:8.8.8.8]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::1]",
        "[100::1]",
        "[2001::1]",
        "[2001:db8::1]",
        "[2002:7f00:1::]",
        "[3fff::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
    ];
    for host in refused {
        assert!(is_refused(host), "{host}");
    }
    for host in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "[2606:4700::1111]", "example.org"] {
        assert!(!is_refused(host), "{host}");
    }
}

proptest! {
    #[test]
    fn no_spelling_of_a_private_address_gets_through(
        network in prop::sample::select(vec![(10, 8), (127, 8), (0xa9fe, 16), (0xc0a8, 16), (0x641, 10)]),
        rest: u32,
    ) {
        let (start, prefix): (u32, u32) = network;
        // 100.64/10 is written with its ten bits.
        let start = if prefix == 10 { 0b01_1001_0001 } else { start };
        let number = start << (32 - prefix) | rest >> prefix;
        let [a, b, c, d] = number.to_be_bytes();
        let low = number & 0xff_ffff;
        let spellings = [
            format!("{a}.{b}.{c}.{d}"),
            format!("{number}"),
            format!("{number:#x}"),
            format!("0{number:o}"),
            format!("{a:#x}.0{b:o}.{c}.{d:#X}"),
            format!("{a}.{low}"),
            format!("{a}.{b}.{}", low & 0xffff),
            format!("{a}.{b}.{c}.{d}."),
            format!("[::ffff:{a}.{b}.{c}.{d}]"),
            format!("[::{a}.{b}.{c}.{d}]"),
            format!("[64:ff9b::{a}.{b}.{c}.{d}]"),
        ];
        for host in spellings {
            prop_assert!(is_refused(&host), "{host}");
        }
    }
}

#[tokio::test]
async fn a_name_with_a_private_address_is_refused_before_anybody_is_connected_to() {
    let mut receiver = Receiver::start(&["200 OK"]).await;
    let server = Server::new("secret = \"hush\"\nhosts = [\"*\"]\nallow_http = true");
    let options = json!({"url": format!("http://localhost:{}/", receiver.port)});
    server.check(&options).expect("only the delivery knows what is behind a name");
    let error = server.deliver(options.clone()).await.expect_err("loopback");
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(error.to_string().contains("localhost has an address that is not"), "{error}");
    assert!(receiver.is_silent());

    let allowing = Server::new(LOCAL);
    assert_eq!(allowing.deliver(options).await.unwrap().note, "posted to localhost: 200");
    assert_eq!(receiver.next().await.header("host"), format!("localhost:{}", receiver.port));
}

#[tokio::test]
async fn what_was_asked_for_under_other_settings_is_checked_again() {
    let (listener, port) = listen().await;
    let options: Value = json!({"url": local(port)});
    for settings in ["", "hosts = [\"*\"]", "secret = \"hush\"\nhosts = [\"*\"]\nallow_http = true"] {
        let error = Server::new(settings).deliver(options.clone()).await.expect_err(settings);
        assert_eq!(error.kind(), ErrorKind::BadOptions);
    }
    assert!(listener.into_std().unwrap().accept().is_err(), "nobody has connected");
}
