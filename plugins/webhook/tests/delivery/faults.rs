//! Receivers that are gone, slow, or up to something; deliveries that are dropped.

use std::fs;
use std::time::Duration;

use export_sdk::{Error, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::runtime::Handle;

use crate::receiver::{Received, listen, reply};
use crate::{LOCAL, Server};

fn impatient() -> String {
    format!("{LOCAL}timeout_seconds = 1")
}

fn assert_unavailable(error: &Error, expected: &str) {
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains(expected), "{error}");
}

#[tokio::test]
async fn a_receiver_that_is_down_is_tried_again() {
    let reserved = TcpSocket::new_v4().unwrap();
    reserved.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = reserved.local_addr().unwrap().port();
    let error = Server::new(LOCAL).post_to(port).await.expect_err("down");
    assert_unavailable(&error, "127.0.0.1 cannot be reached");
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_given_up() {
    let (listener, port) = listen().await;
    let error = Server::new(&impatient()).post_to(port).await.expect_err("silent");
    assert_unavailable(&error, "127.0.0.1 did not answer");
    drop(listener);
}

#[tokio::test]
async fn a_receiver_that_stops_reading_is_given_up() {
    let (listener, port) = listen().await;
    let error = Server::with_huge_export(&impatient()).post_to(port).await.expect_err("stuck");
    assert_unavailable(&error, "127.0.0.1 did not answer");
    drop(listener);
}

#[tokio::test]
async fn a_receiver_that_is_slow_but_moves_is_waited_for() {
    let (listener, port) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        Received::read(&mut stream).await;
        for piece in "HTTP/1.1 200 OK\r\n|Content-Length|: |0|\r\n|\r\n".split('|') {
            tokio::time::sleep(Duration::from_millis(700)).await;
            stream.write_all(piece.as_bytes()).await.unwrap();
        }
    });
    let server = Server::new(&format!("{LOCAL}timeout_seconds = 3"));
    assert_eq!(server.post_to(port).await.unwrap().note, "posted to 127.0.0.1: 200");
}

#[tokio::test]
async fn a_receiver_that_hangs_up_or_talks_nonsense_is_tried_again() {
    for answer in ["", "HTTP/1.1", "SSH-2.0-OpenSSH_9.9\r\n", "HTTP/1.1 whisper\r\n\r\n"] {
        let (listener, port) = listen().await;
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            Received::read(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let error = Server::new(LOCAL).post_to(port).await.expect_err(answer);
        assert_unavailable(&error, "127.0.0.1 did not answer");
        assert!(!error.to_string().contains("whisper"), "{error}");
    }
}

/// A receiver that takes the request and then writes without end; counts what was taken of it.
async fn flooding(start: &'static str, more: &'static [u8]) -> (u16, tokio::task::JoinHandle<usize>) {
    let (listener, port) = listen().await;
    let flood = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        Received::read(&mut stream).await;
        stream.write_all(start.as_bytes()).await.expect("the other side reads");
        let mut written = 0;
        while stream.write_all(more).await.is_ok() {
            written += more.len();
        }
        written
    });
    (port, flood)
}

#[tokio::test]
async fn a_flood_of_headers_is_cut_off() {
    for more in [&b"x: y\r\n"[..], b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"] {
        let (port, flood) = flooding("HTTP/1.1 200 OK\r\n", more).await;
        let error = Server::new(LOCAL).post_to(port).await.expect_err("no end");
        assert_unavailable(&error, "127.0.0.1 did not answer");
        // The kernels' buffers take some of it, too.
        assert!(flood.await.unwrap() < 64 << 20);
    }
}

#[tokio::test]
async fn the_body_of_an_answer_is_not_read() {
    let (port, flood) =
        flooding("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"4\r\nbody\r\n").await;
    assert_eq!(Server::new(LOCAL).post_to(port).await.unwrap().note, "posted to 127.0.0.1: 200");
    assert!(flood.await.unwrap() < 64 << 20);
}

#[tokio::test]
async fn an_answer_before_the_end_of_the_export_is_heard_but_is_no_success() {
    for (answer, kind) in [("413 Too Large", ErrorKind::Rejected), ("200 OK", ErrorKind::Unavailable)] {
        let (listener, port) = listen().await;
        let early = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            Received::head(&mut stream).await;
            reply(&mut stream, answer).await;
            stream
        });
        let error = Server::with_huge_export(LOCAL).post_to(port).await.expect_err("early");
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(&answer[..3]), "{error}");
        drop(early.await);
    }
}

#[tokio::test]
async fn a_file_that_is_gone_or_changed_is_the_servers_fault() {
    let (listener, port) = listen().await;
    let mut server = Server::new(LOCAL);
    server.export.artifacts[0].size = 10;
    assert_eq!(server.post_to(port).await.expect_err("shorter").kind(), ErrorKind::Internal);
    server.export.artifacts[0].size = 8;
    assert_eq!(server.post_to(port).await.expect_err("longer").kind(), ErrorKind::Internal);
    fs::remove_file(&server.export.artifacts[0].file).unwrap();
    assert_eq!(server.post_to(port).await.expect_err("gone").kind(), ErrorKind::Internal);
    server.export.artifacts.clear();
    assert_eq!(server.post_to(port).await.expect_err("none").kind(), ErrorKind::Internal);
    drop(listener);
}

#[tokio::test]
async fn a_delivery_that_is_dropped_hangs_up_and_leaves_no_task() {
    let (listener, port) = listen().await;
    let server = Server::with_huge_export(LOCAL);
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let mut delivery = Box::pin(server.post_to(port));
    let (mut stream, head) = tokio::select! {
        outcome = &mut delivery => panic!("the receiver is not done: {outcome:?}"),
        taken = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let head = Received::head(&mut stream).await;
            (stream, head)
        } => taken,
    };
    drop(delivery);
    let mut came = 0;
    let mut buffer = vec![0; 1 << 20];
    // A reset is an end, too.
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        came += read as u64;
    }
    assert!(came < head.header("content-length").parse().unwrap(), "{came}");
    assert_eq!(tasks(), before);
}
