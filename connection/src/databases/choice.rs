//! Which database is the present one, and which is to be next.

use redis_resilient_runtime::event::SwitchReason;

/// How long to wait before going back, and how long to stay.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// For so long a database has to be well before it is trusted again.
    pub(crate) grace_ms: u64,
    /// For so long one is stayed with, unless another has not failed lately.
    pub(crate) stay_ms: u64,
}

/// What is known of the databases, and which is the present one.
#[derive(Debug)]
pub(crate) struct Choice {
    rules: Rules,
    databases: Vec<Candidate>,
    present: usize,
    /// When it became that.
    since_ms: u64,
    /// An operator has said so.
    by_hand: bool,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    weight: u32,
    is_well: bool,
    /// Nobody is to be sent there, whatever it answers.
    is_barred: bool,
    /// When it became what it is.
    since_ms: u64,
    has_failed: bool,
}

impl Candidate {
    const fn is_good(&self) -> bool {
        self.is_well && !self.is_barred
    }

    /// From when on it is trusted; at once, if it has never failed.
    const fn trusted_from_ms(&self, rules: Rules) -> u64 {
        if self.has_failed {
            self.since_ms.saturating_add(rules.grace_ms)
        } else {
            0
        }
    }
}

impl Choice {
    /// The heaviest is the present one; the first of several. All are taken to be well until something else is known.
    pub(crate) fn new(weights: &[u32], rules: Rules, now_ms: u64) -> Self {
        let databases = weights.iter().map(|&weight| Candidate {
            weight,
            is_well: true,
            is_barred: false,
            since_ms: now_ms,
            has_failed: false,
        });
        let mut choice = Self {
            rules,
            databases: databases.collect(),
            present: 0,
            since_ms: now_ms,
            by_hand: false,
        };
        choice.present = choice.heaviest(|_| true).unwrap_or(0);
        choice
    }

    pub(crate) const fn present(&self) -> usize {
        self.present
    }

    pub(crate) const fn is_by_hand(&self) -> bool {
        self.by_hand
    }

    pub(crate) fn is_well(&self, database: usize) -> bool {
        self.databases[database].is_good()
    }

