//! How many commands may wait in one server at once.

use std::error::Error;
use std::fmt;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis::{RedisError, RedisResult};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use redis_resilient_runtime::__seam::saturated;
use redis_resilient_runtime::Rejection;

/// Those who wait look by themselves so often: the one that was told may be a future that nobody polls.
pub(super) const LOOK: Duration = Duration::from_millis(20);

#[derive(Debug, Default)]
pub(super) struct Limit {
    inside: AtomicUsize,
    /// Told of each place that becomes free.
    freed: Notify,
}

/// Leave to have one dedicated connection; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<Limit>);

impl Limit {
    /// A place among so many, as soon as one is free.
    pub(super) async fn enter(self: &Arc<Self>, most: usize, wait: Duration) -> RedisResult<Place> {
        if let Some(place) = self.try_enter(most) {
            return Ok(place);
        }
        let end = Instant::now().checked_add(wait);
        let entered = async {
            loop {
                let freed = pin!(self.freed.notified());
                // Either way it is looked at again.
                let _ = timeout(LOOK, freed).await;
                if let Some(place) = self.try_enter(most) {
                    return place;
                }
            }
        };
        match end {
            Some(end) => timeout_at(end, entered)
                .await
                .map_err(|_| crowded(most, wait)),
            None => Ok(entered.await),
        }
    }

    fn try_enter(self: &Arc<Self>, most: usize) -> Option<Place> {
        let enter = |inside| (inside < most).then_some(inside + 1);
        let entered = self
            .inside
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, enter);
        entered.is_ok().then(|| Place(self.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::Relaxed);
        self.0.freed.notify_one();
    }
}

/// No place has become free in time.
#[derive(Debug)]
struct Crowded {
    rejection: Rejection,
    most: usize,
    waited: Duration,
}

impl fmt::Display for Crowded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { most, waited, .. } = self;
        write!(
            f,
            "{most} commands wait in the server already, which is the limit, and none of them has ended within {waited:?}: \
             ConnectorBuilder::waiting_connections raises it"
        )
    }
}

impl Error for Crowded {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.rejection)
    }
}

fn crowded(most: usize, waited: Duration) -> RedisError {
    let limit = u32::try_from(most).unwrap_or(u32::MAX);
    let rejection = saturated("waiting_connections", limit);
    let crowded = Crowded {
        rejection,
        most,
        waited,
    };
    // The kind for which redis-rs itself says "do not retry".
    io::Error::new(io::ErrorKind::Unsupported, crowded).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use redis_resilient_runtime::Class;

    const SOON: Duration = Duration::from_millis(10);

    #[tokio::test(start_paused = true)]
    async fn a_place_that_is_given_back_goes_to_one_who_waits() -> RedisResult<()> {
        let limit = Arc::new(Limit::default());
        let first = limit.enter(1, SOON).await?;
        let second = tokio::spawn({
            let limit = limit.clone();
            async move { limit.enter(1, SOON).await }
        });
        tokio::task::yield_now().await;
        drop(first);
        second.await.expect("no panic")?;
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_wake_up_that_nobody_polls_for_is_not_waited_for() -> RedisResult<()> {
        let limit = Arc::new(Limit::default());
        let place = limit.enter(1, SOON).await?;
        let mut unpolled = Box::pin(limit.enter(1, Duration::from_secs(1)));
        let polled = std::future::poll_fn(|context| {
            std::task::Poll::Ready(unpolled.as_mut().poll(context).is_pending())
        });
        assert!(polled.await);
        drop(place);
        limit.enter(1, LOOK * 2).await?;
        drop(unpolled);
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_one_is_no_failure_of_redis() {
        let limit = Arc::new(Limit::default());
        let _place = limit.enter(1, SOON).await;
        let error = limit.enter(1, SOON).await.expect_err("it is full");
        assert_eq!(Class::of(&error), Class::Rejected);
        assert!(matches!(
            Rejection::find(&error),
            Some(Rejection::Saturated { limit: 1, .. })
        ));
        assert!(error.to_string().contains("waiting_connections"), "{error}");
        assert!(matches!(error.retry_method(), redis::RetryMethod::NoRetry));
    }
}
