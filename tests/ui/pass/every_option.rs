#![forbid(unsafe_code)]
#![deny(warnings, rust_2018_idioms, unused_qualifications)]

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use redis::{AsyncCommands, RedisError, RedisResult, aio::MultiplexedConnection};
use redis_resilient::{Backoff, Breaker, Bulkhead, Class, redis_resilient};

static SESSIONS: Breaker = Breaker::new("sessions").retry_budget(10, 50);
static PRIMARY: Bulkhead = Bulkhead::new("primary", 20);
static POOL: Bulkhead = Bulkhead::new("pool", 20);
const SLOW: Backoff = Backoff::fixed(Duration::from_secs(1));
const RETRIES: u32 = 3;

#[redis_resilient(
    retries = 5,
    backoff = "exp",
    delay = "10ms",
    max_delay = "2 s",
    factor = 1.5,
    jitter = "equal",
    timeout = "1.5s",
    deadline = "1m",
    breaker = SESSIONS,
    limit = POOL,
    fallback = [from_db(conn), Ok(None)],
    fallback_on = "outage",
    fallback_limit = 20,
    idempotent = false,
    budget = false,
    classify = |_| Class::Unavailable,
    clone(key),
    name = "users.get",
    crate = ::redis_resilient,
)]
pub async fn all(conn: &mut MultiplexedConnection, key: String) -> RedisResult<Option<u64>> {
    conn.get(key).await
}

async fn from_db(_: &mut MultiplexedConnection) -> RedisResult<Option<u64>> {
    Ok(PRIMARY.try_acquire().is_ok().then_some(1))
}

pub struct Settings {
    retries: u32,
    time: Duration,
    breaker: Arc<Breaker>,
    primary: Bulkhead,
    shared: Arc<Bulkhead>,
}

impl Settings {
    fn breaker(&self) -> Arc<Breaker> {
        Arc::clone(&self.breaker)
    }

    #[redis_resilient(
        retries = self.retries.min(RETRIES),
        delay = self.time,
        max_delay = self.time * 2,
        timeout = self.time,
        deadline = Duration::from_secs(3),
        breaker = self.breaker(),
        fallback = self.from_db,
        fallback_limit = self.primary,
    )]
    pub async fn of_run_time(&self, conn: &mut MultiplexedConnection) -> RedisResult<u64> {
        conn.get(1).await
    }

    #[redis_resilient(breaker = &self.breaker, limit = self.primary, fallback = Self::from_db, fallback_limit = self.shared)]
    pub async fn in_an_arc(&self, conn: &mut MultiplexedConnection) -> RedisResult<u64> {
        conn.get(1).await
    }

    async fn from_db(&self, _: &mut MultiplexedConnection) -> RedisResult<u64> {
        Ok(1)
    }
}

/// Made by nothing.
#[derive(Debug, thiserror::Error)]
#[error("it is not there")]
pub struct NotThere;

#[redis_resilient(fallback = Ok(2))]
pub async fn plain_value() -> Result<u64, NotThere> {
    Err(NotThere)
}

#[redis_resilient(fallback = ready(Err(NotThere)), fallback_limit = false)]
pub async fn unlimited() -> Result<u64, NotThere> {
    Err(NotThere)
}

#[redis_resilient(fallback = [ready(Err(NotThere)), Ok(1)], fallback_limit = PRIMARY)]
pub async fn plain_end() -> Result<u64, NotThere> {
    Err(NotThere)
}

#[redis_resilient(backoff = SLOW, breaker = &SESSIONS, classify = class)]
pub async fn constants(conn: &mut MultiplexedConnection) -> RedisResult<u64> {
    conn.get(1).await
}

fn class(error: &RedisError) -> Class {
    if error.is_timeout() { Class::Ambiguous } else { Class::Permanent }
}

#[redis_resilient(breaker = breaker)]
pub async fn parameter(conn: &mut MultiplexedConnection, breaker: &Breaker) -> RedisResult<u64> {
    conn.get(1).await
}

#[redis_resilient(breaker = breaker)]
pub async fn shared_parameter(conn: &mut MultiplexedConnection, breaker: &Arc<Breaker>) -> RedisResult<u64> {
    conn.get(1).await
}

#[redis_resilient(fallback = Ok(1), fallback_on = "unusable")]
pub async fn counts(conn: &mut MultiplexedConnection) -> RedisResult<u64> {
    conn.incr(1, 1).await
}

#[redis_resilient(breaker = *breaker, limit = &POOL)]
pub async fn dereferenced(conn: &mut MultiplexedConnection, breaker: &Arc<Breaker>) -> RedisResult<u64> {
    conn.get(1).await
}

#[redis_resilient(breaker = false, timeout = false)]
pub async fn switched_off(conn: &mut MultiplexedConnection) -> RedisResult<u64> {
    conn.get(1).await
}

#[redis_resilient(timeout = false, deadline = "3s", backoff = "none")]
pub fn sync(conn: &mut redis::Connection) -> RedisResult<u64> {
    redis::Commands::get(conn, 1)
}

pub mod elsewhere {
    pub use redis_resilient as resilient;

    #[redis_resilient::redis_resilient(crate = crate::elsewhere::resilient)]
    pub fn get() -> redis::RedisResult<u64> {
        Ok(1)
    }
}

fn main() {}
