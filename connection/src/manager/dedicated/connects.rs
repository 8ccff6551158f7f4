//! Who may connect now. Pure: time comes in as an argument.

use std::time::Duration;

use redis::RedisError;

use crate::manager::failed::Failed;

/// So many connects at the same time, as long as none fails: a burst is served quickly, and a server that refuses is not asked by all of it.
const FEW: usize = 4;
/// Each that succeeds lets one more go beside the others, up to this many: for servers that are far away.
const MANY: usize = 16;

/// The connects that are under way, and the failure of the last one.
#[derive(Debug)]
pub(super) struct Connects {
    failed: Option<Failed>,
    /// How many have failed, ever.
    failures: u64,
    /// Until when each of them is waited for: a runtime that stands still must not keep its turn.
    under_way: Vec<u64>,
    at_once: usize,
}

/// Leave to connect once.
#[derive(Debug)]
pub(super) struct Turn {
    failed: Option<Failed>,
    failures: u64,
    until_ms: u64,
}

/// What somebody is told who wants to connect.
#[derive(Debug)]
pub(super) enum Answer {
    Connect(Turn),
    /// Others do, and it goes well.
    Wait,
    /// The last one failed: it is too early for the next one, or somebody else has begun it.
    Fail(RedisError),
}

impl Default for Connects {
    fn default() -> Self {
        Self {
            failed: None,
            failures: 0,
            under_way: Vec::new(),
            at_once: FEW,
        }
    }
}

impl Connects {
    pub(super) fn take(&mut self, now_ms: u64, until_ms: u64) -> Answer {
        if let Some(error) = self.refusal(now_ms) {
            return Answer::Fail(error);
        }
        if self.under_way.len() >= self.at_once {
            return Answer::Wait;
        }
        self.under_way.push(until_ms);
        Answer::Connect(Turn {
            failed: self.failed.clone(),
            failures: self.failures,
            until_ms,
        })
    }

    /// Why it is no use to wait for a turn.
    pub(super) fn refusal(&mut self, now_ms: u64) -> Option<RedisError> {
        self.under_way.retain(|until_ms| now_ms < *until_ms);
        let failed = self.failed.as_ref()?;
        if self.under_way.is_empty() {
            failed.rest(now_ms)
        } else {
            Some(failed.error())
        }
    }

    pub(super) fn succeeded(&mut self, turn: &Turn) {
        self.at_once = MANY.min(self.at_once + 1);
        // Where others have failed meanwhile, the server takes some and refuses some.
        if turn.failures == self.failures {
            self.failed = None;
        }
        self.left(turn);
    }

    /// How long the rest is that follows.
    pub(super) fn failed(&mut self, turn: &Turn, error: RedisError, now_ms: u64) -> Duration {
        let failed = Failed::after(turn.failed.as_ref(), error, now_ms);
        let rest = failed.left(now_ms);
        self.failed = Some(failed);
        self.failures += 1;
        self.at_once = FEW;
        self.left(turn);
        rest
    }

    /// Whatever has become of it.
    pub(super) fn left(&mut self, turn: &Turn) {
        let mut under_way = self.under_way.iter();
        if let Some(place) = under_way.position(|until_ms| *until_ms == turn.until_ms) {
            self.under_way.swap_remove(place);
        }
        if self.under_way.is_empty() {
            self.at_once = FEW;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> RedisError {
        std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()
    }

    /// As many as may connect at this time.
    fn all(connects: &mut Connects, now_ms: u64) -> Vec<Turn> {
        let next = || match connects.take(now_ms, now_ms + 1000) {
            Answer::Connect(turn) => Some(turn),
            Answer::Wait | Answer::Fail(_) => None,
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn a_few_connect_at_the_same_time_and_more_while_it_goes_well() {
        let mut connects = Connects::default();
        let mut under_way = all(&mut connects, 0);
        assert_eq!(under_way.len(), FEW);
        assert!(matches!(connects.take(0, 1000), Answer::Wait));
        let mut most = 0;
        for _ in 0..100 {
            connects.succeeded(&under_way.pop().expect("there are some"));
            under_way.extend(all(&mut connects, 0));
            most = most.max(under_way.len());
        }
        assert_eq!(most, MANY);
        // The next burst begins with a few.
        for turn in under_way {
            connects.succeeded(&turn);
        }
        assert_eq!(all(&mut connects, 0).len(), FEW);
    }

    #[test]
    fn after_a_failure_one_connects_at_a_time_after_a_rest() {
        let mut connects = Connects::default();
        for turn in all(&mut connects, 0) {
            connects.failed(&turn, refused(), 0);
        }
        // They failed together, which counts as one.
        assert!(matches!(connects.take(12, 1000), Answer::Fail(_)));
        let mut one = all(&mut connects, 25);
        assert_eq!(one.len(), 1);
        assert!(matches!(connects.take(500, 1500), Answer::Fail(_)));
        connects.failed(&one.remove(0), refused(), 500);
        assert!(matches!(connects.take(524, 1524), Answer::Fail(_)));
        let mut one = all(&mut connects, 550);
        assert_eq!(one.len(), 1);
        connects.succeeded(&one.remove(0));
        assert_eq!(all(&mut connects, 551).len(), FEW);
    }

    #[test]
    fn a_success_beside_a_failure_does_not_undo_it() {
        let mut connects = Connects::default();
        let mut under_way = all(&mut connects, 0);
        connects.failed(&under_way.remove(0), refused(), 0);
        for turn in under_way {
            connects.succeeded(&turn);
        }
        assert!(matches!(connects.take(10, 1000), Answer::Fail(_)));
        assert_eq!(all(&mut connects, 25).len(), 1);
    }

    #[test]
    fn a_turn_that_is_never_given_back_is_over_after_a_while() {
        let mut connects = Connects::default();
        let lost = all(&mut connects, 0);
        assert!(all(&mut connects, 999).is_empty());
        assert_eq!(all(&mut connects, 1000).len(), FEW);
        for turn in lost {
            connects.left(&turn);
        }
        assert!(
            all(&mut connects, 1000).is_empty(),
            "they are nobody's by now"
        );
    }
}
