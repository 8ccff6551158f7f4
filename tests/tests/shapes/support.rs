//! What the shapes are tried on.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use redis::aio::MultiplexedConnection;
use redis::{Client, ErrorKind, RedisError, RedisResult, ServerErrorKind};
use redis_resilient_testkit::{EmbeddedRedis, ReplyFault};

pub(crate) type TestResult = Result<(), Box<dyn std::error::Error>>;
pub(crate) type Conn = MultiplexedConnection;

/// Stands in for a Redis that cannot serve yet when it is asked for the first and for the second time.
#[derive(Debug)]
pub(crate) struct Redis(AtomicU32);

impl Redis {
    pub(crate) const fn starting() -> Self {
        Redis(AtomicU32::new(0))
    }

    /// How often it has been asked, this time included: a value tells how many attempts it took.
    pub(crate) fn ask(&self) -> RedisResult<u32> {
        match self.0.fetch_add(1, Relaxed) + 1 {
            1 | 2 => Err(loading()),
            asked => Ok(asked),
        }
    }

    pub(crate) async fn get(&self) -> RedisResult<u32> {
        // Attempts of an async function are suspended in the middle, as they are by a connection.
        tokio::task::yield_now().await;
        self.ask()
    }

    pub(crate) async fn get_mut(&mut self) -> RedisResult<u32> {
        self.get().await
    }

    pub(crate) fn asked(&self) -> u32 {
        self.0.load(Relaxed)
    }
}

pub(crate) fn loading() -> RedisError {
    RedisError::from((
        ErrorKind::Server(ServerErrorKind::BusyLoading),
        "Redis is loading the dataset in memory",
    ))
}

/// A server whose next two commands are refused for now, and a connection to it.
pub(crate) async fn refusing_twice() -> Result<(EmbeddedRedis, Conn), Box<dyn std::error::Error>> {
    let server = EmbeddedRedis::start()?;
    let connection = Client::open(server.url())?
        .get_multiplexed_async_connection()
        .await?;
    refuse_twice(&server);
    Ok((server, connection))
}

pub(crate) fn refuse_twice(server: &EmbeddedRedis) {
    server.fault(ReplyFault::Error(
        "LOADING Redis is loading the dataset in memory",
    ));
    server.fault(ReplyFault::Error("BUSY Redis is busy running a script"));
}

/// Three attempts reached the server, and only the last one was executed.
#[track_caller]
pub(crate) fn tried_three_times(server: &EmbeddedRedis) {
    assert_eq!(server.seen().len(), 3, "{:?}", server.seen());
    assert_eq!(server.executed().len(), 1, "{:?}", server.executed());
}

/// A function that is called on a server which refuses two commands, and what it gives.
macro_rules! shape {
    ($name:ident, |$conn:ident| $call:expr, $expected:expr, { $($item:item)* }) => {
        #[tokio::test]
        async fn $name() -> $crate::support::TestResult {
            $($item)*
            let (server, mut connection) = $crate::support::refusing_twice().await?;
            let $conn = &mut connection;
            assert_eq!($call, $expected);
            $crate::support::tried_three_times(&server);
            Ok(())
        }
    };
}
pub(crate) use shape;
