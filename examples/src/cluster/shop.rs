//! The functions under test, written as they would be in an application.

use std::time::Duration;

use redis::AsyncCommands;
use redis_resilient::connection::BreakerSet;
use redis_resilient::{Breaker, redis_resilient};

use crate::connection::Redis;
use crate::database::Database;
use crate::failover::{DEADLINE, Shop};
use crate::shop::{ShopError, User, name_key, user_from_database};
use crate::stats::Source;

/// A circuit for each shard: that of a dead one leaves the others closed.
pub(super) static SHARDS: BreakerSet<3> =
    BreakerSet::new([breaker("shard 1"), breaker("shard 2"), breaker("shard 3")]);

const fn breaker(name: &'static str) -> Breaker {
    Breaker::new(name)
        .reset_timeout(Duration::from_millis(200))
        .reset_timeout_max(Duration::from_millis(400))
}

/// Orders are spread over so many sets, and these over the shards.
pub(super) const SETS: u32 = 30;

pub(super) fn set_of(order: u32) -> String {
    format!("orders:{}", order % SETS)
}

/// The index of the shard that a key is on.
pub(super) fn shard_of(key: &str) -> usize {
    let circuit = SHARDS.of_key(key);
    let is_it = |other: &Breaker| std::ptr::eq(other, circuit);
    SHARDS.iter().position(is_it).unwrap_or_default()
}

/// A read: the database knows the answer as well.
#[redis_resilient(
    retries = 2,
    delay = "20ms",
    timeout = "250ms",
    deadline = "1s",
    breaker = SHARDS.of_key(name_key(id)),
    fallback = user_from_database(database, id)
)]
async fn get_user(redis: &Redis, database: &Database, id: u32) -> Result<User, ShopError> {
    let name = redis.get().await?.get(name_key(id)).await?;
    let source = Source::Redis;
    Ok(User { name, source })
}

/// A write: nothing can stand in for it, so that it waits for the new owner of its slot, within its one call. A hundred pauses are longer than the
/// deadline, which is what ends it. It may be executed twice, for a set has an order once.
#[redis_resilient(
    retries = 100,
    backoff = "fixed",
    delay = "100ms",
    jitter = "equal",
    timeout = "500ms",
    deadline = DEADLINE,
    breaker = false,
    idempotent = true
)]
async fn record_order(redis: &Redis, order: u32) -> Result<(), ShopError> {
    Ok(redis.get().await?.sadd(set_of(order), order).await?)
}

#[derive(Debug)]
pub(super) struct Functions;

impl Shop for Functions {
    fn row(&self, key: &str, _: bool) -> usize {
        shard_of(key)
    }

    fn orders_key(&self, order: u32) -> String {
        set_of(order)
    }

    async fn get_user(
        &self,
        redis: &Redis,
        database: &Database,
        id: u32,
    ) -> Result<User, ShopError> {
        get_user(redis, database, id).await
    }

    async fn record_order(&self, redis: &Redis, order: u32) -> Result<(), ShopError> {
        record_order(redis, order).await
    }
}