    /// For how long it has been well, or has not.
    pub(crate) fn unchanged_ms(&self, database: usize, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.databases[database].since_ms)
    }

    /// What has been found out about one. Whether that is news.
    pub(crate) fn becomes(&mut self, database: usize, is_well: bool, now_ms: u64) -> bool {
        let candidate = &mut self.databases[database];
        if candidate.is_well == is_well {
            return false;
        }
        (candidate.is_well, candidate.since_ms) = (is_well, now_ms);
        candidate.has_failed = true;
        true
    }

    /// Whether somebody has forbidden it. Whether that is news.
    pub(crate) fn bars(&mut self, database: usize, is_barred: bool, now_ms: u64) -> bool {
        let candidate = &mut self.databases[database];
        if candidate.is_barred == is_barred {
            return false;
        }
        (candidate.is_barred, candidate.since_ms) = (is_barred, now_ms);
        candidate.has_failed = true;
        true
    }

    /// Where to go now, and why; `None`: nowhere.
    pub(crate) fn next(&self, now_ms: u64) -> Option<(usize, SwitchReason)> {
        let has_stayed = now_ms >= self.since_ms.saturating_add(self.rules.stay_ms);
        let is_trusted = |candidate: &Candidate| now_ms >= candidate.trusted_from_ms(self.rules);
        let present = &self.databases[self.present];
        if present.is_good() {
            if self.by_hand || !has_stayed {
                return None;
            }
            let better = self.heaviest(|candidate| {
                candidate.is_good() && is_trusted(candidate) && candidate.weight > present.weight
            });
            return better.map(|to| (to, SwitchReason::Failback));
        }
        let trusted = self.heaviest(|candidate| candidate.is_good() && is_trusted(candidate));
        let other = trusted.or_else(|| {
            let any = self.heaviest(Candidate::is_good);
            any.filter(|_| has_stayed)
        });
        other.map(|to| (to, SwitchReason::Unhealthy))
    }

    /// When [`next`](Self::next) may say something else than now, with nothing new about any database; `None`: never.
    pub(crate) fn due_ms(&self, now_ms: u64) -> Option<u64> {
        let good = self
            .databases
            .iter()
            .filter(|candidate| candidate.is_good());
        let trusted = good.map(|candidate| candidate.trusted_from_ms(self.rules));
        let stayed = self.since_ms.saturating_add(self.rules.stay_ms);
        trusted
            .chain([stayed])
            .filter(|&at_ms| at_ms > now_ms)
            .min()
    }

    /// This one is the present one from now on.
    pub(crate) const fn goes_to(&mut self, database: usize, by_hand: bool, now_ms: u64) {
        self.present = database;
        self.since_ms = now_ms;
        self.by_hand = by_hand;
    }

    /// Nothing that was found out about it before counts: an operator knows better.
    pub(crate) fn is_given_a_chance(&mut self, database: usize, now_ms: u64) {
        let candidate = &mut self.databases[database];
        if !candidate.is_well {
            (candidate.is_well, candidate.since_ms) = (true, now_ms);
        }
    }

    /// An operator has chosen what is the present one already.
    pub(crate) const fn stays_by_hand(&mut self) {
        self.by_hand = true;
    }

    /// For how long the present one has been that.
    pub(crate) const fn stayed_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.since_ms)
    }

    /// An operator leaves it to the rules again.
    pub(crate) const fn is_left_to_the_rules(&mut self) {
        self.by_hand = false;
    }

    fn heaviest(&self, is_fit: impl Fn(&Candidate) -> bool) -> Option<usize> {
        let all = self.databases.iter().enumerate();
        let fit = all.filter(|(_, candidate)| is_fit(candidate));
        // The first of several of the same weight.
        fit.rev()
            .max_by_key(|(_, candidate)| candidate.weight)
            .map(|(place, _)| place)
    }
}

#[cfg(test)]
mod tests {
    use SwitchReason::{Failback, Unhealthy};

    use super::*;

    const RULES: Rules = Rules {
        grace_ms: 60_000,
        stay_ms: 5_000,
    };

    /// A heavy one and a light one.
    fn two() -> Choice {
        Choice::new(&[2, 1], RULES, 0)
    }

    /// Follows its own advice.
    fn follow(choice: &mut Choice, now_ms: u64) -> Option<SwitchReason> {
        let (to, why) = choice.next(now_ms)?;
        choice.goes_to(to, false, now_ms);
        assert_eq!(choice.next(now_ms), None, "one switch at a time");
        Some(why)
    }

    #[test]
    fn the_heaviest_is_first_and_the_first_of_several() {
        assert_eq!(Choice::new(&[1, 3, 3], RULES, 0).present(), 1);
        assert_eq!(Choice::new(&[1, 1], RULES, 0).present(), 0);
    }

    #[test]
    fn one_that_fails_is_left_at_once_for_the_heaviest_that_is_well() {
        let mut choice = Choice::new(&[3, 1, 2], RULES, 0);
        assert_eq!(choice.next(10), None);
        assert!(choice.becomes(0, false, 10));
        assert!(!choice.becomes(0, false, 11), "it is known");
        assert_eq!(choice.next(10), Some((2, Unhealthy)));
    }

    #[test]
    fn a_heavier_one_is_gone_back_to_after_the_grace_period_and_no_sooner() {
        let mut choice = two();
        choice.becomes(0, false, 1_000);
        assert_eq!(follow(&mut choice, 1_000), Some(Unhealthy));
        choice.becomes(0, true, 2_000);
        assert_eq!(choice.next(61_999), None);
        assert_eq!(choice.due_ms(7_000), Some(62_000));
        assert_eq!(choice.next(62_000), Some((0, Failback)));
    }

