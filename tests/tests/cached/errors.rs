//! An error is told to all who wait for the same load, whatever type it has.

use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;

use futures_util::future::join_all;
use redis_resilient::cache::LoadFailed;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

use crate::support::{Loads, Testing, connected};

#[derive(Clone, Debug, thiserror::Error)]
#[error("cloned")]
struct Cloned;

#[derive(Debug, thiserror::Error)]
enum Own {
    #[error("own")]
    Own,
    #[error("shared: {0}")]
    Shared(#[from] LoadFailed),
}

async fn slowly(loads: &Loads) {
    loads.one_more();
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[redis_cached(key = "cloned:{id}", ttl = "10m", skip(loads))]
async fn cloned(redis: &Connector, loads: &Loads, id: u8) -> Result<u8, Cloned> {
    slowly(loads).await;
    Err(Cloned)
}

#[redis_cached(key = "own:{id}", ttl = "10m", skip(loads))]
async fn own(redis: &Connector, loads: &Loads, id: u8) -> Result<u8, Own> {
    slowly(loads).await;
    Err(Own::Own)
}

#[redis_cached(key = "anyhow:{id}", ttl = "10m", skip(loads))]
async fn anyhow(redis: &Connector, loads: &Loads, id: u8) -> anyhow::Result<u8> {
    slowly(loads).await;
    anyhow::bail!("any {id}")
}

#[redis_cached(key = "boxed:{id}", ttl = "10m", skip(loads))]
async fn boxed(
    redis: &Connector,
    loads: &Loads,
    id: u8,
) -> Result<u8, Box<dyn Error + Send + Sync>> {
    slowly(loads).await;
    Err(format!("boxed {id}").into())
}

#[redis_cached(key = "alone:{id}", ttl = "10m", coalesce = false, skip(loads))]
async fn alone(redis: &Connector, loads: &Loads, id: u8) -> Result<u8, std::num::ParseIntError> {
    slowly(loads).await;
    "x".parse()
}

/// The texts of what ten callers get, and how many loads that were.
async fn texts<E: ToString>(read: impl AsyncFn(&Loads) -> Result<u8, E>) -> (Vec<String>, u32) {
    let loads = Loads::default();
    let errors = join_all((0..10).map(|_| read(&loads))).await;
    let mut texts: Vec<_> = errors
        .into_iter()
        .map(|result| {
            result
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default()
        })
        .collect();
    texts.sort();
    texts.dedup();
    let count = loads.count();
    // It is not remembered.
    assert!(read(&loads).await.is_err());
    assert_eq!(loads.count(), count + 1);
    (texts, count)
}

#[tokio::test]
async fn all_get_the_error_of_the_one_load() -> Testing {
    let (_server, redis) = connected()?;
    assert_eq!(
        texts(async |loads| cloned(&redis, loads, 1).await).await,
        (vec!["cloned".to_owned()], 1)
    );
    assert_eq!(
        texts(async |loads| own(&redis, loads, 1).await).await,
        (vec!["own".to_owned(), "shared: own".to_owned()], 1)
    );
    assert_eq!(
        texts(async |loads| anyhow(&redis, loads, 1).await).await,
        (vec!["any 1".to_owned()], 1)
    );
    assert_eq!(
        texts(async |loads| boxed(&redis, loads, 1).await).await,
        (vec!["boxed 1".to_owned()], 1)
    );
    assert_eq!(
        texts(async |loads| alone(&redis, loads, 1).await).await.1,
        10
    );
    Ok(())
}
