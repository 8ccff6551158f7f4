#![forbid(unsafe_code)]
#![deny(warnings, rust_2018_idioms, unused_qualifications)]

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::connection::Connector;
use redis_resilient::{Breaker, Bulkhead, Policy, redis_resilient};
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

static SESSIONS: Breaker = Breaker::new("sessions");
static POOL: Bulkhead = Bulkhead::new("pool", 20);
static USERS: Policy = Policy::new("users").limit(&POOL).hedge(Duration::from_millis(20));

fn is_send<T: Future + Send>(future: T) -> T {
    future
}

/// Reads.
#[redis_resilient(hedge = "20ms")]
pub async fn read(redis: &Connector, key: &str, id: u64) -> RedisResult<Option<String>> {
    if id == 0 {
        return Ok(None);
    }
    redis.get().await?.get(format!("{key}:{id}")).await
}

#[redis_resilient(hedge = "20ms", clone(conn, key), limit = POOL, breaker = SESSIONS, fallback = [from_db, Ok(1)])]
pub async fn cloned(mut conn: MultiplexedConnection, key: String) -> RedisResult<u64> {
    conn.get(key).await
}

async fn from_db(_: MultiplexedConnection, _: String) -> RedisResult<u64> {
    Ok(1)
}

#[redis_resilient(hedge = Duration::from_millis(20), timeout = false, breaker = false, classify = |_| redis_resilient::Class::Ambiguous)]
pub async fn anything<K: Display + Sync>(redis: &Connector, key: &K) -> Result<u64, anyhow::Error> {
    Ok(redis.get().await?.get(key.to_string()).await?)
}

#[redis_resilient(hedge = "20ms", idempotent = true)]
pub async fn counts(redis: &Connector) -> RedisResult<u64> {
    redis.get().await?.incr(1, 1).await
}

pub struct Store {
    redis: Connector,
    prefix: String,
    patience: Duration,
}

impl Store {
    #[redis_resilient(hedge = self.patience)]
    pub async fn get(&self, id: u64) -> RedisResult<String> {
        let prefix = &self.prefix;
        self.redis.get().await?.get(format!("{prefix}{id}")).await
    }

    #[redis_resilient(hedge = "20ms")]
    pub async fn borrows(&self, id: u64) -> RedisResult<&str> {
        let () = self.redis.get().await?.get(id).await?;
        Ok(&self.prefix)
    }

    #[redis_resilient(hedge = "20ms")]
    pub async fn shared(self: Arc<Self>, id: u64) -> RedisResult<impl Display> {
        let name: String = self.redis.get().await?.get(id).await?;
        Ok(name)
    }
}

#[async_trait::async_trait]
pub trait Read {
    async fn read(&self, id: u64, key: String) -> RedisResult<String>;
}

#[async_trait::async_trait]
impl Read for Store {
    #[redis_resilient(hedge = "20ms", clone(key))]
    async fn read(&self, id: u64, key: String) -> RedisResult<String> {
        let key = format!("{key}{id}");
        self.redis.get().await?.get(key).await
    }
}

pub async fn all(redis: &'static Connector, conn: MultiplexedConnection, store: Arc<Store>) -> RedisResult<()> {
    is_send(read(redis, "user", 1)).await?;
    is_send(cloned(conn.clone(), String::new())).await?;
    is_send(counts(redis)).await?;
    is_send(store.get(1)).await?;
    is_send(store.borrows(1)).await?;
    is_send(store.shared(1)).await?;
    let key = String::from("key");
    let _: u64 = is_send(USERS.run(async || redis.get().await?.get(&key).await)).await?;
    is_send(USERS.run_or(|| async { conn.clone().get(&key).await }, async |_| Ok(1))).await?;
    drop(tokio::spawn(read(redis, "user", 1)));
    Ok(())
}

fn main() {}
