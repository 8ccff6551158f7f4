//! A retry budget as a pure function: one word, the time in, one word out.
//!
//! The word is zero for a full budget, so that a `static` one starts full:
//!
//! | bits | |
//! |---|---|
//! | 0..24 | what has been spent and not yet come back, in thousandths of a token |
//! | 24..64 | when it was looked at last, in milliseconds; enough for 34 years |
//!
//! `per_second` tokens per second are as many thousandths per millisecond: nothing is lost to rounding, however often it is looked at.

/// One token, in the unit of the word.
const TOKEN: u64 = 1000;
/// The bucket holds what comes in this time.
const WINDOW_MS: u64 = 10_000;
const SPENT_BITS: u32 = 24;
const SPENT_MASK: u64 = (1 << SPENT_BITS) - 1;
const MAX_TIME_MS: u64 = u64::MAX >> SPENT_BITS;

pub(crate) const MAX_PERCENT: u32 = 100;
pub(crate) const MAX_PER_SECOND: u32 = 1000;

// The emptiest bucket has to fit.
const _: () = assert!(MAX_PER_SECOND as u64 * WINDOW_MS <= SPENT_MASK);

/// What comes into the bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rate {
    /// With the first retry that a call asks for, in thousandths of a token.
    per_call: u64,
    /// With each millisecond, in thousandths of a token; so the number of tokens per second.
    per_ms: u64,
}

impl Rate {
    pub(super) const DEFAULT: Self = Self::new(20, 10);

    /// The numbers have been checked.
    pub(crate) const fn new(percent: u32, per_second: u32) -> Self {
        Self {
            per_call: percent as u64 * TOKEN / 100,
            per_ms: per_second as u64,
        }
    }

