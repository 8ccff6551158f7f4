//! A lock that processes share.

mod attempts;
mod blocking;
mod error;
mod guard;
mod held;
mod lease;
mod request;
mod steps;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use redis::{RedisError, RedisResult};

use self::attempts::Attempts;
pub use self::blocking::BlockingLockGuard;
pub use self::error::LockError;
pub use self::guard::LockGuard;
use self::held::{Claim, keep};
use self::request::send;
use redis_resilient_connection::Connector;
use redis_resilient_runtime::__seam::clock::{self, whole_millis};

const SHORTEST_MS: u64 = 10;
const LONGEST_MS: u64 = 86_400_000;

/// A lock for work that no two processes may do at the same time, such as reading a value, changing it and writing it back.
///
/// It is held for a *lease*, after which the server grants it to the next caller, so a process that dies does not keep it.
///
/// ```no_run
/// use redis::AsyncCommands;
/// use redis_resilient::connection::{Connector, Lock};
/// use std::time::Duration;
///
/// async fn tag(redis: &Connector, page: u64, tag: &str) -> redis::RedisResult<()> {
///     let key = format!("page:{page}:tags");
///     Lock::new(&format!("page:{page}:lock"))
///         .hold(redis, Duration::from_secs(2), async |_guard| {
///             let mut redis = redis.get().await?;
///             let tags: Option<String> = redis.get(&key).await?;
///             let mut tags = tags.unwrap_or_default();
///             if !tags.split(',').any(|known| known == tag) {
///                 tags = format!("{tags},{tag}");
///             }
///             redis.set(&key, tags).await
///         })
///         .await
/// }
/// ```
///
/// It can be a `static`, and [`try_acquire`](Self::try_acquire) and [`acquire`](Self::acquire) return a guard:
///
/// ```no_run
/// # use redis_resilient::connection::{Connector, Lock};
/// # use std::time::Duration;
/// static NIGHTLY: Lock<'static> = Lock::new("nightly:lock").lease(Duration::from_secs(30));
///
/// async fn nightly(redis: &Connector) -> redis::RedisResult<()> {
///     let Some(guard) = NIGHTLY.try_acquire(redis).await? else {
///         return Ok(()); // Another process does it.
///     };
///     // …
///     guard.extend().await?; // Fails if it is not ours any more.
///     // …
///     guard.release().await
/// }
/// ```
///
/// # Failures
///
/// Each acquisition has its own token, which all its attempts send, so an attempt after a lost reply gets the same acquisition. Requests that fail,
/// or find the lock held, are repeated after pauses of up to 100 ms, with jitter; waiting callers are not served in order. So these functions
/// need no `#[redis_resilient]`. In the body of an annotated function, `wait` has to be well under its `timeout`. If somebody else holds the lock,
/// the error is [`LockError::Held`], which is not retried and which no breaker counts as a failure.
///
/// # Guarantees
///
/// A guard knows until when it holds the lock: by the clock of this machine, from before the request was sent, for the lease less 1 %
/// and 2 ms. Two processes may still hold the lock at once, one of them without knowing, after
///
/// * a *failover*: replication is asynchronous, and the new primary may not have heard of the lock. `min-replicas-to-write 1`, or a `WAIT` over
///   any connection of the same connector after acquiring it, makes that rarer, and not impossible. The same goes for a server that comes back without its last writes (`appendfsync
///   always` keeps them), for `FLUSHALL`, and for keys that are evicted;
/// * a *jump of the server's clock*, by which leases end there;
/// * a *pause* of this process between a look at [`is_held`](LockGuard::is_held) and its next write, or of the machine it is on, whose clock
///   stands still while it is suspended;
/// * a *command under way*, which may be executed after the lease has ended and nobody waits for it any more.
///
/// A connector with [several databases](Connector::failover) knows of its own switches: a guard does not hold the lock any more from then on, and says
/// so. Another process may have noticed sooner, and have acquired the lock in the other database meanwhile, where the counter of fencing numbers is
/// another one unless it is replicated.
///
/// The [*fencing number*](LockGuard::fencing) tells the two apart, if the system that they write to stores it and refuses a smaller one. It is
/// greater each time that the lock is acquired, and the same where an acquisition is repeated. It goes by a counter, and is never under the
/// clock of the server in microseconds. So it is also greater after a failover or after the counter was lost, unless the new server's clock is
/// behind the last acquisition as the old one's clock had it.
///
/// # In Redis
///
/// The lock is at its key, as `SET key token NX PX lease`, with which it keeps out others who lock in that way. Give it a key that holds nothing
/// else. The counter is at `{key}fence:key`, in the same slot of a cluster, for a week after the last acquisition. An ACL has to allow both keys,
/// and `EVAL`, `GET`, `SET`, `DEL`, `PEXPIRE` and `TIME`. Redis 5 or newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock<'a> {
    key: &'a str,
    lease_ms: u64,
}

impl<'a> Lock<'a> {
    /// The lock at this key, with a lease of 10 s.
    ///
    /// # Panics
    /// If the key is empty; at compile time in a `static`.
    #[must_use]
    pub const fn new(key: &'a str) -> Self {
        assert!(!key.is_empty(), "the key of a lock must not be empty");
        Self {
            key,
            lease_ms: 10_000,
        }
    }

