//! What became of many runs.

use std::time::Duration;

use crate::stats::readable;

/// What became of one run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    /// How long the call took that was made when there was no server; `None` if it failed.
    pub(super) recovery: Option<Duration>,
    pub(super) acknowledged: usize,
    /// Acknowledged, yet not on the server that is in charge in the end.
    pub(super) lost: usize,
    /// Calls on other shards, none of which had anything to notice, and those that failed.
    pub(super) elsewhere: usize,
    pub(super) failed_elsewhere: usize,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    outcomes: Vec<Outcome>,
}

impl Tally {
    /// What stands above the [`figures`](Self::figures).
    pub(super) const HEADER: &str = " runs  succeeded       min    median       max  writes acknowledged, lost  calls elsewhere, failed";

    pub(super) fn add(&mut self, outcome: Outcome) {
        self.outcomes.push(outcome);
    }

    fn sum(&self, part: impl Fn(&Outcome) -> usize) -> usize {
        self.outcomes.iter().map(part).sum()
    }

    fn recoveries(&self) -> Vec<Duration> {
        let mut recoveries: Vec<_> = self
            .outcomes
            .iter()
            .filter_map(|run| run.recovery)
            .collect();
        recoveries.sort_unstable();
        recoveries
    }

    /// Whether all calls succeeded, and nothing was lost or disturbed.
    pub(super) fn is_perfect(&self) -> bool {
        self.recoveries().len() == self.outcomes.len()
            && self.sum(|run| run.lost + run.failed_elsewhere) == 0
    }

    /// As wide as the [`HEADER`](Self::HEADER).
    pub(super) fn figures(&self) -> String {
        let recoveries = self.recoveries();
        let middle = recoveries.get(recoveries.len() / 2).copied();
        let [min, median, max] = [
            recoveries.first().copied(),
            middle,
            recoveries.last().copied(),
        ]
        .map(readable);
        let elsewhere = match self.sum(|run| run.elsewhere) {
            0 => "-".to_owned(),
            calls => format!("{calls}, {}", self.sum(|run| run.failed_elsewhere)),
        };
        let writes = format!(
            "{}, {}",
            self.sum(|run| run.acknowledged),
            self.sum(|run| run.lost)
        );
        format!(
            "{:>5}{:>11}{min:>10}{median:>10}{max:>10}{writes:>27}{elsewhere:>25}",
            self.outcomes.len(),
            recoveries.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Outcome = Outcome {
        recovery: Some(Duration::from_millis(1_500)),
        acknowledged: 10,
        lost: 0,
        elsewhere: 100,
        failed_elsewhere: 0,
    };

    #[test]
    fn one_blemish_in_any_run_is_told() {
        let mut tally = Tally::default();
        tally.add(GOOD);
        assert!(tally.is_perfect());
        for blemish in [
            Outcome {
                recovery: None,
                ..GOOD
            },
            Outcome { lost: 1, ..GOOD },
            Outcome {
                failed_elsewhere: 1,
                ..GOOD
            },
        ] {
            let mut tally = Tally::default();
            tally.add(GOOD);
            tally.add(blemish);
            assert!(!tally.is_perfect(), "{blemish:?}");
        }
    }

    #[test]
    fn the_figures_are_as_wide_as_the_header() {
        let mut tally = Tally::default();
        for ms in [2_000, 1_000, 3_000] {
            tally.add(Outcome {
                recovery: Some(Duration::from_millis(ms)),
                lost: 1,
                ..GOOD
            });
        }
        let figures = tally.figures();
        assert_eq!(figures.len(), Tally::HEADER.len());
        let words: Vec<_> = figures.split_whitespace().collect();
        let expected = "3 3 1.00 s 2.00 s 3.00 s 30, 3 300, 0";
        assert_eq!(words.join(" "), expected);
    }
}
