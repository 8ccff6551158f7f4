//! Who holds a lock, in asynchronous code.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use redis::RedisResult;
use tokio::task::JoinHandle;
use tokio::time::timeout_at;

use super::attempts::Attempts;
use super::held::{Claim, Held, keep};
use super::request::Answer;
use redis_resilient_runtime::__seam::clock;

/// Holds a [`Lock`](super::Lock). When it is dropped, the lock is released in the background, on the runtime that it was acquired on; if that
/// has ended or Redis fails, it ends with its lease.
///
/// What is lost stays lost: a guard that says once that it does not hold the lock never holds it again.
#[derive(Debug)]
#[must_use = "the lock is released when this is dropped: keep it in a variable, `let guard = …`"]
pub struct LockGuard {
    // Dropped in this order.
    keeper: Option<Keeper>,
    claim: Claim,
    fencing: u64,
}

impl LockGuard {
    /// Of a claim that the server has granted.
    pub(super) fn new(claim: Claim, fencing: u64, granted: &Answer) -> RedisResult<Self> {
        claim.held().granted(granted);
        if !claim.held().is_held() {
            return Err(claim.held().lost());
        }
        Ok(Self {
            keeper: None,
            claim,
            fencing,
        })
    }

    pub(super) fn held(&self) -> Arc<Held> {
        self.claim.held().clone()
    }

    /// Whether the lock is surely held now, by this machine's clock and what the server has said last.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.claim.held().is_held()
    }

    /// How long the lock is surely held unless it is extended; zero when it is lost.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.claim.held().lease().remaining(clock::now())
    }

    /// The number of this acquisition, greater than that of each before it.
    ///
    /// It is what keeps out a holder that does not know that it has lost the lock: let what is written to keep the greatest that it has seen, and
    /// refuse a write with a smaller one. It fits in an `i64`. See [`Lock`](super::Lock) for what it is worth after a failover.
    #[must_use]
    pub const fn fencing(&self) -> u64 {
        self.fencing
    }

    /// Lets the lease begin anew. A request that fails is sent up to five times.
    ///
    /// # Errors
    /// [`LockError::Lost`](super::LockError::Lost) if the lock is not held any more, and Redis's failure otherwise: then it is held until its
    /// lease ends.
    pub async fn extend(&self) -> RedisResult<()> {
        self.claim.held().extend(Attempts::few()).await
    }

    /// Has it extended each third of its lease from now on, in a task that ends with this guard.
    ///
    /// A holder that hangs keeps it for ever: this guard should not outlive what it is for.
    pub fn keep_alive(mut self) -> Self {
        if self.keeper.is_none() {
            self.keeper = Some(Keeper(self.claim.spawn(keep(self.held()))));
        }
        self
    }

    /// Until it is lost: the lease has ended, or the server said that somebody else has the lock, or nobody, or the connector has gone to another
    /// [database](redis_resilient_connection::Connector::failover). Also until it is released.
    ///
    /// ```no_run
    /// # async fn work() {}
    /// # async fn run(guard: redis_resilient::connection::LockGuard) {
    /// tokio::select! {
    ///     () = guard.lost() => println!("stop: somebody else may be at it"),
    ///     () = work() => {}
    /// }
    /// # }
    /// ```
    ///
    /// # Panics
    /// When it is awaited outside of a tokio runtime with its timer enabled.
    pub fn lost(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut lease = self.claim.held().watch();
        async move {
            loop {
                let now = *lease.borrow_and_update();
                let Some(until) = now.until().filter(|_| now.is_held(clock::now())) else {
                    return;
                };
                let mut next = pin!(timeout_at(until, lease.changed()));
                let is_released = poll_fn(|context| {
                    // Where the runtime comes back late, the lease may be over before its timer has fired.
                    if !now.is_held(clock::now()) {
                        return Poll::Ready(false);
                    }
                    let next = next.as_mut().poll(context);
                    next.map(|changed| matches!(changed, Ok(Err(_))))
                });
                if is_released.await {
                    return;
                }
            }
        }
    }

    /// Releases it. A request that fails is sent up to five times, and after that in the background.
    ///
    /// # Errors
    /// [`LockError::Lost`](super::LockError::Lost) if it was not this guard's any more: somebody else may have held it meanwhile. Redis's
    /// failure if it does not answer: then it ends with its lease.
    ///
    /// # Cancellation
    /// Goes on in the background.
    pub async fn release(mut self) -> RedisResult<()> {
        self.keeper = None;
        let is_ours = self.claim.held().release().await?;
        let lost = self.claim.held().lost();
        self.claim.settle();
        if is_ours { Ok(()) } else { Err(lost) }
    }
}

/// The task that keeps a lock alive.
#[derive(Debug)]
struct Keeper(JoinHandle<()>);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}
