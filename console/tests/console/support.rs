//! What these tests share.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use redis_resilient::console::{Access, Console, Operator};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) type TestResult = Result<(), Box<dyn std::error::Error>>;

/// Far longer than anything here takes, and still an end.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// A server with a console, until it is dropped.
pub(crate) struct Served {
    pub(crate) at: SocketAddr,
    ends: Option<oneshot::Sender<()>>,
    pub(crate) server: JoinHandle<()>,
}

impl Served {
    pub(crate) async fn console(console: &Console) -> Self {
        Self::app(console.router()).await
    }

    pub(crate) async fn app(app: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("it listens");
        let (ends, ended) = oneshot::channel();
        let server = tokio::spawn(async move {
            let ended = async {
                let _ = ended.await;
            };
            let served = axum::serve(listener, app).with_graceful_shutdown(ended);
            served.await.expect("it serves");
        });
        Self {
            at,
            ends: Some(ends),
            server,
        }
    }

    /// Asks it to end, gracefully.
    pub(crate) fn end(&mut self) {
        if let Some(ends) = self.ends.take() {
            let _ = ends.send(());
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Whoever says who he is, is believed.
pub(crate) fn believing() -> Access {
    Access::controlled_by(|parts| {
        let name = parts.headers.get("x-user")?.to_str().ok()?;
        Some(Operator::named(name))
    })
}

/// Asks until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < LONG, "it has never come: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
