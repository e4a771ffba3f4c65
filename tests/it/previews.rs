//! Previews of links: off at first, never of what only this machine can reach, put into messages
//! after they were sent, and at request.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard};

use roomscribe::domain::{MessageId, RoomId, RoomKind};
use roomscribe::preview::Fetcher;
use roomscribe::service::{previews, settings};
use serde_json::{Value, json};

use crate::support::{Caller, TestServer};

const PAGE: &str = "<title>A page</title><meta property=\"og:title\" content=\"A &amp; B\">";

/// A web site on this machine, and what it was asked for.
struct Site {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let asked = Arc::new(Mutex::default());
        let counted = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut lines = BufReader::new(stream.try_clone().expect("a handle")).lines();
                let Some(Ok(line)) = lines.next() else { continue };
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                let path = line.split(' ').nth(1).expect("a path").to_owned();
                let page = |kind: &str, body: &str| {
                    format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    )
                };
                let moved =
                    |to: &str| format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
                let answer = match path.as_str() {
                    "/page" => page("text/html; charset=utf-8", PAGE),
                    "/picture" => page("image/png", PAGE),
                    "/moved" => moved("/page"),
                    "/round" => moved("/round"),
                    "/inside" => moved("http://10.0.0.1/"),
                    "/port" => moved(&format!("http://127.0.0.1:{}/", port ^ 1)),
                    "/big" => page("text/html", &format!("{PAGE}<body>{}", "x".repeat(2_000_000))),
                    _ => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
                };
                let mut counted: MutexGuard<'_, Vec<String>> = counted.lock().expect("no test has panicked");
                counted.push(path);
                drop(counted);
                // Who has read enough goes away.
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { port, asked }
    }

    fn link(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no test has panicked").clone()
    }
}

fn set(server: &TestServer, id: &str, value: impl Into<Value>) {
    settings::set(&server.app, id, &value.into()).expect("a setting");
}

/// A server with previews that may ask this site on this machine.
fn relaxed(site: &Site) -> TestServer {
    let mut server = TestServer::start();
    let app = Arc::get_mut(&mut server.app).expect("nobody else has it");
    app.fetcher = Fetcher::from_anywhere().expect("a fetcher");
    set(&server, "API_Embed", true);
    set(&server, "API_EmbedIgnoredHosts", "10.0.0.0/8");
    set(&server, "API_EmbedSafePorts", format!("80, 443, {}", site.port));
    server
}

fn look(caller: &Caller<'_>, room: &RoomId, link: &str) -> Value {
    let link = percent_encoding::utf8_percent_encode(link, percent_encoding::NON_ALPHANUMERIC);
    caller.get("chat.getURLPreview", &format!("roomId={room}&url={link}")).ok()["urlPreview"].clone()
}

fn nothing(link: &str) -> Value {
    json!({"url": link, "meta": {}, "ignoreParse": true})
}

#[test]
fn a_preview_says_what_is_behind_a_link() {
    let site = Site::start();
    let server = relaxed(&site);
    let room = server.room(RoomKind::Group, "secret", &["bob"]);
    let bob = server.as_user("bob");
    let headers = json!({"contentType": "text/html; charset=utf-8", "contentLength": PAGE.len().to_string()});
    for path in ["/page", "/moved"] {
        let expected = json!({
            "url": site.link(path), "meta": {"pageTitle": "A page", "ogTitle": "A & B"}, "ignoreParse": true,
            "headers": headers,
        });
        assert_eq!(look(&bob, &room, &site.link(path)), expected);
    }
    let picture = look(&bob, &room, &site.link("/picture"));
    assert_eq!((&picture["headers"]["contentType"], &picture["meta"]), (&json!("image/png"), &json!({})));
    assert_eq!(look(&bob, &room, &site.link("/big"))["meta"]["pageTitle"], "A page");
    for path in ["/gone", "/round", "/inside", "/port"] {
        assert_eq!(look(&bob, &room, &site.link(path)), nothing(&site.link(path)), "{path}");
    }
    for link in ["no link", "ftp://example.org/", "http://u:p@example.org/", "file:///etc/passwd"] {
        assert_eq!(look(&bob, &room, link), nothing(link));
    }
    let asked = site.asked();
    set(&server, "API_EmbedIgnoredHosts", "127.0.0.0/8");
    assert_eq!(look(&bob, &room, &site.link("/page")), nothing(&site.link("/page")));
    set(&server, "API_EmbedIgnoredHosts", "");
    set(&server, "API_EmbedSafePorts", "80");
    assert_eq!(look(&bob, &room, &site.link("/page")), nothing(&site.link("/page")));
    set(&server, "API_Embed", false);
    assert_eq!(look(&bob, &room, &site.link("/page")), nothing(&site.link("/page")));
    assert_eq!(site.asked(), asked, "what is not allowed is not asked");
}

#[test]
fn this_machine_and_its_network_are_never_asked() {
    let site = Site::start();
    let server = TestServer::start();
    set(&server, "API_Embed", true);
    set(&server, "API_EmbedIgnoredHosts", "");
    set(&server, "API_EmbedSafePorts", format!("80, 443, {}", site.port));
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    let port = site.port;
    for host in ["127.0.0.1", "localhost", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1"] {
        let link = format!("http://{host}:{port}/page");
        assert_eq!(look(&bob, &room, &link), nothing(&link));
    }
    for link in ["http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://[fe80::1]/"] {
        assert_eq!(look(&bob, &room, link), nothing(link));
    }
    assert_eq!(site.asked(), Vec::<String>::new());
}

