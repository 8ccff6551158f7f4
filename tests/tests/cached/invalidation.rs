//! The function that `invalidate` makes.

use std::sync::Arc;

use redis::RedisError;
use redis_resilient::cache::Invalidated;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

use crate::support::{Loads, Testing, connected, keys, until_stored};

#[redis_cached(key = "user:{id}:{name}", prefix = "p", version = 2, ttl = "10m", invalidate = forget_user, skip(loads))]
async fn user(redis: &Connector, loads: &Loads, id: u64, name: &str) -> Result<u32, RedisError> {
    Ok(loads.one_more())
}

#[tokio::test]
async fn it_removes_the_entry_of_these_arguments() -> Testing {
    let (_server, redis) = connected()?;
    let loads = Loads::default();
    let read = async |id, name| user(&redis, &loads, id, name).await;
    assert_eq!(until_stored(async || read(1, "a:b").await).await?, 1);
    assert_eq!(until_stored(async || read(2, "a:b").await).await?, 2);
    assert_eq!(forget_user(&redis, 1, "a:b").await, Invalidated::Everywhere);
    assert_eq!(keys(&redis).await?, ["p:v2:user:2:a%3Ab"]);
    assert_eq!(read(1, "a:b").await?, 3);
    assert_eq!(read(2, "a:b").await?, 2);
    Ok(())
}

#[tokio::test]
async fn without_redis_it_is_pending_and_not_forgotten() -> Testing {
    let (server, redis) = connected()?;
    let loads = Loads::default();
    let read = async || user(&redis, &loads, 1, "a").await;
    assert_eq!(until_stored(read).await?, 1);
    server.freeze();
    assert_eq!(forget_user(&redis, 1, "a").await, Invalidated::Pending);
    server.thaw();
    assert!(read().await? > 1);
    assert!(until_stored(read).await? > 1);
    Ok(())
}

struct Repository {
    redis: Connector,
    tenant: String,
    loads: Loads,
}

impl Repository {
    #[redis_cached(key = "{self.tenant}:{id}", ttl = "10m", redis = self.redis, invalidate = forget)]
    async fn user(&self, id: u64) -> Result<u32, RedisError> {
        Ok(self.loads.one_more())
    }

    #[redis_cached(key = "all", ttl = "10m", invalidate = Self::forget_all, skip(loads))]
    async fn all(redis: &Connector, loads: Arc<Loads>) -> Result<u32, RedisError> {
        Ok(loads.one_more())
    }

    #[redis_cached(key = "sync:{id}", ttl = "10m", redis = self.redis, invalidate = forget_sync)]
    fn sync(&self, id: u64) -> Result<u32, RedisError> {
        Ok(self.loads.one_more())
    }
}

#[tokio::test]
async fn a_method_has_a_method_for_it() -> Testing {
    let (_server, redis) = connected()?;
    let of = |tenant: &str| Repository {
        redis: redis.clone(),
        tenant: tenant.to_owned(),
        loads: Loads::default(),
    };
    let (one, two) = (of("one"), of("two"));
    until_stored(async || one.user(7).await).await?;
    until_stored(async || two.user(7).await).await?;
    assert_eq!(one.forget(7).await, Invalidated::Everywhere);
    assert_eq!((one.user(7).await?, two.user(7).await?), (2, 1));
    let loads = Arc::new(Loads::default());
    until_stored(async || Repository::all(&redis, loads.clone()).await).await?;
    assert_eq!(
        Repository::forget_all(&redis).await,
        Invalidated::Everywhere
    );
    assert_eq!(Repository::all(&redis, loads).await?, 2);
    Ok(())
}

#[test]
fn a_sync_function_has_a_sync_one() -> Testing {
    let (_server, redis) = connected()?;
    let repository = Repository {
        redis,
        tenant: String::new(),
        loads: Loads::default(),
    };
    assert_eq!(repository.sync(1)?, 1);
    assert_eq!(repository.forget_sync(1), Invalidated::Everywhere);
    assert_eq!(repository.sync(1)?, 2);
    Ok(())
}
