//! Bodies that run in a task of their own, with copies of what the function was given.

use std::sync::Arc;
use std::time::Duration;

use redis::RedisError;
use redis_resilient::cache::{self, Served};
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;
use tokio::time::timeout;

use crate::support::{Loads, Testing, connected, until_stored};

#[derive(Clone)]
struct Repository {
    redis: Connector,
    tenant: String,
    loads: Arc<Loads>,
}

impl Repository {
    #[redis_cached(key = "{self.tenant}:{id}:{name}", ttl = "10m", redis = self.redis, background = true, skip(list, wait, keep))]
    async fn user(
        &self,
        id: u64,
        name: &str,
        list: &[u8],
        mut wait: Duration,
        keep: String,
    ) -> Result<String, RedisError> {
        tokio::time::sleep(wait).await;
        wait *= 2;
        let text = format!("{} {id} {name} {list:?} {keep} {wait:?}", self.tenant);
        self.loads.one_more();
        Ok(text)
    }
}

#[tokio::test]
async fn the_load_goes_on_when_the_caller_does_not_wait() -> Testing {
    let (_server, redis) = connected()?;
    let loads = Arc::new(Loads::default());
    let repository = Repository {
        redis,
        tenant: "tenant".to_owned(),
        loads: loads.clone(),
    };
    let wait = Duration::from_millis(200);
    let read = async || {
        // All of it is gone when the call is dropped.
        let (name, list) = ("Ann".to_owned(), vec![1, 2]);
        repository
            .user(7, &name, &list, wait, "kept".to_owned())
            .await
    };
    assert!(timeout(Duration::from_millis(20), read()).await.is_err());
    let text = until_stored(read).await?;
    assert_eq!(text, "tenant 7 Ann [1, 2] kept 400ms");
    assert_eq!(loads.count(), 1);
    Ok(())
}

#[tokio::test]
async fn a_stale_value_answers_while_it_is_loaded_anew() -> Testing {
    #[redis_cached(
        key = "{id}",
        ttl = "200ms",
        jitter = 0,
        stale_while_revalidate = "1h",
        skip(loads)
    )]
    async fn user(redis: &Connector, loads: &Arc<Loads>, id: u64) -> Result<u32, RedisError> {
        if loads.count() > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(loads.one_more())
    }
    let (_server, redis) = connected()?;
    let loads = Arc::new(Loads::default());
    assert_eq!(
        until_stored(async || user(&redis, &loads, 1).await).await?,
        1
    );
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (value, served) = cache::served(user(&redis, &loads, 1)).await;
    assert_eq!(value?, 1);
    assert!(matches!(served, Some(Served::Stale { .. })), "{served:?}");
    for _ in 0..200 {
        if user(&redis, &loads, 1).await? > 1 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it was never loaded anew");
}

#[tokio::test]
async fn a_soft_timeout_lets_the_caller_go() -> Testing {
    #[redis_cached(
        key = "{id}",
        ttl = "200ms",
        jitter = 0,
        stale_if_error = "1h",
        soft_timeout = "50ms",
        skip(loads)
    )]
    async fn user(redis: &Connector, loads: Arc<Loads>, id: u64) -> Result<u32, RedisError> {
        let load = loads.one_more();
        if load > 1 {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        Ok(load)
    }
    let (_server, redis) = connected()?;
    let loads = Arc::new(Loads::default());
    assert_eq!(
        until_stored(async || user(&redis, loads.clone(), 1).await).await?,
        1
    );
    tokio::time::sleep(Duration::from_millis(300)).await;
    let call = cache::served(user(&redis, loads.clone(), 1));
    let (value, served) = timeout(Duration::from_secs(10), call).await?;
    assert_eq!((value?, loads.count()), (1, 2));
    assert!(matches!(served, Some(Served::Stale { .. })), "{served:?}");
    Ok(())
}
