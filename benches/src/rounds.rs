//! Times that can be compared on a machine that others use too: all scenarios of a group take turns, many times over.

use std::time::{Duration, Instant};

use crate::{Scenario, Shared, together};

/// Nanoseconds per call, over all rounds.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Half of the rounds were faster.
    pub median: f64,
    /// The fastest round.
    pub min: f64,
}

/// How long one turn takes, about.
const TURN: Duration = Duration::from_micros(300);

impl Times {
    /// Of rounds, in any order. There has to be one.
    #[must_use]
    pub fn of(mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        Self {
            median: rounds.get(rounds.len() / 2).copied().unwrap_or(f64::NAN),
            min: rounds.first().copied().unwrap_or(f64::NAN),
        }
    }
}

/// Runs the scenarios in turns, so many each.
#[must_use]
pub fn times(scenarios: &[Scenario], rounds: usize) -> Vec<Times> {
    let calls: Vec<u64> = scenarios
        .iter()
        .map(|scenario| {
            (scenario.prepare)();
            calls_in_a_turn(scenario.run)
        })
        .collect();
    let mut taken = vec![Vec::with_capacity(rounds); scenarios.len()];
    for _ in 0..rounds {
        for (at, scenario) in scenarios.iter().enumerate() {
            taken[at].push(nanos_per_call(timed(scenario.run, calls[at]), calls[at]));
        }
    }
    taken.into_iter().map(Times::of).collect()
}

/// What one thread takes, and what two take when they make the same calls at the same time.
///
/// Rounds of one and of two take turns. One in which the threads were not at it together for nine tenths of the time is left out.
#[must_use]
pub fn times_together(shared: &Shared, rounds: usize) -> (Times, Times, usize) {
    let calls = calls_in_a_turn(shared.run);
    let (mut alone, mut both) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        alone.extend(nanos_of(&together::<1>(shared.run, calls), calls));
        both.extend(nanos_of(&together::<2>(shared.run, calls), calls));
    }
    let counted = both.len() / 2;
    (Times::of(alone), Times::of(both), counted)
}

/// Of each thread, or of none where they were not at it together.
fn nanos_of(spans: &[(Instant, Instant)], calls: u64) -> Vec<f64> {
    let first_end = spans.iter().map(|span| span.1).min();
    let last_start = spans.iter().map(|span| span.0).max();
    let longest = spans.iter().map(|span| span.1 - span.0).max();
    let (Some(end), Some(start), Some(longest)) = (first_end, last_start, longest) else {
        return Vec::new();
    };
    if end.saturating_duration_since(start) < longest.mul_f64(0.9) {
        return Vec::new();
    }
    spans
        .iter()
        .map(|span| nanos_per_call(span.1 - span.0, calls))
        .collect()
}

fn calls_in_a_turn(run: fn(u64)) -> u64 {
    let mut calls = 64;
    while timed(run, calls) < TURN {
        calls *= 2;
    }
    calls
}

/// How long so many calls take.
#[must_use]
pub fn timed(run: fn(u64), calls: u64) -> Duration {
    let start = Instant::now();
    run(calls);
    start.elapsed()
}

#[allow(clippy::cast_precision_loss)]
fn nanos_per_call(taken: Duration, calls: u64) -> f64 {
    taken.as_nanos() as f64 / calls as f64
}
