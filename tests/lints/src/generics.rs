//! Functions of many types.

use core::fmt::Display;
use redis::aio::ConnectionLike;
use redis::{AsyncCommands as _, FromRedisValue, RedisResult};
use redis_resilient::redis_resilient;

/// Over connections, keys and values.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient]
pub async fn get<C, K, V>(conn: &mut C, key: K) -> RedisResult<V>
where
    C: ConnectionLike + Send + Sync,
    K: Display + Sync + Send,
    V: FromRedisValue,
{
    conn.get(key.to_string()).await
}

/// Over a number, with an argument of some type.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient(fallback = Ok([0; N]))]
#[expect(clippy::impl_trait_in_params, reason = "one of the forms")]
pub async fn many<const N: usize>(
    conn: &mut (impl ConnectionLike + Send + Sync),
    keys: impl Display + Sync + Send,
) -> RedisResult<[u64; N]> {
    conn.get(keys.to_string()).await.map(|first| [first; N])
}

/// Borrows what it returns.
///
/// # Errors
/// What Redis says.
#[inline]
#[redis_resilient]
#[expect(clippy::impl_trait_in_params, reason = "one of the forms")]
pub async fn borrowed<'key>(
    conn: &mut (impl ConnectionLike + Send + Sync),
    key: &'key str,
) -> RedisResult<&'key str> {
    conn.get(key).await.map(|()| key)
}
