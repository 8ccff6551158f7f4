//! Functions that block.

use redis::{Commands as _, Connection, RedisResult};
use redis_resilient::redis_resilient;

/// One line.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient]
pub fn bare(conn: &mut Connection) -> RedisResult<u64> {
    conn.get("key")
}

/// With statements, an early return and a macro of the standard library.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient(retries = 2)]
pub fn early_return(conn: &mut Connection, id: u64) -> RedisResult<Option<String>> {
    if id == 0 {
        return Ok(None);
    }
    let key = format!("user:{id}");
    conn.get(key)
}

/// Uses an argument up.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient(clone(key))]
pub fn cloned(conn: &mut Connection, key: String) -> RedisResult<u64> {
    conn.get(key)
}

/// Changes what it uses up.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient(clone(key))]
pub fn cloned_mut(conn: &mut Connection, mut key: String) -> RedisResult<u64> {
    key.push('s');
    conn.get(key)
}

/// Gives up after a while.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient(deadline = "5s", breaker = false)]
pub fn deadline(conn: &mut Connection) -> RedisResult<u64> {
    conn.get("key")
}
