//! How circuits have changed, for those who come to look when it is over.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, Once, PoisonError};

use redis_resilient_runtime::event::CircuitChanged;
use redis_resilient_runtime::{Event, observe};
use serde::Serialize;

use crate::health::{state, unix_ms};

/// So many changes of one breaker are kept.
const KEPT: usize = 32;

/// So long ago is shown, with the state before that.
const SHOWN_MS: u64 = 10 * 60 * 1_000;

/// A circuit changed its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    /// In milliseconds since 1970.
    at_ms: u64,
    to: &'static str,
}

/// By the names of the breakers: namesakes share one.
pub(crate) type Changes = BTreeMap<&'static str, Vec<Change>>;

static CHANGES: Mutex<BTreeMap<&'static str, VecDeque<Change>>> = Mutex::new(BTreeMap::new());

/// From now on changes are kept. Again it does nothing.
pub(crate) fn begin() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        observe(|event: &Event<'_>| {
            if let Event::CircuitChanged(changed) = event {
                keep(changed);
            }
        });
    });
}

fn keep(changed: &CircuitChanged<'_>) {
    let mut all = CHANGES.lock().unwrap_or_else(PoisonError::into_inner);
    let of_breaker = all.entry(changed.breaker).or_default();
    if of_breaker.len() == KEPT {
        of_breaker.pop_front();
    }
    of_breaker.push_back(Change {
        at_ms: unix_ms(),
        to: state(changed.to),
    });
}

pub(crate) fn changes() -> Changes {
    let from_ms = unix_ms().saturating_sub(SHOWN_MS);
    let changes = CHANGES.lock().unwrap_or_else(PoisonError::into_inner);
    let shown = |(name, all): (&&'static str, &VecDeque<Change>)| (*name, since(from_ms, all));
    changes.iter().map(shown).collect()
}

/// Those after that time, and the last one before it, which says how it was then.
fn since(from_ms: u64, all: &VecDeque<Change>) -> Vec<Change> {
    let before = all.iter().rposition(|change| change.at_ms < from_ms);
    all.iter().skip(before.unwrap_or(0)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use redis_resilient_runtime::Breaker;

    #[test]
    fn the_last_changes_of_each_breaker_are_kept() {
        let breaker = Breaker::new("timeline");
        begin();
        begin();
        for _ in 0..KEPT {
            breaker.force_open(None);
            breaker.reset();
        }
        breaker.disable();
        let changes = &changes()["timeline"];
        assert_eq!(changes.len(), KEPT);
        let last: Vec<_> = changes
            .iter()
            .rev()
            .map(|change| change.to)
            .take(3)
            .collect();
        assert_eq!(last, ["disabled", "closed", "forced_open"]);
    }

    #[test]
    fn what_is_long_ago_is_not_shown_but_for_the_state_that_it_has_left() {
        let change = |at_ms| Change { at_ms, to: "open" };
        let all: VecDeque<_> = [1, 2, 3, 4].map(change).into();
        assert_eq!(since(3, &all), [2, 3, 4].map(change));
        assert_eq!(since(0, &all), [1, 2, 3, 4].map(change));
        assert_eq!(since(9, &all), [change(4)]);
        assert_eq!(since(9, &VecDeque::new()), []);
    }
}
