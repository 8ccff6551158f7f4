//! The connections of the drills: redis-rs's own and those that come back, and a count of what is asked of them.

use std::cell::Cell;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, Connection, Pipeline, RedisFuture, RedisResult, Value};
use redis_resilient::connection::{self, Connector};

/// Long enough for a healthy Redis, short enough that a caller does not notice a dead one.
const CONNECT: Duration = Duration::from_millis(250);

/// For code that blocks, which has no timeout for a whole attempt: this is for each reply, and setting up a connection takes
/// several.
const REPLY: Duration = Duration::from_millis(80);

tokio::task_local! {
    static ATTEMPTS: Cell<u32>;
}

/// Counts how often Redis was asked, from outside of the functions that ask.
#[derive(Debug)]
pub(crate) struct Meter {
    start: Instant,
    attempts: Mutex<Vec<Duration>>,
}

impl Meter {
    /// Times are told since `start`.
    pub(crate) fn new(start: Instant) -> Arc<Self> {
        Arc::new(Self {
            start,
            attempts: Mutex::default(),
        })
    }

    fn attempt(&self) {
        let now = self.start.elapsed();
        self.attempts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(now);
        // Outside of `counted` nobody wants to know.
        let _ = ATTEMPTS.try_with(|attempts| attempts.set(attempts.get() + 1));
    }

    /// How often Redis was asked in this time.
    pub(crate) fn between(&self, from: Duration, to: Duration) -> usize {
        let attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts
            .iter()
            .filter(|at| (from..to).contains(*at))
            .count()
    }
}

/// The outcome of `call`, and how often it asked Redis.
pub(crate) async fn counted<F: Future>(call: F) -> (F::Output, u32) {
    let counting = async { (call.await, ATTEMPTS.with(Cell::get)) };
    ATTEMPTS.scope(Cell::new(0), counting).await
}

/// As [`counted`], for a call that blocks the thread.
pub(crate) fn counted_blocking<T>(call: impl FnOnce() -> T) -> (T, u32) {
    ATTEMPTS.sync_scope(Cell::new(0), || (call(), ATTEMPTS.with(Cell::get)))
}

/// A connection that is counted; your own code would use that itself.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    over: Over,
    meter: Arc<Meter>,
}

#[derive(Clone, Debug)]
enum Over {
    /// redis-rs's. Once it has been refused by a wrong password, it does not come back.
    Manager(ConnectionManager),
    /// Comes back from everything.
    Connector(connection::Connection),
}

impl Cache {
    /// Connects at the first call, so that a program that starts during an outage comes up all the same.
    pub(crate) fn new(client: Client, meter: Arc<Meter>) -> RedisResult<Self> {
        let config = ConnectionManagerConfig::new()
            // Whether and when to try again is decided by the annotated functions, which know how long a caller will wait.
            .set_number_of_retries(0)
            .set_connection_timeout(Some(CONNECT))
            // Longer than the attempts' own timeout: it only clears away what nobody waits for any more.
            .set_response_timeout(Some(Duration::from_millis(500)));
        let over = Over::Manager(ConnectionManager::new_lazy_with_config(client, config)?);
        Ok(Self { over, meter })
    }

    /// Of a [`Connector`], in place of redis-rs's own.
    pub(crate) async fn of(connector: &Connector, meter: Arc<Meter>) -> RedisResult<Self> {
        let over = Over::Connector(connector.get().await?);
        Ok(Self { over, meter })
    }
}

impl ConnectionLike for Cache {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        self.meter.attempt();
        match &mut self.over {
            Over::Manager(manager) => manager.req_packed_command(cmd),
            Over::Connector(connection) => connection.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        self.meter.attempt();
        match &mut self.over {
            Over::Manager(manager) => manager.req_packed_commands(pipeline, offset, count),
            Over::Connector(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match &self.over {
            Over::Manager(manager) => manager.get_db(),
            Over::Connector(connection) => connection.get_db(),
        }
    }
}

/// A [`Connector`] that is counted; your own code would use the connector itself.
#[derive(Clone, Debug)]
pub(crate) struct Redis {
    connector: Connector,
    meter: Arc<Meter>,
}

impl Redis {
    pub(crate) fn new(connector: Connector, meter: Arc<Meter>) -> Self {
        Self { connector, meter }
    }

    pub(crate) async fn get(&self) -> RedisResult<connection::Connection> {
        self.meter.attempt();
        self.connector.get().await
    }
}

/// Connections for code that blocks, each of them counted.
#[derive(Clone, Debug)]
pub(crate) struct SyncCache {
    client: Client,
    meter: Arc<Meter>,
}

impl SyncCache {
    pub(crate) fn new(client: Client, meter: Arc<Meter>) -> Self {
        Self { client, meter }
    }

    pub(crate) fn connect(&self) -> RedisResult<Connection> {
        self.meter.attempt();
        let connection = self.client.get_connection_with_timeout(REPLY)?;
        connection.set_read_timeout(Some(REPLY))?;
        connection.set_write_timeout(Some(REPLY))?;
        Ok(connection)
    }
}