    #[test]
    fn a_failure_begins_the_grace_period_anew() {
        let mut choice = two();
        choice.becomes(0, false, 0);
        follow(&mut choice, 0);
        choice.becomes(0, true, 1_000);
        choice.becomes(0, false, 50_000);
        choice.becomes(0, true, 51_000);
        assert_eq!(choice.next(110_999), None);
        assert_eq!(choice.next(111_000), Some((0, Failback)));
    }

    #[test]
    fn one_that_flaps_is_left_once() {
        let mut choice = two();
        let mut switches = 0;
        for second in 0..600 {
            let now_ms = second * 1_000;
            choice.becomes(0, second % 2 == 0, now_ms);
            switches += u32::from(follow(&mut choice, now_ms).is_some());
        }
        assert_eq!((switches, choice.present()), (1, 1));
    }

    /// Whenever one is well, the other is not.
    #[test]
    fn two_that_flap_in_turn_are_left_once_in_a_stay() {
        let mut choice = two();
        let mut switches = 0;
        for second in 0..600 {
            let now_ms = second * 1_000;
            choice.becomes(0, second % 2 == 0, now_ms);
            choice.becomes(1, second % 2 == 1, now_ms);
            switches += u32::from(follow(&mut choice, now_ms).is_some());
        }
        assert!((2..=121).contains(&switches), "{switches}");
    }

    #[test]
    fn where_none_is_well_nobody_goes_anywhere_and_the_first_that_returns_is_gone_to() {
        let mut choice = two();
        choice.becomes(1, false, 0);
        choice.becomes(0, false, 100);
        assert_eq!(choice.next(1_000_000), None);
        choice.becomes(1, true, 1_000_000);
        assert_eq!(choice.next(1_000_000), Some((1, Unhealthy)));
    }

    #[test]
    fn one_that_has_failed_lately_is_gone_to_after_the_stay() {
        let mut choice = two();
        choice.becomes(0, false, 0);
        follow(&mut choice, 0);
        choice.becomes(0, true, 500);
        choice.becomes(1, false, 1_000);
        assert_eq!(choice.next(4_999), None);
        assert_eq!(choice.due_ms(1_000), Some(5_000));
        assert_eq!(choice.next(5_000), Some((0, Unhealthy)));
    }

    #[test]
    fn what_an_operator_has_chosen_is_kept_until_it_fails() {
        let mut choice = two();
        choice.is_given_a_chance(1, 0);
        choice.goes_to(1, true, 0);
        assert_eq!(choice.next(1_000_000), None, "the heavier one is well");
        choice.is_left_to_the_rules();
        assert_eq!(choice.next(1_000_000), Some((0, Failback)));
        choice.goes_to(1, true, 1_000_000);
        choice.becomes(1, false, 1_000_001);
        assert_eq!(choice.next(1_000_001), Some((0, Unhealthy)));
    }

    #[test]
    fn an_operator_is_obeyed_where_a_database_was_given_up() {
        let mut choice = two();
        choice.becomes(1, false, 0);
        choice.is_given_a_chance(1, 10);
        choice.goes_to(1, true, 10);
        assert_eq!(
            choice.next(10),
            None,
            "what was known before does not count"
        );
        choice.becomes(1, false, 500);
        assert_eq!(
            choice.next(500),
            Some((0, Unhealthy)),
            "what is found now does"
        );
    }

    #[test]
    fn one_that_is_barred_is_left_and_not_gone_to() {
        let mut choice = two();
        assert!(choice.bars(0, true, 10));
        assert_eq!(follow(&mut choice, 10), Some(Unhealthy));
        assert!(choice.bars(0, false, 20));
        assert_eq!(choice.next(60_019), None);
        assert_eq!(choice.next(60_020), Some((0, Failback)));
    }
}
