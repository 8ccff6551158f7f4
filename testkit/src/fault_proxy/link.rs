//! One proxied connection.

use std::{
    future::pending,
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream, tcp::ReadHalf},
    sync::watch,
};

use super::{fault::Plan, questions::Questions, replies::Replies};
use crate::listener::{Ending, Service};

/// How much is forwarded at once, in bytes.
pub(super) const CHUNK: usize = 64 * 1024;

/// The server behind the proxy.
#[derive(Debug)]
pub(super) enum Upstream {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

type Reader = Box<dyn AsyncRead + Send + Unpin>;
type Writer = Box<dyn AsyncWrite + Send + Unpin>;

impl Upstream {
    async fn connect(&self) -> io::Result<(Reader, Writer)> {
        match self {
            Self::Tcp(addr) => {
                let stream = TcpStream::connect(addr).await?;
                stream.set_nodelay(true)?;
                let (reader, writer) = stream.into_split();
                Ok((Box::new(reader), Box::new(writer)))
            }
            Self::Unix(path) => {
                let (reader, writer) = UnixStream::connect(path).await?.into_split();
                Ok((Box::new(reader), Box::new(writer)))
            }
        }
    }
}

/// Connects clients to the server behind.
#[derive(Debug)]
pub(super) struct Link {
    upstream: Upstream,
    plan: watch::Sender<Plan>,
}

impl Link {
    pub(super) fn new(upstream: Upstream, plan: watch::Sender<Plan>) -> Self {
        Self { upstream, plan }
    }
}

impl Service for Link {
    async fn serve(&self, client: &mut TcpStream, number: u64) -> Ending {
        let gate = Gate {
            plan: self.plan.clone(),
            number,
            is_replica: AtomicBool::new(false),
            questions: Questions::default(),
        };
        gate.open().await;
        let Ok((from_server, to_server)) = self.upstream.connect().await else {
            return Ending::Reset;
        };
        let (from_client, to_client) = client.split();
        let ending = tokio::select! {
            ending = requests(from_client, to_server, &gate) => ending,
            ending = Replies::new(from_server, to_client, &gate).forward() => ending,
        };
        ending.unwrap_or(Ending::Reset)
    }
}

/// Where a connection is held up while it is in a black hole.
#[derive(Debug)]
pub(super) struct Gate {
    pub(super) plan: watch::Sender<Plan>,
    number: u64,
    is_replica: AtomicBool,
    pub(super) questions: Questions,
}

impl Gate {
    /// Whether the client is a replica: what it gets are no replies.
    pub(super) fn is_replica(&self) -> bool {
        self.is_replica.load(Ordering::Relaxed)
    }

    pub(super) fn delay(&self) -> Duration {
        if self.is_replica() {
            Duration::ZERO
        } else {
            self.plan.borrow().delay(self.number)
        }
    }

    /// The time before each byte, if replies come byte by byte.
    pub(super) fn trickle(&self) -> Option<Duration> {
        if self.is_replica() {
            None
        } else {
            self.plan.borrow().trickle()
        }
    }

    /// Waits until nothing holds up the connection.
    pub(super) async fn open(&self) {
        if self.is_replica() {
            return;
        }
        let mut plan = self.plan.subscribe();
        // This fails only without a sender, and `self` holds one.
        let _ = plan.wait_for(|plan| !plan.holds_up(self.number)).await;
    }
}

/// Forwards what the client sends.
async fn requests(
    mut from_client: ReadHalf<'_>,
    mut to_server: Writer,
    gate: &Gate,
) -> io::Result<Ending> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = from_client.read(&mut chunk).await?;
        if is_of_replica(&chunk[..length]) {
            gate.is_replica.store(true, Ordering::Relaxed);
        }
        gate.questions.sent(&chunk[..length]);
        gate.open().await;
        if length == 0 {
            to_server.shutdown().await?;
            // The server may still have replies to send; it ends the connection.
            return pending().await;
        }
        to_server.write_all(&chunk[..length]).await?;
    }
}

/// Whether this begins with the command by which a replica says that it is one.
fn is_of_replica(requests: &[u8]) -> bool {
    // After the number of words, and the length of the first.
    let word = requests.splitn(3, |byte| *byte == b'\n').nth(2);
    word.is_some_and(|word| word.starts_with(b"REPLCONF\r\n"))
}
