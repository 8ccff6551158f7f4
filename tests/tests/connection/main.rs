//! Connections that come back, against real servers.

mod asking;
mod asynchronous;
mod black_holes;
mod blocking;
mod bound;
mod clusters;
mod commands;
mod credentials;
mod events;
mod faults;
mod hedges;
mod idle_blocking;
mod listed;
mod lock;
mod lost_driver;
mod majority;
mod never_sent;
mod odd_replies;
mod once;
mod pubsub;
mod renewal;
mod replicas;
mod resharding;
mod runtimes;
mod sentinels;
mod shards;
mod silent_shard;
mod spares;
mod tls;
mod unpolled;
mod waits;
mod workers;

use redis::{AsyncCommands, Commands, RedisResult};
use redis_resilient::connection::{BlockingConnection, Connection, Connector, ConnectorBuilder};
use redis_resilient::redis_resilient;
use redis_resilient_testkit::{FaultProxy, RealRedis};
use std::time::Duration;

type TestResult = Result<(), Box<dyn std::error::Error>>;

const MS: fn(u64) -> Duration = Duration::from_millis;
const RESPONSE: Duration = Duration::from_millis(200);
const CONNECT: Duration = Duration::from_millis(400);
/// What a busy machine may add to a limit.
const SLACK: Duration = Duration::from_secs(2);

/// A connector with short limits.
fn connector(url: &str) -> RedisResult<Connector> {
    Ok(builder(url)?.build())
}

fn builder(url: &str) -> RedisResult<ConnectorBuilder> {
    Ok(Connector::builder(url)?
        .connect_timeout(CONNECT)
        .response_timeout(RESPONSE))
}

/// A server, and a proxy in front of it.
fn proxied() -> Result<(RealRedis, FaultProxy), Box<dyn std::error::Error>> {
    let server = redis_resilient_tests::server()?;
    let proxy = FaultProxy::to(server.addr())?;
    Ok((server, proxy))
}

/// Rides out a failover within one call. How soon that is over the example `failovers` measures: here it may take as long as a busy machine does.
#[redis_resilient(
    retries = 100,
    backoff = "fixed",
    delay = "200ms",
    jitter = "none",
    deadline = "20s",
    breaker = false
)]
async fn write(redis: &mut Connection, key: &str, value: u64) -> RedisResult<()> {
    redis.set(key, value).await
}

#[redis_resilient(
    retries = 100,
    backoff = "fixed",
    delay = "200ms",
    jitter = "none",
    deadline = "20s",
    breaker = false
)]
fn write_blocking(redis: &mut BlockingConnection, key: &str, value: u64) -> RedisResult<()> {
    redis.set(key, value)
}
