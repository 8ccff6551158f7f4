//! The functions under test: what a web shop might ask Redis for, written as they would be in an application.

use std::time::Duration;

use redis::{AsyncCommands, Cmd, Commands, RedisResult};
use redis_resilient::journal::{Journal, Written};
use redis_resilient::{Breaker, redis_resilient};

use crate::connection::{Cache, SyncCache};
use crate::database::Database;
use crate::shop::{ShopError, User, name_key, user_from_database};
use crate::stats::Source;

/// One circuit for all functions that talk to this Redis. While it is open, Redis is asked five times a second at most.
pub(crate) static REDIS: Breaker = Breaker::new("redis")
    .reset_timeout(Duration::from_millis(200))
    .reset_timeout_max(Duration::from_millis(400));

/// The deadline of every function here.
pub(crate) const DEADLINE: Duration = Duration::from_secs(1);

/// The list to which [`record_order`] adds.
pub(crate) const ORDERS: &str = "orders";

/// The hash to which [`accept_order`] adds.
pub(crate) const ACCEPTED: &str = "accepted";

/// A read: the database knows the answer as well.
#[redis_resilient(
    retries = 2,
    delay = "20ms",
    timeout = "250ms",
    deadline = DEADLINE,
    breaker = REDIS,
    fallback = user_from_database(database, id)
)]
pub(crate) async fn get_user(
    cache: &mut Cache,
    database: &Database,
    id: u32,
) -> Result<User, ShopError> {
    let name = cache.get(name_key(id)).await?;
    let source = Source::Redis;
    Ok(User { name, source })
}

/// A write that must not happen twice: it is tried again only when Redis has certainly not executed it. Nothing can stand
/// in for it, so that the caller gets the error.
#[redis_resilient(
    retries = 2,
    delay = "20ms",
    timeout = "250ms",
    deadline = DEADLINE,
    breaker = REDIS,
    idempotent = false
)]
pub(crate) async fn record_order(cache: &mut Cache, order: u32) -> Result<(), ShopError> {
    Ok(cache.lpush(ORDERS, order).await?)
}

/// A write that a journal takes where Redis does not: the caller gets no error. It is one that does no harm if it happens
/// twice; the example `orders` has one that must not.
#[redis_resilient(
    retries = 2,
    delay = "20ms",
    timeout = "250ms",
    deadline = DEADLINE,
    breaker = REDIS,
    idempotent = true,
    fallback = journal.enqueue(acceptance(order))
)]
pub(crate) async fn accept_order(
    cache: &mut Cache,
    journal: &Journal,
    order: u32,
) -> RedisResult<Written<u64>> {
    acceptance(order).query_async(cache).await
}

fn acceptance(order: u32) -> Cmd {
    Cmd::hset(ACCEPTED, order, "accepted")
}

/// A read in code that blocks.
#[redis_resilient(
    retries = 1,
    delay = "20ms",
    deadline = DEADLINE,
    breaker = REDIS,
    fallback = credit_from_database(database, id)
)]
pub(crate) fn get_credit(
    cache: &SyncCache,
    database: &Database,
    id: u32,
) -> Result<Credit, ShopError> {
    let amount = cache.connect()?.get(credit_key(id))?;
    let source = Source::Redis;
    Ok(Credit { amount, source })
}

fn credit_from_database(database: &Database, id: u32) -> Result<Credit, ShopError> {
    let amount = database.user_credit(id)?;
    let source = Source::Database;
    Ok(Credit { amount, source })
}

#[derive(Debug)]
pub(crate) struct Credit {
    pub(crate) amount: i64,
    pub(crate) source: Source,
}

pub(crate) fn credit_key(id: u32) -> String {
    format!("user:{id}:credit")
}
