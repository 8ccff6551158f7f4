//! The last good values of one function, by key. Bounded in entries; how many bytes a value takes is not known without encoding it.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use redis_resilient_runtime::__seam::clock::{Instant, now};

/// The most that are kept for each function. Slightly more for a moment: evicting lags behind.
const MOST: u64 = 10_000;

/// Longer than programs run, and the longest that the map takes.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 86_400);

/// The same, whatever a value can do.
pub(super) trait Remembers<T>: Send + Sync {
    fn keep(&self, key: &str, value: &T);
    /// And how old it is.
    fn get(&self, key: &str) -> Option<(T, Duration)>;
}

pub(super) struct Last<T> {
    kept: Cache<Arc<str>, Kept<T>>,
    /// How old one may be.
    stale: Duration,
}

struct Kept<T> {
    value: Arc<T>,
    seen: Instant,
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self {
            value: self.value.clone(),
            seen: self.seen,
        }
    }
}

impl<T: Clone + Send + Sync + 'static> Last<T> {
    pub(super) fn new(stale: Duration) -> Self {
        let kept = Cache::builder()
            .max_capacity(MOST)
            .time_to_live(stale.min(FOR_EVER))
            .build();
        Self { kept, stale }
    }
}

impl<T: Clone + Send + Sync + 'static> Remembers<T> for Last<T> {
    fn keep(&self, key: &str, value: &T) {
        let kept = Kept {
            value: Arc::new(value.clone()),
            seen: now(),
        };
        self.kept.insert(key.into(), kept);
    }

    fn get(&self, key: &str) -> Option<(T, Duration)> {
        let Kept { value, seen } = self.kept.get(key)?;
        let age = now().saturating_duration_since(seen);
        (age <= self.stale).then(|| (T::clone(&value), age))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_value_is_there_until_it_is_too_old() {
        let last = Last::new(Duration::from_secs(60));
        last.keep("a", &1);
        last.keep("a", &2);
        assert_eq!(last.get("a"), Some((2, Duration::ZERO)));
        assert_eq!(last.get("b"), None);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(last.get("a"), Some((2, Duration::from_secs(60))));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(last.get("a"), None);
    }

    #[test]
    fn there_are_no_more_than_the_bound_says() {
        let last = Last::new(Duration::MAX);
        for key in 0..2 * MOST {
            last.keep(&key.to_string(), &key);
        }
        last.kept.run_pending_tasks();
        assert!(last.kept.entry_count() <= MOST);
    }
}
