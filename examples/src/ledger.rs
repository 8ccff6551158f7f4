//! The orders that the callers know of, against those that the servers have.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::schedule::Span;

/// What the callers know.
#[derive(Debug)]
pub(crate) struct Ledger {
    start: Instant,
    placed: AtomicUsize,
    acknowledged: Mutex<Vec<Acknowledged>>,
}

#[derive(Clone, Copy, Debug)]
struct Acknowledged {
    order: u32,
    at: Duration,
}

impl Ledger {
    /// Times are told since `start`.
    pub(crate) fn new(start: Instant) -> Self {
        Self {
            start,
            placed: AtomicUsize::new(0),
            acknowledged: Mutex::default(),
        }
    }

    pub(crate) fn place(&self) {
        self.placed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn acknowledge(&self, order: u32) {
        let at = self.start.elapsed();
        self.lock().push(Acknowledged { order, at });
    }

    /// Against what there is on the servers.
    pub(crate) fn compare(&self, on_servers: &[u32]) -> Orders {
        compare(
            self.placed.load(Ordering::Relaxed),
            &self.lock(),
            on_servers,
        )
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Acknowledged>> {
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Orders {
    pub(crate) placed: usize,
    pub(crate) acknowledged: usize,
    /// On the servers more than once.
    pub(crate) doubled: usize,
    /// Acknowledged, yet not on the servers: when they were acknowledged.
    lost: Vec<Duration>,
    /// On the servers, although the caller got an error: Redis had the command when the caller stopped waiting.
    pub(crate) unreported: usize,
}

fn compare(placed: usize, acknowledged: &[Acknowledged], on_servers: &[u32]) -> Orders {
    let mut times = HashMap::new();
    for order in on_servers {
        *times.entry(*order).or_insert(0) += 1;
    }
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|known| !times.contains_key(&known.order))
        .map(|known| known.at)
        .collect();
    Orders {
        placed,
        acknowledged: acknowledged.len(),
        doubled: times.values().filter(|&&times| times > 1).count(),
        unreported: (times.len() + lost.len()).saturating_sub(acknowledged.len()),
        lost,
    }
}

impl Orders {
    pub(crate) fn lost(&self) -> usize {
        self.lost.len()
    }

    /// Those of the lost ones that Redis itself lost. It answers first and tells its replicas then, a few microseconds later:
    /// what a primary acknowledges in the instant in which it dies, no other one has.
    pub(crate) fn lost_by_redis(&self, spans: &[Span]) -> usize {
        // Before any other server could be the primary, with some time for the caller to be told.
        let (before, after) = (Duration::from_millis(50), Duration::from_millis(400));
        let outages = spans.iter().filter(|span| span.phase.is_outage());
        let in_an_instant = |at: &&Duration| {
            outages
                .clone()
                .any(|span| (span.from.saturating_sub(before)..span.from + after).contains(*at))
        };
        self.lost.iter().filter(in_an_instant).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Kind, Phase};

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn acknowledged(orders: &[(u32, u64)]) -> Vec<Acknowledged> {
        let known = |&(order, ms)| Acknowledged { order, at: MS(ms) };
        orders.iter().map(known).collect()
    }

    #[test]
    fn orders_are_compared_one_by_one() {
        let known = acknowledged(&[(1, 0), (2, 0), (3, 0), (4, 0)]);
        let orders = compare(9, &known, &[7, 7, 3, 2, 1, 8]);
        assert_eq!((orders.placed, orders.acknowledged), (9, 4));
        assert_eq!(orders.doubled, 1, "7");
        assert_eq!(orders.lost(), 1, "4");
        assert_eq!(orders.unreported, 2, "7 and 8");
    }

    #[test]
    fn redis_loses_only_what_it_acknowledges_as_it_dies() {
        let known = acknowledged(&[(1, 1_900), (2, 1_990), (3, 2_010), (4, 3_000)]);
        let killed = Span {
            phase: Phase {
                name: "killed",
                meaning: "",
                kind: Kind::Outage,
            },
            from: MS(2_000),
            to: MS(5_000),
        };
        let calm = Span {
            phase: Phase {
                kind: Kind::Calm,
                ..killed.phase
            },
            from: MS(3_000),
            ..killed
        };
        let orders = compare(4, &known, &[]);
        assert_eq!(
            (orders.lost(), orders.lost_by_redis(&[killed, calm])),
            (4, 2)
        );
    }
}
