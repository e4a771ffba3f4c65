//! One connection to a server: writes requests, and reads of the answers what tells them apart.
//!
//! Not a client for general use: the fewer cycles it takes, the more are the server's.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// No server here answers with more headers.
const MOST_HEADERS: usize = 64;
/// Nor with a longer answer, in bytes.
const LONGEST: usize = 16 << 20;

pub(crate) struct Connection {
    stream: TcpStream,
    /// What was read of the answer.
    read: Vec<u8>,
}

/// How the end of an answer is found.
enum End {
    /// After so many bytes.
    At(usize),
    /// After the last chunk; chunks begin here.
    Chunked(usize),
}

impl Connection {
    pub(crate) async fn open(to: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(16 << 10) })
    }

    /// Sends the bytes of a request and reads its answer to the end. Whatever is no success is an error.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<()> {
        self.read.clear();
        self.stream.write_all(request).await?;
        let (status, end) = loop {
            self.more().await?;
            if let Some(head) = head(&self.read)? {
                break head;
            }
        };
        while !is_whole(&self.read, &end)? {
            self.more().await?;
        }
        if !(200..300).contains(&status) {
            bail!("{}", String::from_utf8_lossy(&self.read[..self.read.len().min(600)]));
        }
        Ok(())
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.read).await? == 0 {
            bail!("the server closed the connection");
        }
        if self.read.len() > LONGEST {
            bail!("an answer is longer than {LONGEST} bytes");
        }
        Ok(())
    }
}

/// The status and where the answer ends, once its head is there.
fn head(read: &[u8]) -> anyhow::Result<Option<(u16, End)>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = answer.parse(read)? else { return Ok(None) };
    let status = answer.code.context("an answer has a status")?;
    let value = |name: &str| {
        answer.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
    };
    let end = match value("content-length") {
        Some(bytes) => End::At(length + std::str::from_utf8(bytes)?.parse::<usize>()?),
        None if value("transfer-encoding").is_some() => End::Chunked(length),
        None => bail!("an answer does not say how long it is"),
    };
    Ok(Some((status, end)))
}

fn is_whole(read: &[u8], end: &End) -> anyhow::Result<bool> {
    let mut at = match end {
        End::At(length) => return Ok(read.len() >= *length),
        End::Chunked(at) => *at,
    };
    while let Some(rest) = read.get(at..) {
        let size = httparse::parse_chunk_size(rest).ok().context("a chunk has no size")?;
        let httparse::Status::Complete((head, size)) = size else { return Ok(false) };
        // Behind each chunk there is a line's end, behind the last one an empty line.
        at += head + usize::try_from(size)? + 2;
        if size == 0 {
            return Ok(read.len() >= at);
        }
    }
    Ok(false)
}
