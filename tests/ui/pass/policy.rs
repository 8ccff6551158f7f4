#![forbid(unsafe_code)]
#![deny(warnings, rust_2018_idioms, unused_qualifications)]

use redis::{AsyncCommands, Commands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::{Backoff, Breaker, Bulkhead, Class, FallbackOn, Jitter, Policy};
use std::future::Future;
use std::time::Duration;

static SESSIONS: Breaker = Breaker::new("sessions");
static POOL: Bulkhead = Bulkhead::new("pool", 20);
static PRIMARY: Bulkhead = Bulkhead::new("primary", 20);

static ALL: Policy = Policy::new("users.get")
    .retries(5)
    .backoff(Backoff::exponential(Duration::from_millis(10)).factor(1.5).jitter(Jitter::Equal))
    .timeout(Duration::from_millis(1500))
    .deadline(Duration::from_secs(60))
    .breaker(&SESSIONS)
    .limit(&POOL)
    .fallback_limit(&PRIMARY)
    .fallback_on(FallbackOn::Outage)
    .idempotent(false)
    .without_budget();

fn is_send<T: Future + Send>(future: T) -> T {
    future
}

pub async fn shared(conn: &MultiplexedConnection, key: &str) -> RedisResult<Option<u64>> {
    let owned = key.to_owned();
    is_send(ALL.run(async || conn.clone().get(&owned).await)).await
}

pub async fn exclusive(conn: &mut MultiplexedConnection, key: String) -> RedisResult<Option<u64>> {
    let mut rows = 0;
    is_send(ALL.run_or(
        || async { conn.clone().get(&key).await },
        async |_| {
            rows += key.len() as u64;
            Ok(Some(rows))
        },
    ))
    .await
}

pub fn blocking(conn: &mut redis::Connection) -> anyhow::Result<u64> {
    ALL.run_blocking_or(|| Ok(conn.get(1)?), Err)
}

pub fn classified(conn: &mut redis::Connection) -> RedisResult<u64> {
    ALL.classify(|_| Class::Unavailable).run_blocking(|| conn.get(1))
}

/// Made with a connector, as one is.
pub struct Users {
    policy: Policy,
    conn: MultiplexedConnection,
}

impl Users {
    pub fn new(conn: MultiplexedConnection, breaker: &'static Breaker) -> Self {
        Self { policy: Policy::new("users").breaker(breaker), conn }
    }

    pub async fn count(&self) -> RedisResult<u64> {
        self.policy.run(async || self.conn.clone().get("users").await).await
    }

    pub fn spawned(self) {
        let _task = tokio::spawn(async move { self.count().await });
    }
}

fn main() {
    let _future = is_send(async {
        let client = redis::Client::open("redis://127.0.0.1/").unwrap();
        let mut conn = client.get_multiplexed_async_connection().await.unwrap();
        let _ = shared(&conn, "key").await;
        let _ = exclusive(&mut conn, String::new()).await;
    });
}
