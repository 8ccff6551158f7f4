//! Shapes of functions that need more than to compile.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use redis::RedisError;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

use crate::support::{Loads, Testing, connected, keys, until_stored};

#[async_trait]
trait Users {
    async fn user(&self, pair: (u64, u64), name: String) -> Result<String, RedisError>;
    async fn in_background(&self, name: &str) -> Result<String, RedisError>;
}

#[derive(Clone)]
struct Repository {
    redis: Connector,
    loads: Arc<Loads>,
}

#[async_trait]
impl Users for Repository {
    #[redis_cached(key = "user:{a}:{b}:{name}", ttl = "10m", redis = self.redis)]
    async fn user(&self, (a, b): (u64, u64), name: String) -> Result<String, RedisError> {
        let load = self.loads.one_more();
        Ok(name + &format!(" {a} {b} {load}"))
    }

    #[redis_cached(key = "task:{name}", ttl = "10m", redis = self.redis, background = true)]
    async fn in_background(&self, name: &str) -> Result<String, RedisError> {
        Ok(format!("{name} {}", self.loads.one_more()))
    }
}

#[tokio::test]
async fn a_method_of_an_async_trait() -> Testing {
    let (_server, redis) = connected()?;
    let users: Box<dyn Users> = Box::new(Repository {
        redis: redis.clone(),
        loads: Arc::default(),
    });
    let read = async || users.user((1, 2), "Ann".to_owned()).await;
    assert_eq!(until_stored(read).await?, "Ann 1 2 1");
    assert_eq!(
        until_stored(async || users.in_background("Bob").await).await?,
        "Bob 2"
    );
    assert_eq!(keys(&redis).await?, ["task:Bob", "user:1:2:Ann"]);
    Ok(())
}

#[tokio::test]
async fn what_the_body_does_to_its_arguments_stays_done_and_a_hit_does_nothing() -> Testing {
    #[redis_cached(key = "{id}", ttl = "10m", skip(log))]
    async fn user(redis: &Connector, id: u64, log: &mut Vec<u64>) -> Result<u64, RedisError> {
        log.push(id);
        Ok(id)
    }
    let (_server, redis) = connected()?;
    let mut log = Vec::new();
    until_stored(async || user(&redis, 7, &mut log).await).await?;
    assert_eq!(log, [7]);
    Ok(())
}

#[tokio::test]
async fn a_type_that_is_there_only_for_the_way_is_not_in_the_key() -> Testing {
    struct Counted<'a>(&'a AtomicU32);
    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    #[redis_cached(key = "{id}", ttl = "10m", skip(counted))]
    async fn user<T: Send>(redis: &Connector, id: u64, counted: T) -> Result<u64, RedisError> {
        drop(counted);
        Ok(id)
    }
    let (_server, redis) = connected()?;
    let drops = AtomicU32::new(0);
    until_stored(async || user(&redis, 7, Counted(&drops)).await).await?;
    let before = drops.load(Ordering::SeqCst);
    // A hit drops its arguments as well.
    user(&redis, 7, Counted(&drops)).await?;
    assert_eq!(drops.load(Ordering::SeqCst), before + 1);
    Ok(())
}
