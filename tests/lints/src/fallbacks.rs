//! Every form of `fallback`.

use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, Commands as _, Connection, RedisError, RedisResult};
use redis_resilient::{Bulkhead, redis_resilient};

/// Of the database behind all of them.
static PRIMARY: Bulkhead = Bulkhead::new("primary", 20);

/// A path.
///
/// # Errors
/// What the fallback says.
#[inline]
#[redis_resilient(fallback = database)]
pub async fn path(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<Option<u64>> {
    conn.get(id).await
}

/// A path to a function that does not wait.
///
/// # Errors
/// What the fallback says.
#[inline]
#[redis_resilient(fallback = memory, fallback_limit = false)]
pub async fn sync_path(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<Option<u64>> {
    conn.get(id).await
}

/// A closure.
///
/// # Errors
/// What the fallback says.
#[inline]
#[redis_resilient(fallback = |error| if id == 0 { Err(error) } else { Ok(None) })]
pub async fn closure(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<Option<u64>> {
    conn.get(id).await
}

/// A closure that does nothing but to call.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient(fallback = |error| Err(error))]
pub async fn bare_closure(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<Option<u64>> {
    conn.get(id).await
}

/// A closure that does nothing but to call, in a function that does not wait.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient(fallback = [|error| Err(error), sync_database])]
pub fn bare_closure_of_sync(conn: &mut Connection, id: u64) -> RedisResult<Option<u64>> {
    conn.get(id)
}

/// An async closure.
///
/// # Errors
/// What the fallback says.
#[inline]
#[redis_resilient(fallback = async |_| database(conn, id).await)]
pub async fn async_closure(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<Option<u64>> {
    conn.get(id).await
}

/// A value.
///
/// # Errors
/// None of Redis.
#[inline]
#[redis_resilient(fallback = Ok(None))]
pub async fn value(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<Option<u64>> {
    conn.get(id).await
}

/// A call.
///
/// # Errors
/// What the fallback says.
#[inline]
#[redis_resilient(fallback = database(conn, id).await, fallback_limit = PRIMARY)]
pub async fn awaited(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<Option<u64>> {
    conn.get(id).await
}

/// All of them.
///
/// # Errors
/// None of Redis.
#[inline]
#[redis_resilient(fallback = [|error| id.checked_sub(1).map_or(Err(error), |less| Ok(Some(less))), database, memory, Ok(None)], fallback_limit = 8)]
pub async fn list(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<Option<u64>> {
    conn.get(id).await
}

/// All of them, without waiting.
///
/// # Errors
/// None of Redis.
#[inline]
#[redis_resilient(fallback = [|_| Ok(None), sync_database, Ok(None)])]
pub fn sync_list(conn: &mut Connection, id: u64) -> RedisResult<Option<u64>> {
    conn.get(id)
}

/// Has the last word.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient(fallback = sync_database)]
pub fn sync_path_of_sync(conn: &mut Connection, id: u64) -> RedisResult<Option<u64>> {
    conn.get(id)
}

/// Stands for a query.
async fn database(_: &mut MultiplexedConnection, id: u64) -> RedisResult<Option<u64>> {
    memory_of(id)
}

/// Stands for a cache.
fn memory(_: &mut MultiplexedConnection, id: u64) -> RedisResult<Option<u64>> {
    memory_of(id)
}

/// Stands for a query.
fn sync_database(_: &mut Connection, id: u64) -> RedisResult<Option<u64>> {
    memory_of(id)
}

/// What is there of it.
fn memory_of(id: u64) -> RedisResult<Option<u64>> {
    id.checked_sub(1).map_or_else(
        || Err(RedisError::from((redis::ErrorKind::Io, "none"))),
        |less| Ok(Some(less)),
    )
}
