//! Hits, misses and outages.

use std::sync::Arc;
use std::time::Duration;

use redis::RedisError;
use redis_resilient::cache::{self, Served};
use redis_resilient::connection::Connector;
use redis_resilient::{Bulkhead, Rejection, redis_cached};

use crate::support::{Loads, Testing, connected, until_stored};

#[redis_cached(key = "user:{id}", ttl = "10m", skip(loads))]
async fn user(redis: &Connector, loads: &Loads, id: u64) -> Result<Option<String>, RedisError> {
    Ok(Some(format!("user {id}, load {}", loads.one_more())))
}

#[tokio::test]
async fn a_miss_runs_the_body_and_a_hit_does_not() -> Testing {
    let (_server, redis) = connected()?;
    let loads = Loads::default();
    let (value, served) = cache::served(user(&redis, &loads, 7)).await;
    assert_eq!(
        (value?.as_deref(), served),
        (Some("user 7, load 1"), Some(Served::Loaded))
    );
    let value = until_stored(async || user(&redis, &loads, 7).await).await;
    assert_eq!(value?.as_deref(), Some("user 7, load 1"));
    assert_eq!(
        user(&redis, &loads, 8).await?.as_deref(),
        Some("user 8, load 2")
    );
    assert_eq!(loads.count(), 2);
    Ok(())
}

#[tokio::test]
async fn without_redis_the_body_answers() -> Testing {
    let (server, redis) = connected()?;
    let loads = Loads::default();
    until_stored(async || user(&redis, &loads, 7).await).await?;
    server.kill();
    for _ in 0..20 {
        user(&redis, &loads, 7).await?;
    }
    assert_eq!(loads.count(), 21);
    server.restart()?;
    until_stored(async || user(&redis, &loads, 7).await).await?;
    Ok(())
}

#[test]
fn without_redis_the_body_of_a_sync_function_answers() -> Testing {
    #[redis_cached(key = "{id}", ttl = "10m", skip(loads))]
    fn user(redis: &Connector, loads: &Loads, id: u64) -> Result<String, RedisError> {
        if id == 0 {
            return Err((redis::ErrorKind::Client, "no such user").into());
        }
        Ok(format!("user {id}, load {}", loads.one_more()))
    }
    let (redis_server, redis) = connected()?;
    let loads = Loads::default();
    let read = || cache::served_blocking(|| user(&redis, &loads, 7));
    let (value, from) = read();
    assert_eq!(
        (value?.as_str(), from),
        ("user 7, load 1", Some(Served::Loaded))
    );
    for _ in 0..2_000 {
        if read().1 == Some(Served::Redis) {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let (value, from) = read();
    assert_eq!(
        (value?.as_str(), from),
        ("user 7, load 1", Some(Served::Redis))
    );
    assert!(user(&redis, &loads, 0).is_err());
    redis_server.kill();
    assert_eq!(user(&redis, &loads, 7)?, "user 7, load 2");
    Ok(())
}

#[tokio::test]
async fn many_callers_of_one_key_are_one_load() -> Testing {
    #[redis_cached(key = "{id}", ttl = "10m", skip(loads))]
    async fn slow(redis: &Connector, loads: &Loads, id: u64) -> Result<u32, RedisError> {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok(loads.one_more())
    }
    let (_server, redis) = connected()?;
    let loads = Loads::default();
    let all = futures_util::future::join_all((0..100).map(|_| slow(&redis, &loads, 1))).await;
    assert!(
        all.into_iter()
            .all(|value| value.is_ok_and(|value| value == 1))
    );
    Ok(())
}

#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
struct NoRoom(Arc<RedisError>);

impl From<RedisError> for NoRoom {
    fn from(error: RedisError) -> Self {
        Self(Arc::new(error))
    }
}

static NONE: Bulkhead = Bulkhead::new("cached tests, no room", 1);

#[tokio::test]
async fn a_limit_bounds_the_loads_and_not_the_hits() -> Testing {
    #[redis_cached(key = "{id}", ttl = "10m", limit = NONE, limit_wait = "10ms")]
    async fn limited(redis: &Connector, id: u64) -> Result<u64, NoRoom> {
        Ok(id)
    }
    let (_server, redis) = connected()?;
    until_stored(async || limited(&redis, 1).await).await?;
    let permit = NONE.try_acquire()?;
    assert_eq!(limited(&redis, 1).await?, 1);
    let error = limited(&redis, 2).await.expect_err("there is no room");
    assert!(
        matches!(
            Rejection::find(&*error.0),
            Some(Rejection::Saturated { .. })
        ),
        "{error}"
    );
    drop(permit);
    assert_eq!(limited(&redis, 2).await?, 2);
    Ok(())
}
