//! Copies of values in this process, for the time when neither Redis nor the primary store answers. Bounded in entries and in bytes.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::Expiry;
use moka::sync::Cache;
use redis_resilient_runtime::__seam::clock::{Instant, now};

use crate::entry::Life;
use crate::freshness::Freshness;
use crate::settings::Settings;

/// The copies of one cache.
pub(crate) struct Copies {
    kept: Cache<Arc<str>, Copy>,
    /// For how long after its time one is of use.
    stale: Duration,
    /// How many there have been, of the keys of each stripe.
    invalidations: [AtomicU64; STRIPES],
}

const STRIPES: usize = 64;

/// How things stood when a read began: what it read may be kept as long as its key was not invalidated since.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    invalidations: u64,
    begun: Instant,
}

/// `PTTL` is in whole milliseconds, rounded up.
const ROUNDED: Duration = Duration::from_millis(1);

/// A value as it was last seen.
#[derive(Clone, Debug)]
pub(crate) struct Copy {
    pub(crate) payload: Arc<[u8]>,
    /// What the entry said of it.
    life: Life,
    seen: Instant,
    /// For how long it was fresh then.
    fresh: Duration,
}

impl Copies {
    /// `None` if no stale value is ever to be served.
    pub(crate) fn new(settings: &Settings) -> Option<Self> {
        if settings.stale().is_zero() {
            return None;
        }
        let stale = settings.stale();
        let (bytes, entries) = (settings.max_copied_bytes, settings.max_copies.max(1));
        // Each weighs as much as its share at least, so that the bytes bound the entries too.
        let share = u32::try_from(bytes / entries).unwrap_or(u32::MAX).max(1);
        let kept = Cache::builder()
            .max_capacity(bytes)
            .weigher(move |key: &Arc<str>, copy: &Copy| {
                u32::try_from(key.len() + copy.payload.len()).map_or(u32::MAX, |len| len.max(share))
            })
            .expire_after(Expires { stale })
            .build();
        Some(Self {
            kept,
            stale,
            invalidations: [const { AtomicU64::new(0) }; STRIPES],
        })
    }

    /// Taken before a read begins.
    pub(crate) fn ticket(&self, key: &str) -> Ticket {
        Ticket {
            invalidations: self.stripe(key).load(Ordering::Acquire),
            begun: now(),
        }
    }

    /// Keeps what Redis has said is fresh for so long, unless the key may have been invalidated since the read of it began. A copy is never fresh for longer
    /// than the entry.
    pub(crate) fn keep_read(
        &self,
        ticket: Ticket,
        key: &str,
        payload: &[u8],
        life: Life,
        fresh: Duration,
    ) {
        let fresh = fresh.saturating_sub(ROUNDED);
        self.keep_seen(ticket.begun, ticket, key, payload, life, fresh);
    }

    /// Keeps what was just loaded and is fresh for so long from now on, unless the key may have been invalidated since the load began.
    pub(crate) fn keep(
        &self,
        ticket: Ticket,
        key: &str,
        payload: &[u8],
        life: Life,
        fresh: Duration,
    ) {
        self.keep_seen(now(), ticket, key, payload, life, fresh);
    }

    fn keep_seen(
        &self,
        seen: Instant,
        ticket: Ticket,
        key: &str,
        payload: &[u8],
        life: Life,
        fresh: Duration,
    ) {
        let is_invalid = || self.stripe(key).load(Ordering::Acquire) != ticket.invalidations;
        if is_invalid() {
            return;
        }
        if let Some(copy) = self.kept.get(key)
            && copy.fresh_until() + fresh / 16 >= seen + fresh
            && copy.is_of(life, payload)
        {
            // As good as the new one: hits of a hot key write nothing.
            return;
        }
        let copy = Copy {
            payload: payload.into(),
            life,
            seen,
            fresh,
        };
        self.kept.insert(key.into(), copy);
        // One that came in between may have looked before there was anything to forget.
        if is_invalid() {
            self.kept.invalidate(key);
        }
    }

    /// The copy of that key, if it is of use, and how it stands.
    pub(crate) fn get(&self, key: &str) -> Option<(Copy, Freshness)> {
        let copy = self.kept.get(key)?;
        let freshness = copy.freshness();
        match freshness {
            Freshness::Stale(overdue) if overdue > self.stale => None,
            _ => Some((copy, freshness)),
        }
    }

    /// The copy of that key, if it is fresh, and for how long.
    pub(crate) fn fresh(&self, key: &str) -> Option<(Copy, Duration)> {
        let copy = self.kept.get(key)?;
        match copy.freshness() {
            Freshness::Fresh(Some(left)) => Some((copy, left)),
            _ => None,
        }
    }

    /// The key is invalid: its copy is gone, and none is made of what was read before.
    pub(crate) fn forget(&self, key: &str) {
        self.stripe(key).fetch_add(1, Ordering::AcqRel);
        self.kept.invalidate(key);
    }

