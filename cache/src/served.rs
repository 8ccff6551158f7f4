//! From where a value was served, and how the caller gets to know it.

use std::cell::Cell;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

/// From where a value was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Served {
    /// From the memory of this process, where it is kept for a short time.
    Near,
    /// From Redis.
    Redis,
    /// The function was run, by this call or another one for all who waited.
    Loaded,
    /// A value whose time is over, for the function failed, took too long, or is refreshing it.
    #[non_exhaustive]
    Stale {
        /// How long its time has been over. Zero if it is not: Redis alone could say whether the value was changed.
        overdue: Duration,
    },
}

thread_local! {
    /// What the call that is polled now has been served from.
    static LAST: Cell<Option<Served>> = const { Cell::new(None) };
}

/// A call has been served from there.
pub(crate) fn note(served: Served) {
    LAST.set(Some(served));
}

/// Of two, the one that is further from what the primary store has, or has cost more.
pub(crate) fn worse(one: Option<Served>, other: Served) -> Option<Served> {
    let rank = |served| match served {
        Served::Near => (0, Duration::ZERO),
        Served::Redis => (1, Duration::ZERO),
        Served::Loaded => (2, Duration::ZERO),
        Served::Stale { overdue } => (3, overdue),
    };
    one.filter(|one| rank(*one) > rank(other)).or(Some(other))
}

/// Runs a call, and tells from where the value was served; `None` if it has asked no cache. Where several were asked, the last that answered.
///
/// ```no_run
/// # use redis_resilient::cache::{self, Served};
/// # async fn user(id: u64) -> redis::RedisResult<String> { Ok(id.to_string()) }
/// # async fn run() -> redis::RedisResult<()> {
/// let (user, served) = cache::served(user(7)).await;
/// if let Some(Served::Stale { overdue, .. }) = served {
///     println!("{} (as of {overdue:?} ago)", user?);
/// }
/// # Ok(())
/// # }
/// ```
pub async fn served<F: Future>(call: F) -> (F::Output, Option<Served>) {
    Listening {
        call: pin!(call),
        heard: None,
    }
    .await
}

/// As [`served`], in synchronous code.
pub fn served_blocking<T>(call: impl FnOnce() -> T) -> (T, Option<Served>) {
    let outer = Outer(LAST.take());
    let value = call();
    let heard = LAST.take();
    drop(outer);
    (value, heard)
}

/// What was there before, put back even if the call panics.
struct Outer(Option<Served>);

impl Drop for Outer {
    fn drop(&mut self) {
        LAST.set(self.0);
    }
}

/// A call whose notes are taken out of the thread after each poll: the next may be on another thread.
struct Listening<'a, F> {
    call: Pin<&'a mut F>,
    heard: Option<Served>,
}

impl<F: Future> Future for Listening<'_, F> {
    type Output = (F::Output, Option<Served>);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let (polled, heard) = served_blocking(|| this.call.as_mut().poll(context));
        this.heard = heard.or(this.heard);
        polled.map(|output| (output, this.heard))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_is_told_its_own_and_not_anothers() {
        let one = served(async {
            note(Served::Redis);
            tokio::task::yield_now().await;
            1
        });
        let other = served(async {
            tokio::task::yield_now().await;
            2
        });
        assert_eq!(
            tokio::join!(one, other),
            ((1, Some(Served::Redis)), (2, None))
        );
        assert_eq!(LAST.get(), None);
    }

    #[test]
    fn a_call_within_a_call_is_told_apart() {
        let ((inner, heard_within), heard) = served_blocking(|| {
            note(Served::Near);
            served_blocking(|| note(Served::Loaded))
        });
        assert_eq!(
            (inner, heard_within, heard),
            ((), Some(Served::Loaded), Some(Served::Near))
        );
    }
}
