//! The same for synchronous code.

use std::fmt;
use std::time::Duration;

use redis::{RedisError, RedisResult};

use super::attempts::Attempts;
use super::lease::Lease;
use super::request::{Answer, Request, Requests, send_blocking};
use super::{Lock, LockError};
use redis_resilient_runtime::__seam::clock;

use redis_resilient_connection::__seam::switching::switches;
use redis_resilient_connection::{BlockingConnection, Connector};

/// Nobody does it in the background: until a connection that was lost is there again.
const RELEASE: Duration = Duration::from_secs(1);

impl Lock<'_> {
    /// As [`acquire`](Self::acquire), by blocking the thread: not for asynchronous code.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire).
    pub fn acquire_blocking(
        &self,
        redis: &Connector,
        wait: Duration,
    ) -> RedisResult<BlockingLockGuard> {
        let attempts = Attempts::waiting_until(clock::now().checked_add(wait));
        let guard = BlockingLockGuard::acquire(self, redis, attempts)?;
        guard.ok_or_else(|| LockError::held(self.key))
    }

    /// As [`try_acquire`](Self::try_acquire), by blocking the thread: not for asynchronous code.
    ///
    /// # Errors
    /// As [`try_acquire`](Self::try_acquire).
    pub fn try_acquire_blocking(
        &self,
        redis: &Connector,
    ) -> RedisResult<Option<BlockingLockGuard>> {
        BlockingLockGuard::acquire(self, redis, Attempts::few())
    }
}

/// Holds a [`Lock`] in synchronous code, and a connection with it. What is said of [`LockGuard`](super::LockGuard) holds for it too.
///
/// Nothing extends it by itself, and nobody tells it that it was lost: ask [`is_held`](Self::is_held) before each write.
///
/// When it is dropped, the lock is released over its connection, which takes no longer than the response timeout (in a cluster it may have to
/// connect as well); if that fails, the lock ends with its lease.
#[must_use = "the lock is released when this is dropped: keep it in a variable, `let guard = …`"]
pub struct BlockingLockGuard {
    redis: Connector,
    connection: Option<BlockingConnection>,
    key: String,
    length: Duration,
    requests: Requests,
    lease: Lease,
    /// How often the connector had gone to another database when it was granted last.
    switches: u64,
    fencing: u64,
    is_settled: bool,
}

impl BlockingLockGuard {
    fn acquire(
        lock: &Lock<'_>,
        redis: &Connector,
        mut attempts: Attempts,
    ) -> RedisResult<Option<Self>> {
        let mut guard = Self {
            redis: redis.clone(),
            connection: None,
            key: lock.key.to_owned(),
            length: Duration::from_millis(lock.lease_ms),
            requests: Requests::new(lock)?,
            lease: Lease::OVER,
            switches: 0,
            fencing: 0,
            is_settled: false,
        };
        let sent = guard.send(|requests| &requests.acquire, &mut attempts);
        let answer = sent.inspect_err(|_| guard.is_settled = !attempts.is_unsettled())?;
        let Some(number) = answer.number else {
            guard.is_settled = true;
            return Ok(None);
        };
        guard.fencing = number;
        guard.lease = Lease::granted(answer.sent, guard.length);
        guard.switches = answer.switches;
        if guard.is_held() {
            Ok(Some(guard))
        } else {
            Err(guard.lost())
        }
    }

    /// Whether the lock is surely held now, by this machine's clock and what the server has said last.
    #[must_use]
    pub fn is_held(&self) -> bool {
        !self.remaining().is_zero()
    }

    /// How long the lock is surely held unless it is extended; zero when it is lost.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        if self.switches != switches(&self.redis) {
            // It is in another database, if it is anywhere.
            return Duration::ZERO;
        }
        self.lease.remaining(clock::now())
    }

    /// As [`LockGuard::fencing`](super::LockGuard::fencing).
    #[must_use]
    pub const fn fencing(&self) -> u64 {
        self.fencing
    }

    /// As [`LockGuard::extend`](super::LockGuard::extend).
    ///
    /// # Errors
    /// As [`LockGuard::extend`](super::LockGuard::extend).
    pub fn extend(&mut self) -> RedisResult<()> {
        if !self.is_held() {
            return Err(self.lost());
        }
        let answer = self.send(|requests| &requests.extend, &mut Attempts::few())?;
        let granted = answer
            .number
            .map(|_| Lease::granted(answer.sent, self.length));
        self.lease = self.lease.extended(granted, clock::now());
        if self.is_held() {
            Ok(())
        } else {
            Err(self.lost())
        }
    }

    /// Releases it. A request that fails is sent again for a second.
    ///
    /// # Errors
    /// As [`LockGuard::release`](super::LockGuard::release).
    pub fn release(mut self) -> RedisResult<()> {
        let mut attempts = Attempts::until(clock::now().checked_add(RELEASE));
        let answer = self.send(|requests| &requests.release, &mut attempts)?;
        self.is_settled = true;
        if self.switches == answer.switches && answer.is_ours(&attempts, self.lease) {
            Ok(())
        } else {
            Err(self.lost())
        }
    }

    fn send(
        &mut self,
        request: impl FnOnce(&Requests) -> &Request,
        attempts: &mut Attempts,
    ) -> RedisResult<Answer> {
        let request = request(&self.requests);
        send_blocking(&self.redis, &mut self.connection, request, attempts)
    }

    fn lost(&self) -> RedisError {
        LockError::lost(&self.key)
    }
}

/// Without the token.
impl fmt::Debug for BlockingLockGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingLockGuard")
            .field("key", &self.key)
            .field("lease", &self.lease)
            .field("fencing", &self.fencing)
            .finish_non_exhaustive()
    }
}

impl Drop for BlockingLockGuard {
    fn drop(&mut self) {
        if let (false, Some(connection)) = (self.is_settled, &mut self.connection) {
            connection.send_at_once(self.requests.release.command());
        }
    }
}
