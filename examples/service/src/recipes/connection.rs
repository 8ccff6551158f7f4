//! One connector for all of the shop, and one circuit breaker with it.
//!
//! The connector connects with the first command, so the shop also starts while Redis is down, and it comes back by itself. Functions, caches and journals that
//! use it share its circuit: what one of them finds out of an outage spares the others their timeouts.

use std::time::Duration;

use redis::RedisResult;
use redis_resilient::Breaker;
use redis_resilient::connection::Connector;

pub(crate) static REDIS: Breaker = Breaker::new("redis")
    .reset_timeout(Duration::from_millis(500))
    .reset_timeout_max(Duration::from_secs(2));

pub(crate) fn connect(url: &str) -> RedisResult<Connector> {
    let redis = Connector::builder(url)?.breaker(&REDIS);
    Ok(redis.response_timeout(Duration::from_millis(250)).build())
}
