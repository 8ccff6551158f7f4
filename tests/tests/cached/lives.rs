//! How long an entry lives.

use std::time::Duration;

use redis::{AsyncCommands, RedisError};
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;
use serde::{Deserialize, Serialize};

use crate::support::{Loads, Testing, connected, until_stored};

async fn left(redis: &Connector, key: &str) -> redis::RedisResult<u64> {
    redis.get().await?.pttl(key).await
}

#[tokio::test]
async fn the_ttl_is_that_of_the_value() -> Testing {
    #[redis_cached(key = "of:{seconds}", ttl = |seconds| Duration::from_secs(*seconds), jitter = 0)]
    async fn of_value(redis: &Connector, seconds: u64) -> Result<u64, RedisError> {
        Ok(seconds)
    }
    #[redis_cached(key = "computed:{id}", ttl = ttl * 2, jitter = 0, skip(ttl))]
    async fn computed(redis: &Connector, id: u64, ttl: Duration) -> Result<u64, RedisError> {
        Ok(id)
    }
    let (_server, redis) = connected()?;
    until_stored(async || of_value(&redis, 100).await).await?;
    until_stored(async || of_value(&redis, 5_000).await).await?;
    until_stored(async || computed(&redis, 1, Duration::from_secs(100)).await).await?;
    for (key, seconds) in [("of:100", 100), ("of:5000", 5_000), ("computed:1", 200)] {
        let left = left(&redis, key).await?;
        assert!(
            ((seconds - 60) * 1_000..=seconds * 1_000).contains(&left),
            "{key}: {left}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_whose_ttl_is_zero_is_not_stored() -> Testing {
    #[redis_cached(key = "of:{id}", ttl = |id| Duration::from_secs(*id), stale_if_error = "1h", skip(loads))]
    async fn of_value(redis: &Connector, loads: &Loads, id: u64) -> Result<u64, RedisError> {
        loads.one_more();
        Ok(id)
    }
    #[redis_cached(key = "computed:{id}", ttl = ttl, skip(ttl, loads))]
    fn computed(
        redis: &Connector,
        loads: &Loads,
        id: u64,
        ttl: Duration,
    ) -> Result<u64, RedisError> {
        loads.one_more();
        Ok(id)
    }
    let (_server, redis) = connected()?;
    let loads = Loads::default();
    for round in 1..=3 {
        let computed = tokio::task::block_in_place(|| computed(&redis, &loads, 1, Duration::ZERO));
        assert_eq!((of_value(&redis, &loads, 0).await?, computed?), (0, 1));
        assert_eq!(loads.count(), 2 * round);
    }
    // The leases are given back.
    for _ in 0..2_000 {
        if crate::support::keys(&redis).await?.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(crate::support::keys(&redis).await?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn what_is_not_there_lives_as_long_as_negative_ttl_says() -> Testing {
    #[redis_cached(key = "{id}", ttl = "10m", negative_ttl = "1m", jitter = 0)]
    async fn find(redis: &Connector, id: u64) -> Result<Option<u64>, RedisError> {
        Ok((id > 3).then_some(id))
    }
    let (_server, redis) = connected()?;
    until_stored(async || find(&redis, 1).await).await?;
    until_stored(async || find(&redis, 9).await).await?;
    assert!((30_000..=60_000).contains(&left(&redis, "1").await?));
    assert!((300_000..=600_000).contains(&left(&redis, "9").await?));
    Ok(())
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum Failed {
    #[error("gone for good")]
    Gone,
    #[error("broken")]
    Broken,
}

impl Failed {
    fn is_gone(&self) -> bool {
        matches!(self, Self::Gone)
    }
}

#[tokio::test]
async fn an_error_that_is_named_is_remembered_and_others_are_not() -> Testing {
    #[redis_cached(key = "{id}", ttl = "10m", negative_ttl = "1m", negative_on = Failed::is_gone, jitter = 0, skip(loads))]
    async fn find(redis: &Connector, loads: &Loads, id: u64) -> Result<u64, Failed> {
        loads.one_more();
        match id {
            0 => Err(Failed::Gone),
            1 => Err(Failed::Broken),
            _ => Ok(id),
        }
    }
    let (_server, redis) = connected()?;
    let loads = Loads::default();
    let read = async |id| find(&redis, &loads, id).await;
    assert_eq!(
        until_stored(async || read(0).await).await,
        Err(Failed::Gone)
    );
    assert_eq!(until_stored(async || read(7).await).await, Ok(7));
    assert_eq!(loads.count(), 2);
    assert!((30_000..=60_000).contains(&left(&redis, "0").await?));
    for _ in 0..3 {
        assert_eq!(read(1).await, Err(Failed::Broken));
    }
    assert_eq!(loads.count(), 5);
    assert_eq!(
        crate::support::keys(&redis)
            .await?
            .iter()
            .filter(|key| *key != "1")
            .count(),
        2
    );
    Ok(())
}
