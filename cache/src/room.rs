//! Room at the primary store: how many loads of a cache are in it at once, and what those are told for whom there is none.

use std::sync::Arc;
use std::time::Duration;

use redis::{RedisError, RedisResult};
use redis_resilient_runtime::{Bulkhead, BulkheadPermit};

/// Of a cache whose loads are as many at once as callers want.
#[derive(Clone, Copy, Debug)]
pub struct Unlimited;

/// Of a cache with a [`limit`](crate::CacheBuilder::limit) on its loads: their errors have to be able to say that there is no room.
#[derive(Clone, Copy, Debug)]
pub struct Limited;

/// What a load may fail with: anything; in a cache with a [`limit`](crate::CacheBuilder::limit) what can be made from a [`RedisError`], which then has
/// [`Rejection::Saturated`](redis_resilient_runtime::Rejection::Saturated) in it.
#[diagnostic::on_unimplemented(
    message = "this cache has a `limit` on its loads, and cannot make a `{Self}` to tell callers that there is no room",
    label = "a call for which there is no room ends with this error",
    note = "implement `From<redis::RedisError>` for `{Self}`, or leave `limit` out"
)]
pub trait LoadError<L>: Sized {
    /// How it says that there is no room, if that can be.
    #[doc(hidden)]
    const NO_ROOM: Option<fn(RedisError) -> Self>;
    /// The same, for all who share one error.
    #[doc(hidden)]
    const NO_ROOM_SHARED: Option<fn(RedisError) -> Arc<Self>>;
}

#[diagnostic::do_not_recommend]
impl<E> LoadError<Unlimited> for E {
    const NO_ROOM: Option<fn(RedisError) -> Self> = None;
    const NO_ROOM_SHARED: Option<fn(RedisError) -> Arc<Self>> = None;
}

#[diagnostic::do_not_recommend]
impl<E: From<RedisError>> LoadError<Limited> for E {
    const NO_ROOM: Option<fn(RedisError) -> Self> = Some(E::from);
    const NO_ROOM_SHARED: Option<fn(RedisError) -> Arc<Self>> =
        Some(|error| Arc::new(E::from(error)));
}

/// Where loads need room.
pub(crate) struct Room<E> {
    pub(crate) limit: &'static Bulkhead,
    pub(crate) refused: fn(RedisError) -> E,
}

impl<E> Clone for Room<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Room<E> {}

/// Room for one load, where that is limited; `Err`: there is none within that time.
pub(crate) async fn enter<E>(
    room: Option<Room<E>>,
    wait: Duration,
) -> Result<Option<BulkheadPermit<'static>>, E> {
    let Some(Room { limit, refused }) = room else {
        return Ok(None);
    };
    acquire(limit, wait).await.map(Some).map_err(refused)
}

/// The same, by blocking the thread.
pub(crate) fn enter_blocking<E>(
    room: Option<Room<E>>,
    wait: Duration,
) -> Result<Option<BulkheadPermit<'static>>, E> {
    let Some(Room { limit, refused }) = room else {
        return Ok(None);
    };
    acquire_blocking(limit, wait).map(Some).map_err(refused)
}

/// A place in the bulkhead.
///
/// # Errors
/// If there is none within that time.
#[allow(unreachable_pub, reason = "expansions name it")]
pub async fn acquire(limit: &Bulkhead, wait: Duration) -> RedisResult<BulkheadPermit<'_>> {
    let permit = if wait.is_zero() {
        limit.try_acquire()
    } else {
        limit.acquire_within(wait).await
    };
    permit.map_err(RedisError::from)
}

/// The same, by blocking the thread.
///
/// # Errors
/// If there is none within that time.
#[allow(unreachable_pub, reason = "expansions name it")]
pub fn acquire_blocking(limit: &Bulkhead, wait: Duration) -> RedisResult<BulkheadPermit<'_>> {
    let permit = if wait.is_zero() {
        limit.try_acquire()
    } else {
        limit.acquire_blocking_within(wait)
    };
    permit.map_err(RedisError::from)
}
