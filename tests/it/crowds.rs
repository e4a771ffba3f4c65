//! What one user or address may take of what all share: searches, memory for bodies, connections.

use std::time::Duration;

use roomscribe::domain::RoomKind;
use roomscribe::limits::bodies::{Bodies, Sender};
use roomscribe::server;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Caller, TestServer};

#[test]
fn who_searches_twice_at_the_same_time_keeps_nobody_else_from_it() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "talk", &["bob", "al"]);
    let query = format!("/api/v1/chat.search?roomId={room}&searchText=x");
    let status = |caller: &Caller<'_>| caller.raw("GET", &query, &[], "").status();
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let under_way = [(); 2].map(|()| server.app.searches.take(server.user("bob").id));
    assert!(under_way.iter().all(Option::is_some));
    // One core leaves only two searches to all.
    let others = if server.app.searches.take(server.user("eve").id).is_some() { 200 } else { 503 };
    assert_eq!((status(&bob), status(&al)), (503, others));
    drop(under_way);
    assert_eq!((status(&bob), status(&al)), (200, 200));
}

#[test]
fn bodies_in_flight_get_so_much_memory_and_little_ones_and_files_always_get_through() {
    let server = TestServer::start_with_bodies(Bodies::of(100_000, 1000));
    let room = server.room(RoomKind::Group, "talk", &["bob"]);
    let bob = server.as_user("bob");
    let headers = [("content-type", "application/json")];
    let padded = |size: usize| {
        format!("{{\"message\": {{\"rid\": \"{room}\", \"msg\": \"hello\"}}{} }}", " ".repeat(size))
    };
    let status = |caller: &Caller<'_>, size| {
        caller.raw("POST", "/api/v1/chat.sendMessage", &headers, padded(size)).status()
    };
    assert_eq!(status(&bob, 90_000), 200);
    assert_eq!(status(&bob, 90_000), 200, "what a body took is given back");
    let mut other = server.app.bodies.share(Sender::User);
    assert!(other.grow(100_000));
    let refused = bob.raw("POST", "/api/v1/chat.sendMessage", &headers, padded(90_000));
    let text = "The server is busy. Please try again in a few seconds.";
    assert_eq!((refused.status(), &refused.body()["error"]), (503, &json!(text)));
    assert_eq!(status(&bob, 1000), 200);
    bob.send_file(&format!("rooms.upload/{room}"), ("a.txt", "text/plain", &vec![b'x'; 200_000]), &[]).ok();
    let login = |size| {
        let body = format!("{{\"user\": \"bob\", \"password\": \"bob-password\"{} }}", " ".repeat(size));
        server.anonymous().raw("POST", "/api/v1/login", &headers, body).status()
    };
    assert_eq!((login(40_000), login(10)), (503, 200), "strangers have a share of their own");
    drop(other);
    assert_eq!(status(&bob, 90_000), 200);
}

/// Whether the server answers on a connection.
async fn is_served(stream: &mut TcpStream) -> bool {
    let mut byte = [0];
    if stream.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await.is_err() {
        return false;
    }
    let read = tokio::time::timeout(Duration::from_secs(30), stream.read(&mut byte)).await;
    matches!(read.expect("an answer or an end"), Ok(1))
}

#[test]
fn an_address_has_so_many_connections_at_the_same_time() {
    let server = TestServer::start_with(|config| config.server.connections_per_address = 2);
    server.runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        let serving = tokio::spawn(server::serve(server.app.clone(), listener, stopped));
        let connect = async || TcpStream::connect(address).await.expect("connected");
        let (mut first, mut second) = (connect().await, connect().await);
        assert!(is_served(&mut first).await && is_served(&mut second).await);
        assert!(!is_served(&mut connect().await).await);
        drop(first);
        // The server learns of the end in its own time.
        let again = async {
            while !is_served(&mut connect().await).await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), again).await.expect("a place became free");
        drop((second, stop));
        serving.await.expect("stopped");
    });
}
