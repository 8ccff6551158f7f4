#![forbid(unsafe_code)]
#![deny(warnings, rust_2018_idioms, unused_qualifications)]

use async_trait::async_trait;
use redis::{AsyncCommands, RedisError, RedisResult};
use redis_resilient::{Breaker, redis_resilient};

pub struct Repository {
    conn: redis::aio::MultiplexedConnection,
    name: String,
    breaker: Breaker,
}

#[async_trait]
pub trait Users {
    async fn get(&mut self, key: String, count: &mut u32) -> RedisResult<String>;
    async fn list(&self, pair: (u64, u64)) -> anyhow::Result<Vec<u64>>;
    async fn name(&self) -> Result<&str, RedisError>;
    async fn generic<T: redis::FromRedisValue + Send>(self, id: u64) -> RedisResult<T>;

    #[redis_resilient]
    async fn default(&self) -> RedisResult<u8> {
        Ok(1)
    }
}

#[async_trait]
impl Users for Repository {
    #[redis_resilient(fallback = Self::get_from_db, breaker = self.breaker)]
    async fn get(&mut self, key: String, count: &mut u32) -> RedisResult<String> {
        *count += 1;
        let name: String = self.conn.get(&key).await?;
        if name.is_empty() {
            return Ok(self.name.clone());
        }
        Ok(name)
    }

    #[redis_resilient(fallback = |error| if self.name.is_empty() { Err(error) } else { Ok(vec![first]) })]
    async fn list(&self, (first, _): (u64, u64)) -> anyhow::Result<Vec<u64>> {
        Ok(self.conn.clone().get(first).await?)
    }

    #[redis_resilient(retries = 1, timeout = false)]
    async fn name(&self) -> Result<&str, RedisError> {
        self.conn.clone().exists::<_, ()>(1).await?;
        Ok(&self.name)
    }

    #[redis_resilient]
    async fn generic<T: redis::FromRedisValue + Send>(mut self, id: u64) -> RedisResult<T> {
        self.conn.get(id).await
    }
}

impl Repository {
    async fn get_from_db(&mut self, key: String, count: &mut u32) -> RedisResult<String> {
        *count += 1;
        std::future::ready(Ok(format!("{} {key}", self.name))).await
    }
}

fn main() {}
