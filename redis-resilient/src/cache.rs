//! Reads that survive: values in Redis, loaded from the primary store when they are not there, or Redis is not.
//!
//! ```no_run
//! use redis_resilient::cache::Cache;
//! use redis_resilient::connection::Connector;
//! use serde::{Deserialize, Serialize};
//! use std::time::Duration;
//!
//! #[derive(Clone, Serialize, Deserialize)]
//! struct User {
//!     name: String,
//! }
//!
//! # #[derive(Clone)] struct Db;
//! # impl Db { async fn user(&self, id: u64) -> redis::RedisResult<Option<User>> { Ok(None) } }
//! # async fn run(db: Db) -> redis::RedisResult<()> {
//! let redis = Connector::open("redis://cache.example/")?;
//! let users: Cache<Option<User>> = Cache::builder("users")
//!     .ttl(Duration::from_secs(600))
//!     .stale_if_error(Duration::from_secs(3_600))
//!     .build(&redis);
//!
//! let user = users.get_or_load(7, || db.user(7)).await?;
//! // After a change in the primary store:
//! users.invalidate(7).await;
//! # Ok(())
//! # }
//! ```
//!
//! # Many at once
//!
//! [`get_many_or_load`](Cache::get_many_or_load) takes a list of keys and gives their values in its order. Redis is asked for all of them together,
//! and the load gets those that are missing: one query for them instead of one for each.
//!
//! ```no_run
//! # use redis_resilient::cache::Cache;
//! # use std::collections::HashMap;
//! # struct Db;
//! # impl Db { async fn names(&self, _: &[u64]) -> redis::RedisResult<HashMap<u64, String>> { Ok(HashMap::new()) } }
//! # async fn run(db: &Db, names: Cache<String>) -> redis::RedisResult<()> {
//! let page: Vec<Option<String>> = names
//!     .get_many_or_load([3, 1, 4], |missing| async move { db.names(&missing).await })
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! Each key is for itself what it is in a read of its own: one load of it at a time in the process and in the fleet, a lease of its own, its own stale
//! value. So lists that overlap load no key twice, and an invalidation while a list is loaded keeps that one key from being stored.
//!
//! * A key that the load does not give is `None`, and nothing is stored for it. Values that are options are remembered as `None`.
//! * If the load fails, keys that have a stale value are served it. If one has none, the whole call ends with the error.
//! * In a cluster each server gets the keys that it has. If one does not answer, the keys of that one are loaded.
//! * [`get_many`](Cache::get_many), [`put_many`](Cache::put_many) and [`invalidate_many`](Cache::invalidate_many) do the same without a load. All have a form
//!   for synchronous code.
//!
//! More than a thousand keys are asked for a thousand at a time, so that each thousand is answered within the [`timeout`](CacheBuilder::timeout). To
//! ask for the lease of a key is a script of 2 kB: a thousand misses cost Redis some 25 ms.
//!
//! # A limit on loads
//!
//! When Redis is away every read is a load, and the primary store may not be up to that. [`limit`](CacheBuilder::limit) names a
//! [`Bulkhead`](crate::Bulkhead), which functions with `#[redis_cached(limit = …)]` may share. A load waits for room there, for
//! [`limit_wait`](CacheBuilder::limit_wait); unless a stale value is at hand, which is then served at once. Where there is neither, the call ends with
//! [`Rejection::Saturated`](crate::Rejection::Saturated) in the load's error type. That has to be made of a `RedisError`, which is why the type of such a
//! cache says so: `Cache<User, Json, Limited>`.
//!
//! # What is promised
//!
//! * A call fails only if the load fails. Redis may be killed, frozen, full, loading or misconfigured: then the value is loaded, and not stored.
//! * Concurrent misses of one key are one load in the process. In a fleet one process loads; the others wait for its value, at most for the time of
//!   the [`lease`](CacheBuilder::lease), and load after that.
//! * A value that was read before an [`invalidate`](Cache::invalidate), a [`put`](Cache::put) or a plain `DEL` is not stored after it.
//! * An invalidation that Redis cannot be told of is retried until it can, or until all that it is about has expired. Until then this process is not
//!   served the value from Redis; other processes may be. It does not survive the process.
//! * What cannot be decoded is a miss, and overwritten.
//!
//! # What is not promised
//!
//! * Two processes that change the same row at the same time, each with a `put`, may store in another order than they wrote. `invalidate` is right
//!   in any order.
//! * A load that reads a replica of the primary store may read the value from before the change, after the invalidation. Read the primary there, or
//!   keep the `ttl` short.
//! * A read that begins after an invalidation by another process may join a load of this process that began before it, and gets that load's value. It
//!   is not stored.
//! * A load that takes longer than the lease is not stored, and says so with an event: raise [`lease`](CacheBuilder::lease).
//! * A cache in the role of a replica: the connector has to lead to a primary.
//! * A failover loses what Redis had not replicated: an invalidation that was acknowledged may come to nothing, and the old value is served until its
//!   `ttl` is over.
//!
//! # Stale values
//!
//! [`stale_if_error`](CacheBuilder::stale_if_error) keeps a value beyond its `ttl`, in Redis and in this process, bounded in entries and bytes. It is
//! served where the load fails, and where there is no room at the primary store. [`stale_while_revalidate`](CacheBuilder::stale_while_revalidate)
//! serves it at once, while one caller loads the next value. Both are counted from the end of the `ttl`, as in RFC 5861.
//!
//! Copies in this process answer also where Redis is away, or was restarted empty. An `invalidate` of any process leaves a mark in Redis, so that no
//! copy from before it is served; a plain `DEL` by others does not.
//!
//! [`served`] tells where a value came from, and how stale it is; of many at once it is the stalest that is told of.
//!
//! # Without Redis as a cache
//!
//! A function with [`redis_resilient`](macro@crate::redis_resilient) reads from Redis what others have put there. Its options `key`, `coalesce` and `stale`
//! do a part of the above for its fallback, in this process alone: one run for all calls with the same key, and the last good value in place of an
//! error. Nothing is encoded, and nothing is written to Redis.
//!
//! # What is in Redis
//!
//! [`near`](CacheBuilder::near) and [`near_tracking`](CacheBuilder::near_tracking) keep values in this process, so that a read is no more than a look
//! into a map. With tracking a value is served at most one second after the acknowledgement of a write that has changed it, through failovers and
//! lost connections too.
//!
//! One string for each key: 71 bytes of text, then the value as the codec writes it. The text has the lease, how long the value is fresh and how long
//! it is kept beyond that, and how long the load took. `DEL` invalidates, from any language. With a stale window or `refresh_ahead` a read is `GET` and
//! `PTTL` in one round trip, so that Redis's clock decides how old a value is; without, it is a `GET`.

#[doc(hidden)]
pub use redis_resilient_cache::__private;
#[cfg(feature = "cache-postcard")]
#[doc(inline)]
pub use redis_resilient_cache::Postcard;
#[doc(inline)]
pub use redis_resilient_cache::{
    Cache, CacheBuilder, Codec, CodecError, Invalidated, Json, Lifetime, Limited, LoadError,
    LoadFailed, NotEncoded, Served, Unlimited, served, served_blocking,
};