    /// How long the lock is held unless it is extended, in whole milliseconds. Default: 10 s. Make it a few times the connector's response
    /// timeout, or a short failure loses the lock. After a holder has died, all others wait for this long.
    ///
    /// # Panics
    /// If it is shorter than 10 ms or longer than a day; at compile time in a `static`.
    #[must_use]
    pub const fn lease(mut self, lease: Duration) -> Self {
        self.lease_ms = whole_millis(lease);
        assert!(
            self.lease_ms >= SHORTEST_MS,
            "the lease of a lock has to be at least 10 milliseconds"
        );
        assert!(
            self.lease_ms <= LONGEST_MS,
            "the lease of a lock has to be at most a day: extend it, or let `hold` do so"
        );
        self
    }

    /// The key given to [`new`](Self::new).
    #[must_use]
    pub const fn key(&self) -> &'a str {
        self.key
    }

    /// Acquires it, waiting for at most `wait` while somebody else holds it or Redis fails. The last attempt may take as long as the
    /// connector's timeouts beyond that.
    ///
    /// # Errors
    /// [`LockError::Held`] if somebody else still holds it then, [`LockError::Lost`] if the answer took longer than the lease, and the failure if
    /// Redis fails until then or for good.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timer enabled.
    ///
    /// # Cancellation
    /// Safe: what the server may have granted is released in the background, or ends with the lease.
    pub async fn acquire(&self, redis: &Connector, wait: Duration) -> RedisResult<LockGuard> {
        let attempts = Attempts::waiting_until(clock::now().checked_add(wait));
        let guard = self.claim(redis, attempts).await?;
        guard.ok_or_else(|| LockError::held(self.key))
    }

    /// Acquires it, unless somebody else holds it: `None`. A request that fails is sent up to five times.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire), but for [`LockError::Held`].
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timer enabled.
    ///
    /// # Cancellation
    /// As [`acquire`](Self::acquire).
    pub async fn try_acquire(&self, redis: &Connector) -> RedisResult<Option<LockGuard>> {
        self.claim(redis, Attempts::few()).await
    }

    /// Acquires it as [`acquire`](Self::acquire) does, and holds it while `work` runs: it is extended each third of its lease, and released
    /// in the end. When it is lost, `work` is dropped where it stands: it is not polled any more once the lease is over.
    ///
    /// Work that never ends holds it for ever: give it a timeout. Work that does not return to the runtime, such as a long computation, does not
    /// let it be extended.
    ///
    /// # Errors
    /// What `work` fails with, and what [`acquire`](Self::acquire) does. [`LockError::Lost`] if the lock was lost before `work` was done: some of
    /// it may have happened.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timer enabled.
    ///
    /// # Cancellation
    /// Drops `work`, and releases the lock in the background.
    pub async fn hold<T, E>(
        &self,
        redis: &Connector,
        wait: Duration,
        work: impl AsyncFnOnce(&LockGuard) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<RedisError>,
    {
        let guard = self.acquire(redis, wait).await?;
        let done = {
            let mut work = pin!(work(&guard));
            let mut lost = pin!(guard.lost());
            let mut kept = pin!(keep(guard.held()));
            poll_fn(|context| {
                // Before the work goes on: where the runtime comes back late, the lease may be over before its timer has fired.
                if lost.as_mut().poll(context).is_ready() || !guard.is_held() {
                    return Poll::Ready(None);
                }
                if let Poll::Ready(result) = work.as_mut().poll(context) {
                    return Poll::Ready(Some(result));
                }
                if kept.as_mut().poll(context).is_ready() {
                    Poll::Ready(None)
                } else {
                    Poll::Pending
                }
            })
            .await
        };
        let Some(result) = done else {
            return Err(LockError::lost(self.key).into());
        };
        let was_held = guard.is_held();
        let released = guard.release().await;
        let value = result?;
        match released {
            Ok(()) => Ok(value),
            Err(error) if LockError::find(&error).is_some() => Err(error.into()),
            // The lease ends it.
            Err(_) if was_held => Ok(value),
            Err(_) => Err(LockError::lost(self.key).into()),
        }
    }

    async fn claim(
        &self,
        redis: &Connector,
        mut attempts: Attempts,
    ) -> RedisResult<Option<LockGuard>> {
        let claim = Claim::new(self, redis)?;
        let answer = send(redis, &claim.held().requests.acquire, &mut attempts).await;
        match answer {
            Ok(answer) => {
                if let Some(number) = answer.number {
                    return LockGuard::new(claim, number, &answer).map(Some);
                }
                claim.settle();
                Ok(None)
            }
            Err(error) => {
                if !attempts.is_unsettled() {
                    claim.settle();
                }
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "at least 10 milliseconds")]
    fn a_lease_of_nothing_is_refused() {
        let _ = Lock::new("k").lease(Duration::from_micros(9_999));
    }

    #[test]
    #[should_panic(expected = "at most a day")]
    fn a_lease_for_ever_is_refused() {
        let _ = Lock::new("k").lease(Duration::from_millis(LONGEST_MS + 1));
    }

    #[test]
    #[should_panic(expected = "must not be empty")]
    fn a_lock_has_a_key() {
        let _ = Lock::new("");
    }
}
