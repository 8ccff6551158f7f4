//! A caller, of asynchronous or of synchronous functions.

use std::time::Duration;

use redis::{AsyncCommands, Commands, RedisResult};
use redis_resilient::connection::{BlockingConnection, Connection, Connector, ConnectorBuilder};
use redis_resilient::redis_resilient;
use tokio::runtime::Handle;

/// Of each call that rides out a failover.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);

// A hundred pauses are longer than the deadline, which is what ends a call. A number may be added twice: a set has it once.

#[redis_resilient(
    retries = 100,
    backoff = "fixed",
    delay = "100ms",
    jitter = "equal",
    deadline = DEADLINE,
    breaker = false,
    idempotent = true
)]
async fn add(redis: &mut Connection, set: &str, number: u64) -> RedisResult<()> {
    redis.sadd(set, number).await
}

#[redis_resilient(
    retries = 100,
    backoff = "fixed",
    delay = "100ms",
    jitter = "equal",
    deadline = DEADLINE,
    breaker = false
)]
async fn has(redis: &mut Connection, set: &str, number: u64) -> RedisResult<bool> {
    redis.sismember(set, number).await
}

#[redis_resilient(
    retries = 100,
    backoff = "fixed",
    delay = "100ms",
    jitter = "equal",
    deadline = DEADLINE,
    breaker = false,
    idempotent = true
)]
fn add_blocking(redis: &mut BlockingConnection, set: &str, number: u64) -> RedisResult<()> {
    redis.sadd(set, number)
}

#[redis_resilient(
    retries = 100,
    backoff = "fixed",
    delay = "100ms",
    jitter = "equal",
    deadline = DEADLINE,
    breaker = false
)]
fn has_blocking(redis: &mut BlockingConnection, set: &str, number: u64) -> RedisResult<bool> {
    redis.sismember(set, number)
}

/// Has a connection of its own.
#[derive(Debug)]
pub(super) enum Caller {
    Async(Handle, Connection),
    Blocking(Box<BlockingConnection>),
}

/// How connections are made; on a runtime for asynchronous callers.
#[derive(Debug)]
pub(super) struct Callers {
    connector: Connector,
    runtime: Option<Handle>,
}

impl Callers {
    pub(super) fn new(builder: ConnectorBuilder, runtime: Option<Handle>) -> Self {
        let builder = builder
            .connect_timeout(Duration::from_millis(500))
            .response_timeout(Duration::from_millis(250));
        let connector = builder.build();
        Self { connector, runtime }
    }

    pub(super) fn caller(&self) -> RedisResult<Caller> {
        Ok(match &self.runtime {
            Some(runtime) => {
                let connection = runtime.block_on(self.connector.get())?;
                Caller::Async(runtime.clone(), connection)
            }
            None => Caller::Blocking(Box::new(self.connector.get_blocking()?)),
        })
    }
}

impl Caller {
    /// Adds a number to a set, whatever happens meanwhile.
    pub(super) fn add(&mut self, set: &str, number: u64) -> RedisResult<()> {
        match self {
            Self::Async(runtime, redis) => runtime.block_on(add(redis, set, number)),
            Self::Blocking(redis) => add_blocking(redis, set, number),
        }
    }

    /// Whether the number is in the set, whatever happens meanwhile.
    pub(super) fn has(&mut self, set: &str, number: u64) -> RedisResult<bool> {
        match self {
            Self::Async(runtime, redis) => runtime.block_on(has(redis, set, number)),
            Self::Blocking(redis) => has_blocking(redis, set, number),
        }
    }

    /// Adds a number to a set and reads it back, in one attempt each.
    pub(super) fn add_and_read_once(&mut self, set: &str, number: u64) -> RedisResult<bool> {
        match self {
            Self::Async(runtime, redis) => runtime.block_on(async {
                redis.sadd::<_, _, ()>(set, number).await?;
                redis.sismember(set, number).await
            }),
            Self::Blocking(redis) => {
                redis.sadd::<_, _, ()>(set, number)?;
                redis.sismember(set, number)
            }
        }
    }

    /// What is in the set.
    pub(super) fn members(&mut self, set: &str) -> RedisResult<Vec<u64>> {
        match self {
            Self::Async(runtime, redis) => runtime.block_on(redis.smembers(set)),
            Self::Blocking(redis) => redis.smembers(set),
        }
    }
}
