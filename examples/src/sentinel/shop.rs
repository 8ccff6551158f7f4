//! The functions under test, written as they would be in an application.

use std::time::Duration;

use redis::AsyncCommands;
use redis_resilient::{Breaker, redis_resilient};

use crate::connection::Redis;
use crate::database::Database;
use crate::failover::{DEADLINE, Shop};
use crate::shop::{ShopError, User, name_key, user_from_database};
use crate::stats::Source;

/// One circuit for all that can do without Redis.
pub(super) static REDIS: Breaker = Breaker::new("redis")
    .reset_timeout(Duration::from_millis(200))
    .reset_timeout_max(Duration::from_millis(400));

/// The set to which [`record_order`] adds.
pub(super) const ORDERS: &str = "orders";

/// A read: the database knows the answer as well, so that nobody waits for the new primary.
#[redis_resilient(
    retries = 2,
    delay = "20ms",
    timeout = "250ms",
    deadline = "1s",
    breaker = REDIS,
    fallback = user_from_database(database, id)
)]
async fn get_user(redis: &Redis, database: &Database, id: u32) -> Result<User, ShopError> {
    let name = redis.get().await?.get(name_key(id)).await?;
    let source = Source::Redis;
    Ok(User { name, source })
}

/// A write: nothing can stand in for it, so that it waits for the new primary, within its one call. A hundred pauses are longer than the
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
    Ok(redis.get().await?.sadd(ORDERS, order).await?)
}

#[derive(Debug)]
pub(super) struct Functions;

impl Shop for Functions {
    fn row(&self, _: &str, is_read: bool) -> usize {
        usize::from(!is_read)
    }

    fn orders_key(&self, _: u32) -> String {
        ORDERS.to_owned()
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
