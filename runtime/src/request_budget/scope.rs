//! The budget itself, and what runs within it.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::clock::{self, Instant};

/// So much is as good as for ever, and no clock overflows by it.
const FAR: Duration = Duration::from_secs(86_400 * 365 * 30);

/// Nobody looks further while there has never been a budget. Nothing is published through it.
static IN_USE: AtomicBool = AtomicBool::new(false);

thread_local! {
    static CURRENT: Cell<Option<RequestBudget>> = const { Cell::new(None) };
}

/// Time that all annotated functions and [policies](crate::Policy) of one request share, from now on.
///
/// While it runs out, each of them has as its deadline the shorter one of its own and what is left: pauses that would not fit are not begun, attempts of async
/// functions are cut off. When it is used up, calls end at once with [`Rejection::RequestBudgetExceeded`](crate::Rejection::RequestBudgetExceeded),
/// or with their fallback. The fallback itself is not cut off, as with `deadline`.
///
/// ```
/// use redis_resilient::{RequestBudget, redis_resilient};
/// use std::time::Duration;
///
/// # #[derive(Clone)] struct Redis;
/// # impl Redis { async fn get(&self, _: &str) -> redis::RedisResult<u64> { Ok(1) } }
/// #[redis_resilient]
/// async fn count(redis: &Redis, of: &str) -> redis::RedisResult<u64> {
///     redis.get(of).await
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> redis::RedisResult<()> {
/// # let redis = Redis;
/// let sum = RequestBudget::new(Duration::from_millis(800))
///     .scope(async { Ok::<_, redis::RedisError>(count(&redis, "visits").await? + count(&redis, "orders").await?) })
///     .await?;
/// # assert_eq!(sum, 2);
/// # Ok(())
/// # }
/// ```
///
/// Of two that are one in the other the one counts that ends first. A task or thread that is started within is not part of the request, and has no budget,
/// unless it is given it:
///
/// ```no_run
/// # use redis_resilient::RequestBudget;
/// # async fn warm_up() {}
/// # fn count() -> u64 { 1 }
/// # async fn request() {
/// if let Some(budget) = RequestBudget::current() {
///     tokio::spawn(budget.scope(warm_up()));
///     tokio::task::spawn_blocking(move || budget.run(count));
/// }
/// # }
/// ```
///
/// # What the breaker is told
///
/// An attempt that the budget cuts off is a failure as any other one, but for one that had less than a tenth of what its own `timeout` or `deadline` allow:
/// that says nothing about Redis, and counts for nothing.
///
/// # Caches
///
/// A cached function, and a `Cache`, do not ask Redis when it is used up, and do not wait longer than is left for Redis, for the load, or for the load of
/// another caller. They give a stale value where there is one, and else the error; where the error type has no `From<RedisError>`, and in a `Cache` without
/// a `limit`, they have none to give, and wait for the load. A load in a task of its own (`background`) goes on.
///
/// # What it does not limit
///
/// Code without the attribute: also the commands of a `Connector` outside of an annotated function. They have times of their own (`connect_timeout`,
/// `response_timeout`), and no place in their errors for a function's name; `tokio::time::timeout(budget.left(), …)` is around them where that is too
/// long. The body of a sync function, which cannot be cut off; that of an async one with `timeout = false, breaker = false`, once it
/// has begun; and all of it while the [kill switch](crate::kill_switch) is engaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "nothing is limited outside of `scope` and `run`"]
pub struct RequestBudget {
    total: Duration,
    end: Instant,
}

impl RequestBudget {
    /// So much time, from now on.
    pub fn new(total: Duration) -> Self {
        IN_USE.store(true, Ordering::Relaxed);
        Self {
            total,
            end: clock::now() + total.min(FAR),
        }
    }

    /// The one that what runs here is in; `None`: there is none.
    #[must_use]
    pub fn current() -> Option<Self> {
        current()
    }

    /// How much there was at the beginning.
    #[must_use]
    pub const fn total(self) -> Duration {
        self.total
    }

    /// How much is left, for calls of your own: `tokio::time::timeout(budget.left(), query)`.
    #[must_use]
    pub fn left(self) -> Duration {
        self.left_at(clock::now())
    }

    pub(crate) fn left_at(self, now: Instant) -> Duration {
        self.end.saturating_duration_since(now)
    }

    /// All calls of this future share it.
    pub const fn scope<F: Future>(self, future: F) -> WithinBudget<F> {
        WithinBudget {
            budget: self,
            future,
        }
    }

    /// All calls of this closure share it, on this thread: for code that blocks.
    ///
    /// ```
    /// # use redis_resilient::RequestBudget;
    /// # use std::time::Duration;
    /// let left = RequestBudget::new(Duration::from_secs(2))
    ///     .run(|| RequestBudget::current().map(RequestBudget::left));
    /// assert!(left.is_some_and(|left| left <= Duration::from_secs(2)));
    /// assert_eq!(RequestBudget::current(), None);
    /// ```
    pub fn run<T>(self, work: impl FnOnce() -> T) -> T {
        let _entered = self.enter();
        work()
    }

    fn enter(self) -> Entered {
        let outer = CURRENT.get();
        let inner = match outer {
            Some(outer) if outer.end <= self.end => outer,
            _ => self,
        };
        CURRENT.set(Some(inner));
        Entered(outer)
    }
}

/// Ends what has been entered, by a panic too.
struct Entered(Option<RequestBudget>);

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

pin_project! {
    /// A future whose calls share a [`RequestBudget`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct WithinBudget<F> {
        budget: RequestBudget,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for WithinBudget<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.budget.enter();
        this.future.poll(cx)
    }
}

/// Whether there has ever been one.
#[inline]
pub(crate) fn is_in_use() -> bool {
    IN_USE.load(Ordering::Relaxed)
}

/// That of the request which runs on this thread.
#[inline]
pub(crate) fn current() -> Option<RequestBudget> {
    CURRENT.get()
}
