//! More than the server can do, over real sockets: what is shed is told so, and everybody else goes on.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use roomscribe::config::Config;
use roomscribe::domain::RoomKind;
use roomscribe::server;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::support::{Caller, TestServer};

/// Whatever takes longer is stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// Serves on a real port as long as `clients` runs.
fn serve<T>(server: &TestServer, clients: impl AsyncFnOnce(SocketAddr) -> T) -> T {
    server.runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving =
            tokio::spawn(server::serve(server.app.clone(), listener, async { drop(stopped.await) }));
        let done = tokio::time::timeout(PATIENCE, clients(address)).await.expect("an end");
        drop(stop);
        serving.await.expect("stopped");
        done
    })
}

fn start(change: impl FnOnce(&mut Config)) -> TestServer {
    TestServer::start_with(|config| {
        config.environment.overwritten.insert("API_Enable_Rate_Limiter".to_owned(), "false".to_owned());
        change(config);
    })
}

/// What came back: status and headers, without the body; `None`: nothing.
async fn answer(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Option<(u16, String)> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: u64 = length.map_or(0, |length| length.parse().expect("a number"));
    let read = tokio::io::copy(&mut (&mut reader).take(length), &mut tokio::io::sink()).await;
    assert_eq!(read.ok()?, length, "half an answer");
    Some((head.split(' ').nth(1)?.parse().expect("a status"), lower))
}

async fn ask(address: SocketAddr, request: &[u8]) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    // Who is refused early may not get rid of all of it.
    let _ = stream.write_all(request).await;
    answer(&mut stream).await
}

const HEALTH: &[u8] = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n";

async fn is_served(address: SocketAddr) -> bool {
    ask(address, HEALTH).await.is_some_and(|(status, _)| status == 200)
}

fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /api/v1/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

#[test]
fn idle_connections_make_room_for_others() {
    let server = start(|config| config.server.connections = 4);
    serve(&server, async |address| {
        let mut idle = Vec::new();
        for _ in 0..20 {
            idle.push(TcpStream::connect(address).await.expect("connected"));
            assert!(is_served(address).await);
        }
        let mut open = 0;
        for stream in &mut idle {
            // Who was closed has an end to read; whoever is open has nothing.
            match stream.try_read(&mut [0]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => open += 1,
                end => assert!(matches!(end, Ok(0) | Err(_)), "{end:?}"),
            }
        }
        assert!(open <= 4, "{open}");
    });
}

