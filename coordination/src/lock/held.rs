//! A token that may hold a lock in the server, until that is settled.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::{RedisError, RedisResult};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::attempts::Attempts;
use super::lease::Lease;
use super::request::{Answer, Requests, send};
use super::{Lock, LockError};
use redis_resilient_connection::__seam::switching::{Follower, follow, switches};
use redis_resilient_connection::Connector;
use redis_resilient_runtime::__seam::clock;

/// What a guard and the task that keeps its lock alive share.
pub(super) struct Held {
    redis: Connector,
    key: String,
    length: Duration,
    pub(super) requests: Requests,
    lease: watch::Sender<Lease>,
    /// How often the connector had gone to another database when it was granted last.
    switches: AtomicU64,
}

/// Without the token.
impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("key", &self.key)
            .field("lease", &*self.lease.borrow())
            .finish_non_exhaustive()
    }
}

impl Held {
    pub(super) fn lost(&self) -> RedisError {
        LockError::lost(&self.key)
    }

    pub(super) fn lease(&self) -> Lease {
        *self.lease.borrow()
    }

    pub(super) fn watch(&self) -> watch::Receiver<Lease> {
        self.lease.subscribe()
    }

    pub(super) fn is_held(&self) -> bool {
        self.lease().is_held(clock::now())
    }

    /// The server that was asked has granted it.
    pub(super) fn granted(&self, answer: &Answer) {
        self.switches.store(answer.switches, Ordering::Relaxed);
        self.lease
            .send_modify(|lease| *lease = self.lease_of(answer));
    }

    /// Nothing, if the connector goes to another database by now. A switch that comes later finds what is kept here, and ends it: ask it where that is locked.
    fn lease_of(&self, answer: &Answer) -> Lease {
        if switches(&self.redis) == answer.switches {
            Lease::granted(answer.sent, self.length)
        } else {
            Lease::OVER
        }
    }

    pub(super) async fn extend(&self, mut attempts: Attempts) -> RedisResult<()> {
        if !self.is_held() {
            return Err(self.lost());
        }
        let answer = send(&self.redis, &self.requests.extend, &mut attempts).await?;
        let now = clock::now();
        self.lease.send_modify(|lease| {
            let granted = answer.number.map(|_| self.lease_of(&answer));
            *lease = lease.extended(granted, now);
        });
        if self.lease().is_held(now) {
            Ok(())
        } else {
            Err(self.lost())
        }
    }

    /// Whether it was still ours.
    pub(super) async fn release(&self) -> RedisResult<bool> {
        let mut attempts = Attempts::few();
        let answer = send(&self.redis, &self.requests.release, &mut attempts).await?;
        let is_here = answer.switches == self.switches.load(Ordering::Relaxed);
        Ok(is_here && answer.is_ours(&attempts, self.lease()))
    }
}

/// The lock is in the former database, if it is anywhere.
impl Follower for Held {
    fn switched(&self, _: &RedisError) {
        self.lease.send_replace(Lease::OVER);
    }
}

/// Extends the lock each third of its lease, until it is lost.
pub(super) async fn keep(held: Arc<Held>) {
    while held.is_held() {
        tokio::time::sleep(held.length / 3).await;
        // What fails until the lease ends has lost it; what fails for good is tried again after another third.
        let _ = held.extend(Attempts::until(held.lease().until())).await;
    }
}

/// Whoever has this may hold the lock; when it is dropped, what the server may know of it is taken back in the background.
#[derive(Debug)]
pub(super) struct Claim {
    held: Arc<Held>,
    runtime: Handle,
    is_settled: bool,
}

impl Claim {
    pub(super) fn new(lock: &Lock<'_>, redis: &Connector) -> RedisResult<Self> {
        let held = Held {
            redis: redis.clone(),
            key: lock.key.to_owned(),
            length: Duration::from_millis(lock.lease_ms),
            requests: Requests::new(lock)?,
            lease: watch::Sender::new(Lease::OVER),
            switches: AtomicU64::new(0),
        };
        let held = Arc::new(held);
        follow(redis, &held);
        Ok(Self {
            held,
            runtime: Handle::current(),
            is_settled: false,
        })
    }

    pub(super) const fn held(&self) -> &Arc<Held> {
        &self.held
    }

    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.runtime.spawn(task)
    }

    /// There is nothing in the server to take back.
    pub(super) fn settle(mut self) {
        self.is_settled = true;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.held.lease.send_replace(Lease::OVER);
        if self.is_settled {
            return;
        }
        let held = self.held.clone();
        // On a runtime that has ended, nothing happens.
        self.runtime.spawn(async move {
            let end = clock::now().checked_add(held.length);
            let mut attempts = Attempts::until(end);
            let _ = send(&held.redis, &held.requests.release, &mut attempts).await;
        });
    }
}
