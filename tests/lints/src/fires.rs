//! What is wrong with the user's own code is told him as without the attribute: an `expect` that nothing fulfils is a warning.

use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, Commands as _, Connection, RedisResult};
use redis_resilient::redis_resilient;

/// Of clippy, about an expression.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient]
#[expect(clippy::question_mark_used, reason = "it is")]
pub fn in_sync(conn: &mut Connection) -> RedisResult<u64> {
    let first: u64 = conn.get("key")?;
    Ok(first)
}

/// Of clippy, about an expression.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient]
#[expect(clippy::question_mark_used, reason = "it is")]
pub async fn in_async(conn: &mut MultiplexedConnection) -> RedisResult<u64> {
    let first: u64 = conn.get("key").await?;
    Ok(first)
}

/// Of clippy, about a statement.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient]
#[expect(clippy::let_and_return, reason = "it is")]
pub fn let_and_return_in_sync(conn: &mut Connection) -> RedisResult<u64> {
    let found = conn.get("key");
    found
}

/// Of clippy, about a statement.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient]
#[expect(clippy::let_and_return, reason = "it is")]
pub async fn let_and_return(conn: &mut MultiplexedConnection) -> RedisResult<u64> {
    let found = conn.get("key").await;
    found
}

/// Of clippy, about two statements.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient]
#[expect(clippy::shadow_reuse, reason = "it is")]
pub async fn shadowed(conn: &mut MultiplexedConnection, key: &str) -> RedisResult<u64> {
    let key = key.trim();
    conn.get(key).await
}

/// Of the compiler, in a signature.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient]
#[expect(unused_variables, reason = "it is")]
pub async fn unused_parameter(conn: &mut MultiplexedConnection, key: &str) -> RedisResult<u64> {
    conn.get("key").await
}

/// Of the compiler, in a body.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient]
#[expect(unused_mut, unused_variables, reason = "both are")]
pub fn unused_local(conn: &mut Connection) -> RedisResult<u64> {
    let mut unused = 3_u8;
    conn.get("key")
}

/// Of the compiler, about the whole.
#[redis_resilient]
#[expect(dead_code, reason = "nobody calls it")]
async fn never_called(conn: &mut MultiplexedConnection) -> RedisResult<u64> {
    conn.get("key").await
}