    fn stripe(&self, key: &str) -> &AtomicU64 {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let stripe = usize::try_from(hasher.finish() % STRIPES as u64).unwrap_or(0);
        &self.invalidations[stripe]
    }
}

/// A copy goes when it is of no use any more.
struct Expires {
    stale: Duration,
}

impl Expiry<Arc<str>, Copy> for Expires {
    fn expire_after_create(
        &self,
        _: &Arc<str>,
        copy: &Copy,
        _: std::time::Instant,
    ) -> Option<Duration> {
        Some(copy.fresh + self.stale)
    }

    fn expire_after_update(
        &self,
        _: &Arc<str>,
        copy: &Copy,
        _: std::time::Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(copy.fresh + self.stale)
    }
}

impl Copy {
    /// Whether it was made of an entry like that. One that was stored later is fresh for longer than the copy says, never for less.
    pub(crate) fn is_of(&self, life: Life, payload: &[u8]) -> bool {
        self.life == life && *self.payload == *payload
    }

    fn fresh_until(&self) -> Instant {
        self.seen + self.fresh
    }

    fn freshness(&self) -> Freshness {
        let now = now();
        match self.fresh_until().checked_duration_since(now) {
            Some(left) if !left.is_zero() => Freshness::Fresh(Some(left)),
            _ => Freshness::Stale(now.saturating_duration_since(self.fresh_until())),
        }
    }
}

impl Copies {
    /// How many there are.
    pub(crate) fn entries(&self) -> u64 {
        // It counts what it has come round to.
        self.kept.run_pending_tasks();
        self.kept.entry_count()
    }
}

impl fmt::Debug for Copies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Copies")
            .field("entries", &self.kept.entry_count())
            .field("bytes", &self.kept.weighted_size())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Life = Life {
        fresh_ms: 10_000,
        stale_ms: 60_000,
    };

    fn settings() -> Settings {
        Settings::new("tests::copies", "")
            .ttl(Duration::from_secs(10))
            .stale_if_error(Duration::from_secs(60))
    }

    fn copies() -> Copies {
        Copies::new(&settings()).expect("stale values are asked for")
    }

    fn keep(copies: &Copies, key: &str, payload: &[u8]) {
        copies.keep(
            copies.ticket(key),
            key,
            payload,
            LIFE,
            Duration::from_secs(10),
        );
    }

    #[test]
    fn without_a_stale_time_there_are_none() {
        let settings = Settings::new("tests::copies", "").ttl(Duration::from_secs(10));
        assert!(Copies::new(&settings).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_copy_grows_old_and_is_of_no_use_at_last() {
        let copies = copies();
        keep(&copies, "a", b"1");
        let at = |copies: &Copies| copies.get("a").map(|(_, freshness)| freshness);
        assert_eq!(
            at(&copies),
            Some(Freshness::Fresh(Some(Duration::from_secs(10))))
        );
        tokio::time::advance(Duration::from_secs(70)).await;
        assert_eq!(at(&copies), Some(Freshness::Stale(Duration::from_secs(60))));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(at(&copies), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_newest_is_kept() {
        let copies = copies();
        let payload = |copies: &Copies| copies.get("a").map(|(copy, _)| copy.payload.to_vec());
        keep(&copies, "a", b"1");
        keep(&copies, "a", b"2");
        assert_eq!(payload(&copies).as_deref(), Some(&b"2"[..]));
        // One that is fresh for longer.
        tokio::time::advance(Duration::from_secs(5)).await;
        keep(&copies, "a", b"2");
        let freshness = copies.get("a").map(|(_, freshness)| freshness);
        assert_eq!(
            freshness,
            Some(Freshness::Fresh(Some(Duration::from_secs(10))))
        );
        copies.forget("a");
        assert_eq!(payload(&copies), None);
    }

    #[test]
    fn what_was_read_before_an_invalidation_is_not_kept_after_it() {
        let copies = copies();
        let ticket = copies.ticket("a");
        copies.forget("a");
        copies.keep(ticket, "a", b"old", LIFE, Duration::from_secs(10));
        assert!(copies.get("a").is_none());
        keep(&copies, "a", b"new");
        assert!(copies.get("a").is_some());
    }

    #[test]
    fn there_are_no_more_than_the_bounds_say() {
        for settings in [
            settings().copies(10, 1_000_000),
            settings().copies(1_000, 1_000),
        ] {
            let copies = Copies::new(&settings).expect("stale values are asked for");
            for key in 0..100 {
                keep(&copies, &format!("key {key}"), &[b'x'; 90]);
            }
            copies.kept.run_pending_tasks();
            assert!(
                copies.kept.entry_count() <= 10,
                "{}",
                copies.kept.entry_count()
            );
        }
    }
}
