//! What became of many runs.

use std::time::{Duration, Instant};

use redis::RedisResult;

use crate::stats::readable;

/// How long a call took that was made when there was no server, or when and why it failed.
pub(super) type Recovery = Result<Duration, String>;

/// Makes it.
pub(super) fn timed<T>(call: impl FnOnce() -> RedisResult<T>) -> Recovery {
    let begun = Instant::now();
    match call() {
        Ok(_) => Ok(begun.elapsed()),
        Err(error) => {
            let after = readable(Some(begun.elapsed()));
            Err(format!("after {after}: {error}"))
        }
    }
}

/// What became of one run.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) recovery: Recovery,
    pub(super) acknowledged: usize,
    /// Acknowledged, yet not on the server that is in charge in the end.
    pub(super) lost: usize,
    /// Calls on other shards, none of which had anything to notice.
    pub(super) elsewhere: usize,
    /// Why some of them failed all the same.
    pub(super) failed_elsewhere: Vec<String>,
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
            .filter_map(|run| run.recovery.clone().ok())
            .collect();
        recoveries.sort_unstable();
        recoveries
    }

    /// Why calls failed, in which run.
    pub(super) fn failures(&self) -> impl Iterator<Item = String> {
        let runs = self.outcomes.iter().zip(1..);
        runs.flat_map(|(outcome, run)| {
            let failed = outcome.recovery.as_ref().err();
            let failed = failed.map(|why| format!("run {run} failed {why}"));
            let elsewhere = outcome.failed_elsewhere.iter();
            failed
                .into_iter()
                .chain(elsewhere.map(move |why| format!("run {run}, elsewhere: {why}")))
        })
    }

    /// Whether all calls succeeded, and nothing was lost or disturbed.
    pub(super) fn is_perfect(&self) -> bool {
        self.recoveries().len() == self.outcomes.len()
            && self.sum(|run| run.lost + run.failed_elsewhere.len()) == 0
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
            calls => format!("{calls}, {}", self.sum(|run| run.failed_elsewhere.len())),
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
        recovery: Ok(Duration::from_millis(1_500)),
        acknowledged: 10,
        lost: 0,
        elsewhere: 100,
        failed_elsewhere: Vec::new(),
    };

    #[test]
    fn one_blemish_in_any_run_is_told() {
        let mut tally = Tally::default();
        tally.add(GOOD);
        assert!(tally.is_perfect());
        for blemish in [
            Outcome {
                recovery: Err("after 5 s".to_owned()),
                ..GOOD
            },
            Outcome { lost: 1, ..GOOD },
            Outcome {
                failed_elsewhere: vec!["timed out".to_owned()],
                ..GOOD
            },
        ] {
            let mut tally = Tally::default();
            tally.add(GOOD);
            tally.add(blemish);
            assert!(!tally.is_perfect());
        }
    }

    #[test]
    fn the_figures_are_as_wide_as_the_header() {
        let mut tally = Tally::default();
        for ms in [2_000, 1_000, 3_000] {
            tally.add(Outcome {
                recovery: Ok(Duration::from_millis(ms)),
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