#[test]
fn who_writes_byte_by_byte_makes_room_and_is_given_up() {
    let server = start(|config| {
        config.server.connections = 4;
        config.server.patience_seconds = 1;
    });
    serve(&server, async |address| {
        let begun = ["GET /health HTTP/1.1\r\nX: ".to_owned(), post("login", &" ".repeat(10_000))];
        let mut writers = JoinSet::new();
        for number in 0..12 {
            let mut stream = TcpStream::connect(address).await.expect("connected");
            let request = begun[number % 2].clone();
            writers.spawn(async move {
                let (mut reader, mut writer) = stream.split();
                let writing = async {
                    let (first, rest) = request.split_at(request.len().min(200));
                    writer.write_all(first.as_bytes()).await?;
                    for byte in rest.bytes().chain(std::iter::repeat(b'x')) {
                        writer.write_all(&[byte]).await?;
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    std::io::Result::Ok(())
                };
                tokio::select! {
                    _ = writing => None,
                    answer = answer(&mut reader) => answer.map(|(status, _)| status),
                }
            });
            assert!(is_served(address).await);
        }
        let mut ends: BTreeMap<Option<u16>, usize> = BTreeMap::new();
        while let Some(end) = writers.join_next().await {
            *ends.entry(end.expect("no panic")).or_default() += 1;
        }
        // Heads are closed, bodies cut off to make room or given up.
        assert!(ends.keys().all(|end| matches!(end, None | Some(400 | 408))), "{ends:?}");
        assert!(ends.contains_key(&Some(408)), "{ends:?}");
    });
}

#[test]
fn who_does_not_take_the_answer_loses_its_place() {
    let server = start(|config| {
        config.server.connections = 1;
        config.server.patience_seconds = 1;
    });
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    server.upload(&room, "large", "large.txt", &vec![b'x'; 40 << 20]);
    let bob = server.as_user("bob");
    let fetch = format!(
        "GET /file-upload/large/large.txt HTTP/1.1\r\nHost: x\r\nCookie: rc_uid={}; rc_token={}\r\n\r\n",
        bob.id(),
        bob.token()
    );
    serve(&server, async |address| {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        let mut slow = socket.connect(address).await.expect("connected");
        slow.write_all(fetch.as_bytes()).await.expect("sent");
        let mut first = [0; 12];
        slow.read_exact(&mut first).await.expect("an answer begins");
        assert_eq!(&first, b"HTTP/1.1 200");
        let (status, head) = ask(address, HEALTH).await.expect("an answer");
        assert_eq!(status, 503, "an answer under way is not cut off for others");
        assert!(head.contains("retry-after: ") && head.contains("connection: close"), "{head}");
        while !is_served(address).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut rest = Vec::new();
        let read = slow.read_to_end(&mut rest).await;
        assert!(read.is_err() || rest.len() < 40 << 20, "it was cut off");
    });
}

#[test]
fn heads_have_a_size() {
    let server = start(|_| {});
    serve(&server, async |address| {
        let head = |fields: &str| format!("GET /health HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        let status = async |request: String| ask(address, request.as_bytes()).await.map(|(status, _)| status);
        assert_eq!(status(head("")).await, Some(200));
        assert_eq!(status(head(&format!("X: {}\r\n", "x".repeat(16 << 10)))).await, Some(200));
        assert_eq!(status(head(&format!("X: {}\r\n", "x".repeat(10 << 20)))).await, Some(431));
        assert_eq!(status(head(&"X: x\r\n".repeat(1000))).await, Some(431));
        let line = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(10 << 20));
        assert!(matches!(status(line).await, Some(414 | 431)));
        assert_eq!(status("GET /health\u{1} HTTP/1.1\r\n\r\n".to_owned()).await, Some(400));
        let body = post("login", &" ".repeat(10 << 20));
        assert_eq!(status(body).await, Some(413), "who sends on gets to read why");
        assert!(is_served(address).await);
    });
}

#[test]
fn a_crowd_that_logs_in_keeps_nobody_waiting_who_is_in() {
    let server = start(|config| (config.server.workers, config.server.queue) = (4, 8));
    server.user("al");
    let bob = server.as_user("bob");
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let login = |password: &str| post("login", &format!(r#"{{"user": "al", "password": "{password}"}}"#));
    let logins = [login("al-password"), login("wrong")];
    let message = post("chat.sendMessage", &format!(r#"{{"message": {{"rid": "{room}", "msg": "hello"}}}}"#));
    let credentials = format!("\r\nX-User-Id: {}\r\nX-Auth-Token: {}\r\n", bob.id(), bob.token());
    let message = message.replacen("\r\n", &credentials, 1);
    serve(&server, async |address| {
        let mut crowd = JoinSet::new();
        for number in 0..60 {
            let login = logins[number % 2].clone();
            crowd.spawn(async move { ask(address, login.as_bytes()).await.expect("an answer") });
        }
        for _ in 0..20 {
            let (status, _) = ask(address, message.as_bytes()).await.expect("an answer");
            assert_eq!(status, 200);
        }
        let mut ends: BTreeMap<u16, usize> = BTreeMap::new();
        while let Some(end) = crowd.join_next().await {
            let (status, head) = end.expect("no panic");
            assert_eq!([429, 503].contains(&status), head.contains("retry-after: "), "{head}");
            *ends.entry(status).or_default() += 1;
        }
        assert!(ends.keys().all(|status| [200, 401, 429, 503].contains(status)), "{ends:?}");
        assert!(ends.contains_key(&503) && ends.keys().any(|status| [200, 401].contains(status)), "{ends:?}");
    });
}

#[test]
fn only_so_many_requests_wait_for_a_worker() {
    let (mut server, gate) = TestServer::start_gated();
    let limits = &mut Arc::get_mut(&mut server.app).expect("nobody else has it yet").config.server;
    // Of four workers users have three.
    (limits.workers, limits.queue) = (4, 5);
    let room = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    server.say(&room, "m1", "2024-03-01T00:00:00.000Z", "first");
    let history = |caller: &Caller<'_>| {
        format!(
            "GET /api/v1/channels.messages?roomId={room} HTTP/1.1\r\nHost: x\r\nX-User-Id: {}\r\nX-Auth-Token: {}\r\n\r\n",
            caller.id(),
            caller.token()
        )
    };
    let (greedy, modest) = (history(&server.as_user("bob")), history(&server.as_user("al")));
    gate.close_after(0);
    serve(&server, async |address| {
        let mut crowd = JoinSet::new();
        let ask = |request: &str| {
            let request = request.to_owned();
            async move { ask(address, request.as_bytes()).await.expect("an answer") }
        };
        for _ in 0..3 + 5 + 20 {
            crowd.spawn(ask(&greedy));
        }
        let refused = |end: Option<Result<(u16, String), tokio::task::JoinError>>| {
            let (status, head) = end.expect("an end").expect("no panic");
            assert_eq!(status, 503);
            assert!(head.contains("retry-after: "), "{head}");
        };
        for _ in 0..20 {
            refused(crowd.join_next().await);
        }
        let modest = tokio::spawn(ask(&modest));
        // Somebody else has a place all the same.
        refused(crowd.join_next().await);
        gate.open();
        assert_eq!(modest.await.expect("no panic").0, 200);
        while let Some(end) = crowd.join_next().await {
            assert_eq!(end.expect("no panic").0, 200);
        }
    });
}
