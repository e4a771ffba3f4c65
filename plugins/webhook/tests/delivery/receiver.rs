//! A small HTTP server that shares no code with the plug-in.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// One request as it came.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// The value of a header that stands once.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        let (_, value) = found.next().unwrap_or_else(|| panic!("no {name} in {self:?}"));
        assert!(found.next().is_none(), "{name} stands twice");
        value
    }

    /// Reads the head of a request, byte by byte.
    pub(crate) async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Self {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("a whole head"));
        }
        let head = String::from_utf8(head).expect("UTF-8");
        let mut lines = head.trim_end().split("\r\n");
        let line = lines.next().expect("a first line").to_owned();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").expect("a header");
            (name.to_ascii_lowercase(), value.to_owned())
        };
        Self { line, headers: lines.map(header).collect(), body: Vec::new() }
    }

    /// Reads a whole request.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Self {
        let mut received = Self::head(stream).await;
        received.body = vec![0; received.header("content-length").parse().expect("a number")];
        stream.read_exact(&mut received.body).await.expect("a whole body");
        received
    }
}

/// Takes requests, one on each connection, and gives each the next answer.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    received: mpsc::UnboundedReceiver<Received>,
}

impl Receiver {
    pub(crate) async fn start(answers: &[&str]) -> Self {
        let (listener, port) = listen().await;
        let answers: Vec<String> = answers.iter().map(|&answer| answer.to_owned()).collect();
        let (sender, received) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let request = Received::read(&mut stream).await;
                reply(&mut stream, &answer).await;
                sender.send(request).expect("the test waits");
            }
        });
        Self { port, received }
    }

    /// The next request.
    pub(crate) async fn next(&mut self) -> Received {
        self.received.recv().await.expect("a request")
    }

    /// Whether nothing came.
    pub(crate) fn is_silent(&mut self) -> bool {
        self.received.try_recv().is_err()
    }
}

/// A port where somebody listens who says nothing yet.
pub(crate) async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    (listener, port)
}

/// Answers with this status line and these headers, and no body.
pub(crate) async fn reply(stream: &mut (impl AsyncWrite + Unpin), answer: &str) {
    let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.expect("the other side reads");
    stream.flush().await.expect("the other side reads");
}