#[test]
fn previews_are_refused_to_strangers_and_bad_parameters() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "secret", &["bob"]);
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let refusal = |caller: &Caller<'_>, query: &str| {
        let answer = caller.get("chat.getURLPreview", query);
        (answer.refusal().to_owned(), answer.body()["errorType"].as_str().expect("a type").to_owned())
    };
    let not_allowed = ("Not allowed [error-not-allowed]".to_owned(), "error-not-allowed".to_owned());
    assert_eq!(refusal(&eve, &format!("roomId={room}&url=x")), not_allowed);
    assert_eq!(refusal(&bob, "roomId=unknown&url=x"), not_allowed);
    let invalid = |text: &str| (format!("{text} [invalid-params]"), "invalid-params".to_owned());
    assert_eq!(refusal(&bob, "url=x"), invalid("must have required property 'roomId'"));
    assert_eq!(refusal(&bob, "roomId=x"), invalid("must have required property 'url'"));
    let more = format!("roomId={room}&url=x&more=1");
    assert_eq!(refusal(&bob, &more), invalid("must NOT have additional properties"));
    assert_eq!(server.anonymous().get("chat.getURLPreview", &more).status(), 401);
    assert_eq!(look(&bob, &room, "https://example.org/"), nothing("https://example.org/"), "off at first");
}

fn send(caller: &Caller<'_>, room: &RoomId, text: &str) -> MessageId {
    let message = json!({"message": {"rid": room.as_str(), "msg": text}});
    let sent = caller.post("chat.sendMessage", message);
    let urls = &sent.ok()["message"]["urls"];
    assert!(
        urls.as_array().expect("a list").iter().all(|url| url["meta"] == json!({})),
        "sending waits for none"
    );
    MessageId::new(sent.body()["message"]["_id"].as_str().expect("an id"))
}

fn urls(caller: &Caller<'_>, id: &MessageId) -> Value {
    caller.get("chat.getMessage", &format!("msgId={id}")).ok()["message"]["urls"].clone()
}

#[test]
fn messages_get_their_previews_after_they_were_sent() {
    let site = Site::start();
    let server = relaxed(&site);
    let room = server.room(RoomKind::Group, "secret", &["bob"]);
    let bob = server.as_user("bob");
    server.work();
    let (page, gone, picture) = (site.link("/page"), site.link("/gone"), site.link("/picture"));
    let many: Vec<String> = (0..6).map(|number| site.link(&format!("/{number}"))).collect();
    let too_many = send(&bob, &room, &many.join(" "));
    let id = send(&bob, &room, &format!("see {page} and {gone}"));
    let has_preview = |id: &MessageId| urls(&bob, id)[0]["meta"]["ogTitle"] == "A & B";
    server.wait_until("the preview is there", || has_preview(&id));
    let found = urls(&bob, &id);
    assert_eq!(found[0]["headers"]["contentType"], "text/html; charset=utf-8");
    assert_eq!(found[1], json!({"url": gone, "meta": {}}));
    assert_eq!(site.asked(), ["/page", "/gone"], "too many links are none");
    assert_eq!(urls(&bob, &too_many)[0], json!({"url": many[0], "meta": {}}));
    // A reaction fetches nothing; an edit fetches what it names.
    bob.post("chat.react", json!({"messageId": id.as_str(), "emoji": "smile"})).ok();
    let edit = json!({"roomId": room.as_str(), "msgId": id.as_str(), "text": picture});
    bob.post("chat.update", edit).ok();
    let is_picture = || urls(&bob, &id)[0]["headers"]["contentType"] == "image/png";
    server.wait_until("the preview of the edit is there", is_picture);
    server.rest();
    assert!(site.asked()[2..].iter().all(|path| path == "/picture"), "{:?}", site.asked());
}

#[test]
fn only_what_is_new_gets_previews_and_only_if_they_are_on() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "secret", &["bob"]);
    let bob = server.as_user("bob");
    let id = send(&bob, &room, "https://example.org/ and http://chat.example/");
    let wanted = |is_new| {
        let message = server.app.store.message(&id).expect("readable").expect("a message");
        previews::wanted(&server.app, &message, is_new).expect("readable")
    };
    let none: [&str; 0] = [];
    assert_eq!(wanted(true), none);
    set(&server, "API_Embed", true);
    assert_eq!(wanted(true), ["https://example.org/", "http://chat.example/"]);
    assert_eq!(wanted(false), none);
    server.clock.advance(1000);
    let mut edit =
        json!({"roomId": room.as_str(), "msgId": id.as_str(), "text": "http://a.b/", "previewUrls": []});
    bob.post("chat.update", edit.clone()).ok();
    assert_eq!(wanted(false), none, "it was not chosen");
    edit["previewUrls"] = json!(["http://a.b/"]);
    bob.post("chat.update", edit).ok();
    assert_eq!(wanted(false), ["http://a.b/"]);
}
