//! What becomes of an entry. Pure.

use std::time::Duration;

use redis_resilient_runtime::__seam::backoff_delay;
use redis_resilient_runtime::Backoff;

use super::failure::Failure;

/// What the server has of an entry that this consumer has in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is delivered to this consumer.
    Ours,
    /// Another consumer has taken it over.
    Taken,
    /// It is acknowledged, or a dead letter.
    Done,
    /// The group was lost and has not come so far again: it will be delivered once more.
    Again,
    /// It was trimmed, or its stream is another one now: nobody but this consumer has it.
    OnlyHere,
    /// It is neither pending nor in the stream. It is done and was trimmed after that, or was trimmed and others have tidied up.
    Vanished,
}

impl Standing {
    /// As the scripts say it.
    pub(super) const fn of(number: i64) -> Option<Self> {
        Some(match number {
            1 => Self::Ours,
            2 => Self::Taken,
            3 => Self::Done,
            4 => Self::Again,
            5 => Self::OnlyHere,
            6 => Self::Vanished,
            _ => return None,
        })
    }

    /// Whether an attempt may begin; otherwise it is somebody else's.
    pub(super) const fn may_begin(self) -> bool {
        matches!(self, Self::Ours | Self::OnlyHere | Self::Vanished)
    }

    /// Whether it can neither be acknowledged nor handed back, and would be lost if it were not handled here. What has vanished may be done: rather
    /// once too often.
    pub(super) const fn is_only_here(self) -> bool {
        matches!(self, Self::OnlyHere | Self::Vanished)
    }
}

/// What is done with an entry that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// This consumer has handled it: the server does not know yet, or not any more.
    Acknowledge,
    /// So many attempts have ended without a word.
    Dead,
    Handle,
}

/// An entry of which so many attempts have begun.
pub(super) const fn arrived(begun: u32, max_deliveries: u32, was_handled: bool) -> Arrival {
    if was_handled {
        Arrival::Acknowledge
    } else if begun >= max_deliveries {
        Arrival::Dead
    } else {
        Arrival::Handle
    }
}

/// Whether the next attempt is made with no other beside it. If the last ones have ended without a word, this entry may be what kills processes, and
/// those that are handled beside it are charged with an attempt each time.
///
/// The first such end may be anybody's. The last attempt is made alone in any case, unless it is the only one.
pub(super) const fn is_alone(ended_without_a_word: u32, max_deliveries: u32) -> bool {
    ended_without_a_word >= 2 || (ended_without_a_word == 1 && max_deliveries == 2)
}

/// What follows from an attempt that has failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Retry(Duration),
    DeadLetter,
}

/// After attempt number `attempt` (from 1), before which the pause was `previous`.
pub(super) fn failed(
    failure: &Failure,
    attempt: u32,
    max_deliveries: u32,
    backoff: &Backoff,
    previous: Duration,
    random: u32,
) -> Verdict {
    if failure.is_final() || attempt >= max_deliveries {
        return Verdict::DeadLetter;
    }
    Verdict::Retry(backoff_delay(backoff, attempt, previous, random))
}

/// How many more entries are read. Those that rest before a retry take no room, until there are as many of them as of others at most.
pub(super) const fn room(concurrency: u32, prefetch: u32, in_hand: usize, resting: usize) -> usize {
    let most = concurrency.saturating_add(prefetch) as usize;
    let of_active = most.saturating_sub(in_hand.saturating_sub(resting));
    let of_all = most.saturating_mul(2).saturating_sub(in_hand);
    if of_active < of_all {
        of_active
    } else {
        of_all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn an_entry_that_was_delivered_too_often_is_not_handled_again() {
        assert_eq!(arrived(0, 1, false), Arrival::Handle);
        assert_eq!(arrived(4, 5, false), Arrival::Handle);
        assert_eq!(arrived(5, 5, false), Arrival::Dead);
        assert_eq!(arrived(u32::MAX, 5, false), Arrival::Dead);
        assert_eq!(arrived(5, 5, true), Arrival::Acknowledge);
        assert_eq!(arrived(1, 5, true), Arrival::Acknowledge);
    }

    #[test]
    fn what_may_kill_processes_is_handled_alone() {
        assert!(!is_alone(0, 5));
        assert!(!is_alone(1, 5));
        assert!(is_alone(2, 5));
        assert!(is_alone(1, 2));
        assert!(!is_alone(0, 1));
    }

    #[test]
    fn a_failure_is_retried_until_there_were_enough() {
        let backoff = Backoff::fixed(MS(70)).jitter(redis_resilient_runtime::Jitter::None);
        let after = |failure: &str, attempt| {
            let failure = Failure::from(failure);
            failed(&failure, attempt, 3, &backoff, MS(0), 0)
        };
        assert_eq!(after("no", 1), Verdict::Retry(MS(70)));
        assert_eq!(after("no", 2), Verdict::Retry(MS(70)));
        assert_eq!(after("no", 3), Verdict::DeadLetter);
        let never = Failure::dead_letter("cannot ever work");
        assert_eq!(
            failed(&never, 1, 3, &backoff, MS(0), 0),
            Verdict::DeadLetter
        );
    }

    #[test]
    fn those_that_rest_do_not_keep_others_out_for_a_while() {
        assert_eq!(room(4, 0, 0, 0), 4);
        assert_eq!(room(4, 2, 3, 0), 3);
        assert_eq!(room(4, 0, 4, 0), 0);
        assert_eq!(room(4, 0, 4, 3), 3);
        assert_eq!(room(4, 0, 7, 7), 1);
        assert_eq!(room(4, 0, 8, 8), 0);
        assert_eq!(room(4, 0, 9, 0), 0);
        assert_eq!(room(u32::MAX, u32::MAX, 0, 0), u32::MAX as usize);
    }

    #[test]
    fn only_what_is_ours_begins() {
        let begin = |number| Standing::of(number).map(Standing::may_begin);
        let all = [1, 2, 3, 4, 5, 6].map(begin);
        let expected = [true, false, false, false, true, true];
        assert_eq!(all, expected.map(Some));
        assert_eq!(Standing::of(7), None);
    }
}
