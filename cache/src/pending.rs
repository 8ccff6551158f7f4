//! Invalidations that Redis has not taken yet. They are tried until it does, or until nothing that they are about can be there any more.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::Cmd;
use redis_resilient_connection::Connector;
use redis_resilient_runtime::__seam::clock::{Instant, now};
use tokio::task::JoinSet;

use crate::lease;
use crate::way::Way;
use crate::worker;

/// How many of the keys may fail before the rest waits for the next try: in a cluster one server may be away, and the others not.
const FAILURES: u32 = 16;

/// How many are on their way to Redis at once: after an outage there may be tens of thousands, and readers load what is pending.
const AT_ONCE: usize = 64;

/// The first pause between two tries, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// The keys of one cache whose values in Redis are not to be served, with when the last of what they may hold is gone.
#[derive(Default)]
pub(crate) struct Pending {
    /// How many there are, for readers: there are none nearly always.
    count: AtomicUsize,
    keys: Mutex<Keys>,
}

#[derive(Default)]
struct Keys {
    waiting: HashMap<Arc<str>, Waiting>,
    /// How many invalidations have begun.
    begun: u64,
    /// Whether a task tries.
    is_tried: bool,
}

struct Waiting {
    until: Instant,
    /// Of the last invalidation of the key that has begun: what was sent for an older one need not have removed what this one is about.
    number: u64,
}

impl Pending {
    /// Whether what Redis has of that key is not to be served.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.len() > 0
            && self
                .keys()
                .waiting
                .get(key)
                .is_some_and(|waiting| waiting.until > now())
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// From here on, what Redis has of that key is not served, until the invalidation of this number is done.
    pub(crate) fn add(&self, key: &str, life: Duration) -> u64 {
        let mut keys = self.keys();
        keys.begun += 1;
        let number = keys.begun;
        let until = now() + life;
        keys.waiting.insert(key.into(), Waiting { until, number });
        self.count.store(keys.waiting.len(), Ordering::Release);
        number
    }

    /// Redis has taken it: a command that was sent after the invalidation of that number had begun.
    pub(crate) fn done(&self, key: &str, number: u64) {
        let mut keys = self.keys();
        if keys
            .waiting
            .get(key)
            .is_some_and(|waiting| waiting.number == number)
        {
            keys.waiting.remove(key);
        }
        self.count.store(keys.waiting.len(), Ordering::Release);
    }

    /// Whether a task tries what is pending.
    pub(crate) fn is_tried(&self) -> bool {
        self.keys().is_tried
    }

    /// Tries what is pending until nothing is.
    pub(crate) fn retry(self: &Arc<Self>, way: &Arc<Way>, tombstone: Option<Duration>) {
        {
            let mut keys = self.keys();
            if keys.is_tried || keys.waiting.is_empty() {
                return;
            }
            keys.is_tried = true;
        }
        let (pending, way) = (self.clone(), way.clone());
        worker::spawn_on_worker(async move {
            let (told, dropped) = pending.try_all(&way.connector, tombstone).await;
            way.events.settled(told, dropped);
        });
    }

    /// How many Redis was told of, and how many were dropped.
    async fn try_all(&self, connector: &Connector, tombstone: Option<Duration>) -> (u64, u64) {
        let (mut told, mut dropped) = (0, 0);
        let mut pause = PAUSES.0;
        while let Some(mut keys) = self.next(&mut dropped) {
            // Those that fail are not to be in the way of the same others each time.
            fastrand::shuffle(&mut keys);
            let mut failures = 0;
            let mut keys = keys.into_iter();
            let mut under_way = JoinSet::new();
            loop {
                while under_way.len() < AT_ONCE
                    && failures < FAILURES
                    && let Some((key, number)) = keys.next()
                {
                    under_way.spawn(try_one(connector.clone(), key, number, tombstone));
                }
                let Some(tried) = under_way.join_next().await else {
                    break;
                };
                if let Ok((key, number, true)) = tried {
                    self.done(&key, number);
                    told += 1;
                    pause = PAUSES.0;
                } else {
                    failures += 1;
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
        (told, dropped)
    }

    /// The keys to be tried; `None` ends the task.
    fn next(&self, dropped: &mut u64) -> Option<Vec<(Arc<str>, u64)>> {
        let mut keys = self.keys();
        let now = now();
        let before = keys.waiting.len();
        keys.waiting.retain(|_, waiting| waiting.until > now);
        *dropped += u64::try_from(before - keys.waiting.len()).unwrap_or(0);
        self.count.store(keys.waiting.len(), Ordering::Release);
        if keys.waiting.is_empty() {
            keys.is_tried = false;
            return None;
        }
        let numbered = keys.waiting.iter();
        Some(
            numbered
                .map(|(key, waiting)| (key.clone(), waiting.number))
                .collect(),
        )
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether Redis has taken it.
async fn try_one(
    connector: Connector,
    key: Arc<str>,
    number: u64,
    tombstone: Option<Duration>,
) -> (Arc<str>, u64, bool) {
    let connector = &connector;
    let send = |command: Cmd| async move { command.exec_async(&mut connector.get().await?).await };
    let is_done = lease::invalidate(&key, tombstone, send).await.is_ok();
    (key, number, is_done)
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pending({})", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_secs(600);

    #[test]
    fn what_was_done_for_an_older_invalidation_does_not_end_a_newer_one() {
        let pending = Pending::default();
        let older = pending.add("a", LIFE);
        let newer = pending.add("a", LIFE);
        pending.done("a", older);
        assert!(pending.has("a"));
        pending.done("a", newer);
        assert!(!pending.has("a"));
        // One that fails after a newer one was done has nothing left to do.
        pending.done("a", older);
        assert_eq!(pending.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn is_over_when_what_it_is_about_is() {
        let pending = Pending::default();
        pending.add("a", LIFE);
        tokio::time::advance(LIFE).await;
        assert!(!pending.has("a"));
        assert!(pending.next(&mut 0).is_none());
        assert_eq!(pending.len(), 0);
    }
}
