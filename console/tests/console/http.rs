//! A client of HTTP that sends what it is told, as browsers would not.

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::LONG;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

pub(crate) async fn get(to: SocketAddr, path: &str) -> io::Result<Answer> {
    send(to, "GET", path, &[], "").await
}

/// Sends a request and reads all of the answer.
pub(crate) async fn send(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<Answer> {
    let mut headers = headers.to_vec();
    headers.push(("connection", "close"));
    let mut stream = open(to, method, path, &headers, body).await?;
    let mut bytes = Vec::new();
    timeout(LONG, stream.read_to_end(&mut bytes)).await??;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Ok(Answer {
        status: status.unwrap_or_default(),
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    })
}

/// Sends a request, and leaves the answer to be read.
pub(crate) async fn open(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(to).await?;
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {to}\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        let _ = write!(request, "{name}: {value}\r\n");
    }
    request += "\r\n";
    request += body;
    stream.write_all(request.as_bytes()).await?;
    Ok(stream)
}

/// Reads until this has come.
pub(crate) async fn read_until(stream: &mut TcpStream, wanted: &str) -> io::Result<String> {
    let mut text = String::new();
    let mut bytes = vec![0; 16_384];
    while !text.contains(wanted) {
        let read = timeout(LONG, stream.read(&mut bytes)).await??;
        if read == 0 {
            return Err(io::Error::other(format!("it has ended: {text}")));
        }
        text += &String::from_utf8_lossy(&bytes[..read]);
    }
    Ok(text)
}

/// Whether the other side ends it within that time.
pub(crate) async fn ends_within(stream: &mut TcpStream, time: Duration) -> bool {
    let mut bytes = vec![0; 16_384];
    let ends = async { while !matches!(stream.read(&mut bytes).await, Ok(0) | Err(_)) {} };
    timeout(time, ends).await.is_ok()
}
