//! A walk over every state that a breaker with few callers can reach.

use std::collections::{HashMap, VecDeque};

use super::tests::after;
use super::*;
use crate::breaker::settings::Verdict;
use crate::breaker::trip_rule::TripRule;

/// A state of the whole system: the word, the clock, and the permits that are out, by the word each was given under.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct System {
    word: PackedState,
    now_ms: u64,
    permits: Vec<(u64, bool)>,
}

const START_MS: u64 = 100;

impl System {
    fn start() -> Self {
        Self {
            word: PackedState::from_bits(0),
            now_ms: START_MS,
            permits: Vec::new(),
        }
    }

    fn successors(&self, settings: &Settings, callers: usize, until_ms: u64) -> Vec<Self> {
        let mut next = Vec::new();
        if self.now_ms < until_ms {
            next.push(Self {
                now_ms: self.now_ms + 1,
                ..self.clone()
            });
        }
        if self.permits.len() < callers {
            let admitted = match self
                .word
                .admit(settings, self.now_ms, settings.probe_lease_ms)
            {
                Answer::Pass => Some(self.word),
                Answer::Probe(word) => Some(word),
                Answer::Reject { .. } => None,
            };
            if let Some(word) = admitted {
                let mut state = Self {
                    word,
                    ..self.clone()
                };
                state.permits.push((word.generation(), word.is_half_open()));
                next.push(state);
            }
        }
        for index in 0..self.permits.len() {
            for outcome in [Outcome::Success, Outcome::Failure, Outcome::Neutral] {
                let mut state = self.clone();
                let (generation, is_probe) = state.permits.remove(index);
                // Only a probe that is dropped has something to give back.
                if outcome != Outcome::Neutral || is_probe {
                    state.word = after(self.word, generation, outcome, settings, self.now_ms);
                }
                next.push(state);
            }
        }
        for state in &mut next {
            state.permits.sort_unstable();
        }
        next
    }

    fn check_step_to(&self, next: &Self, settings: &Settings) {
        assert!(
            next.word.generation() >= self.word.generation(),
            "{self:?} -> {next:?}"
        );
        let (from, to) = (self.word.phase(), next.word.phase());
        if std::mem::discriminant(&from) != std::mem::discriminant(&to) {
            assert!(
                next.word.generation() > self.word.generation(),
                "{self:?} -> {next:?}"
            );
            assert!(
                !matches!((from, to), (Phase::Open { .. }, Phase::Closed { .. })),
                "an open circuit closed without a probe: {self:?} -> {next:?}"
            );
        }
        if let Phase::HalfOpen(half) = to {
            let probes = next
                .permits
                .iter()
                .filter(|(generation, _)| *generation == next.word.generation())
                .count();
            assert_eq!(
                half.out, probes as u64,
                "permits are counted exactly: {next:?}"
            );
            assert!(half.out <= settings.half_open_permits, "{next:?}");
            let verdict = settings.verdict;
            assert!(half.successes < verdict.successes, "{next:?}");
            assert!(half.failures < verdict.failures, "{next:?}");
            let made = half.successes + half.failures + half.out;
            assert!(made <= verdict.probes, "{next:?}");
        }
    }
}

/// Walks every reachable state; checks each step, and that from everywhere a healthy Redis leads back to a quiet breaker.
fn walk(settings: &Settings, callers: usize, duration_ms: u64) -> usize {
    let until_ms = START_MS + duration_ms;
    let mut index = HashMap::from([(System::start(), 0)]);
    let mut states = vec![System::start()];
    let mut sources: Vec<Vec<usize>> = vec![Vec::new()];
    let mut queue = VecDeque::from([0]);
    while let Some(at) = queue.pop_front() {
        let state = states[at].clone();
        for next in state.successors(settings, callers, until_ms) {
            state.check_step_to(&next, settings);
            let to = *index.entry(next.clone()).or_insert_with(|| {
                states.push(next);
                sources.push(Vec::new());
                queue.push_back(states.len() - 1);
                states.len() - 1
            });
            sources[to].push(at);
        }
    }
    let mut recovers: Vec<bool> = states.iter().map(|state| state.word.is_quiet()).collect();
    let mut queue: VecDeque<usize> = (0..states.len()).filter(|at| recovers[*at]).collect();
    while let Some(at) = queue.pop_front() {
        for &source in &sources[at] {
            if !recovers[source] {
                recovers[source] = true;
                queue.push_back(source);
            }
        }
    }
    let longest = settings.open_ms(MAX_STREAK, u32::MAX) + settings.probe_lease_ms + 2;
    for (at, state) in states.iter().enumerate() {
        assert!(
            recovers[at] || state.now_ms + longest > until_ms,
            "stuck for ever: {state:?}"
        );
    }
    states.len()
}

#[test]
fn every_reachable_state_keeps_its_promises_and_finds_the_way_back() {
    let once = TripRule::InARow { failures: 1 };
    let twice = TripRule::InARow { failures: 2 };
    let of_last = TripRule::OfLast {
        failures: 2,
        calls: 3,
    };
    let rate = TripRule::Rate {
        percent: 50,
        min_calls: 2,
        within_ms: 3,
    };
    let mut states = 0;
    // Permits, successes and probes of half-open matter most with the simplest rule, and the rules with the simplest half-open.
    for (trip, burst_window_ms, half_open_permits, verdict) in [
        (once, 0, 1, Verdict::successes(1)),
        (once, 0, 2, Verdict::successes(1)),
        (once, 0, 3, Verdict::successes(2)),
        (once, 0, 1, Verdict::of(2, 2)),
        (once, 0, 2, Verdict::of(2, 2)),
        (once, 0, 2, Verdict::of(1, 3)),
        (once, 0, 1, Verdict::of(2, 3)),
        (once, 0, 2, Verdict::rate(50, 3)),
        (once, 0, 1, Verdict::rate(100, 2)),
        (twice, 0, 1, Verdict::of(1, 1)),
        (twice, 2, 2, Verdict::of(2, 2)),
        (of_last, 0, 1, Verdict::of(1, 1)),
        (of_last, 2, 2, Verdict::of(1, 2)),
        (rate, 0, 1, Verdict::of(1, 1)),
    ] {
        let settings = Settings {
            trip,
            verdict,
            half_open_permits,
            burst_window_ms,
            reset_timeout_ms: Some(2),
            reset_timeout_max_ms: Some(4),
            probe_lease_ms: 3,
            ..Settings::DEFAULT
        };
        // Far fewer under miri, which looks for other things.
        let (callers, duration_ms) = if cfg!(miri) { (1, 2) } else { (3, 13) };
        states += walk(&settings, callers, duration_ms);
    }
    assert!(
        cfg!(miri) || states > 50_000,
        "the walk saw only {states} states"
    );
}