    const fn capacity(&self) -> u64 {
        self.per_ms * WINDOW_MS
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Account {
    spent: u64,
    at_ms: u64,
}

impl Account {
    pub(super) const FULL: Self = Self { spent: 0, at_ms: 0 };

    pub(super) const fn from_bits(bits: u64) -> Self {
        Self {
            spent: bits & SPENT_MASK,
            at_ms: bits >> SPENT_BITS,
        }
    }

    pub(super) const fn bits(self) -> u64 {
        self.at_ms << SPENT_BITS | self.spent
    }

    /// The account after a call has asked for a retry, and whether there was enough for it.
    pub(super) fn retry(self, rate: &Rate, first: bool, now_ms: u64) -> (Self, bool) {
        let current = self.at(rate, now_ms);
        let brought = if first { rate.per_call } else { 0 };
        let spent = current.spent.saturating_sub(brought);
        let paid = spent + TOKEN <= rate.capacity();
        let spent = if paid { spent + TOKEN } else { spent };
        (Self { spent, ..current }, paid)
    }

    /// Whole tokens that are there.
    pub(super) fn tokens(self, rate: &Rate, now_ms: u64) -> u32 {
        let left = rate.capacity().saturating_sub(self.at(rate, now_ms).spent);
        u32::try_from(left / TOKEN).unwrap_or(u32::MAX)
    }

    /// With what has come since it was looked at last.
    fn at(self, rate: &Rate, now_ms: u64) -> Self {
        let now_ms = now_ms.min(MAX_TIME_MS);
        let elapsed = now_ms.saturating_sub(self.at_ms);
        // Threads are a little apart. A time that is further back than the bucket looks is of another clock, such as a paused one.
        let is_other_clock = now_ms.saturating_add(WINDOW_MS) < self.at_ms;
        Self {
            spent: self
                .spent
                .saturating_sub(rate.per_ms.saturating_mul(elapsed)),
            at_ms: if is_other_clock {
                now_ms
            } else {
                now_ms.max(self.at_ms)
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate::DEFAULT;
    const EMPTY: Account = Account {
        spent: RATE.capacity(),
        at_ms: 1_000_000,
    };

    /// How many of `asked` further retries are paid for at this time.
    fn paid(account: &mut Account, rate: &Rate, asked: u32, now_ms: u64) -> u32 {
        (0..asked)
            .map(|_| {
                let (next, paid) = account.retry(rate, false, now_ms);
                *account = next;
                u32::from(paid)
            })
            .sum()
    }

    #[test]
    fn a_word_of_zero_is_full() {
        assert_eq!(Account::FULL.bits(), 0);
        for now_ms in [0, 1, 86_400_000, u64::MAX] {
            assert_eq!(
                paid(&mut Account::from_bits(0), &RATE, 1000, now_ms),
                100,
                "{now_ms}"
            );
        }
    }

    #[test]
    fn every_account_is_its_word() {
        for spent in [0, 1, RATE.capacity(), SPENT_MASK] {
            for at_ms in [0, 1, MAX_TIME_MS] {
                let account = Account { spent, at_ms };
                assert_eq!(Account::from_bits(account.bits()), account);
            }
        }
    }

    #[test]
    fn the_reserve_comes_with_time_and_ends_at_the_cap() {
        for (later_ms, expected) in [
            (0, 0),
            (99, 0),
            (100, 1),
            (1_000, 10),
            (9_999, 99),
            (10_000, 100),
            (10_001, 100),
            (u64::MAX, 100),
        ] {
            let now_ms = EMPTY.at_ms.saturating_add(later_ms);
            assert_eq!(
                paid(&mut EMPTY.clone(), &RATE, 1000, now_ms),
                expected,
                "{later_ms}"
            );
        }
    }

    #[cfg(not(miri))]
    #[test]
    fn nothing_is_lost_by_looking_often() {
        for per_second in [1, 3, 7, 999, 1000] {
            let rate = Rate::new(0, per_second);
            let mut account = Account {
                spent: rate.capacity(),
                at_ms: 0,
            };
            let paid: u32 = (1..=5_000)
                .map(|now_ms| paid(&mut account, &rate, 2, now_ms))
                .sum();
            assert_eq!(paid, 5 * per_second);
        }
    }

    #[test]
    fn each_fifth_call_that_fails_brings_a_retry() {
        let mut account = EMPTY;
        let paid: Vec<bool> = (0..10)
            .map(|_| {
                let (next, paid) = account.retry(&RATE, true, EMPTY.at_ms);
                account = next;
                paid
            })
            .collect();
        let fifth = [false, false, false, false, true];
        assert_eq!(paid, [fifth, fifth].concat());
    }

    #[test]
    fn a_clock_that_goes_back_brings_nothing_and_does_not_stop_it() {
        let mut account = EMPTY;
        // A little: another thread's.
        assert_eq!(paid(&mut account, &RATE, 9, EMPTY.at_ms - 5), 0);
        assert_eq!(account.at_ms, EMPTY.at_ms);
        assert_eq!(paid(&mut account, &RATE, 9, EMPTY.at_ms + 99), 0);
        assert_eq!(paid(&mut account, &RATE, 9, EMPTY.at_ms + 100), 1);
        // Far: another clock, which goes on from there.
        assert_eq!(paid(&mut account, &RATE, 9, 7), 0);
        assert_eq!(paid(&mut account, &RATE, 9, 107), 1);
        assert_eq!(paid(&mut account, &RATE, 9, 0), 0);
        // The edge.
        assert_eq!(EMPTY.at(&RATE, EMPTY.at_ms - WINDOW_MS).at_ms, EMPTY.at_ms);
        assert_eq!(
            EMPTY.at(&RATE, EMPTY.at_ms - WINDOW_MS - 1).at_ms,
            EMPTY.at_ms - WINDOW_MS - 1
        );
    }

    #[test]
    fn it_never_holds_more_than_its_cap_nor_less_than_nothing() {
        for rate in [
            RATE,
            Rate::new(0, 1),
            Rate::new(100, 1000),
            Rate::new(100, 1),
        ] {
            let mut account = Account::FULL;
            let mut random = fastrand::Rng::with_seed(7);
            for _ in 0..if cfg!(miri) { 100 } else { 20_000 } {
                let now_ms = match random.u8(..8) {
                    0 => 0,
                    1 => u64::MAX,
                    2 => random.u64(..),
                    _ => account.at_ms.saturating_add(random.u64(..300)),
                };
                let (next, paid) = account.retry(&rate, random.bool(), now_ms);
                assert!(next.spent <= rate.capacity());
                assert!(!paid || next.spent >= TOKEN.min(rate.capacity()));
                assert_eq!(Account::from_bits(next.bits()), next);
                account = next;
            }
        }
    }

    #[cfg(not(miri))]
    #[test]
    fn an_outage_gets_what_the_budget_allows() {
        // 10 000 calls in 20 s, each with three retries to make.
        const CALLS: u64 = 10_000;
        const LENGTH_MS: u64 = 20_000;
        let mut account = Account::FULL;
        let mut retries = 0;
        for call in 0..CALLS {
            let now_ms = 1_000_000 + call * LENGTH_MS / CALLS;
            for retry in 0..3 {
                let (next, paid) = account.retry(&RATE, retry == 0, now_ms);
                account = next;
                if !paid {
                    break;
                }
                retries += 1;
            }
        }
        let allowed = 100 + 10 * LENGTH_MS / 1000 + CALLS / 5;
        assert!(retries <= allowed, "{retries} of {allowed}");
        // And not much less: it is a limit, not a switch.
        assert!(retries >= allowed - 5, "{retries} of {allowed}");
    }
}
