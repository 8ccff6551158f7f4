//! The breaker as its documentation has it: fields with names, no bits, no atomics, and times that do not wrap.

use super::config::Config;
use super::history::History;
use crate::breaker::State;
use crate::class::Outcome;

/// What the model knows of a call under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    life: u64,
    pub(super) is_probe: bool,
    /// It was not let past a circuit that refuses calls.
    counts: bool,
    admitted_ms: u64,
}

#[derive(Debug)]
enum Phase {
    Closed,
    Open {
        streak: u32,
        until_ms: u64,
    },
    HalfOpen {
        streak: u32,
        out: u32,
        successes: u32,
        failures: u32,
        lease_until_ms: u64,
    },
    ForcedOpen {
        until_ms: Option<u64>,
    },
    ForcedClosed,
    Disabled,
}

#[derive(Debug)]
pub(super) struct Model {
    config: Config,
    phase: Phase,
    /// What a closed circuit goes by. A window that slides is still there while it is open, and goes on while it is observed.
    history: History,
    /// Changes of state so far, and probes that were replaced.
    pub(super) life: u64,
    pub(super) observing: bool,
    pub(super) transitions: Vec<(State, State)>,
}

impl Model {
    pub(super) const fn new(config: Config) -> Self {
        Self {
            config,
            phase: Phase::Closed,
            history: History::NONE,
            life: 0,
            observing: false,
            transitions: Vec::new(),
        }
    }

    fn enter(&mut self, phase: Phase) {
        let from = self.state();
        let is_kept = self.config.rule.slides() && !matches!(phase, Phase::Closed);
        if !is_kept {
            self.history = History::NONE;
        }
        self.phase = phase;
        self.life += 1;
        if self.state() != from {
            self.transitions.push((from, self.state()));
        }
    }

    fn open(&mut self, streak: u32, now_ms: u64, random: u32) {
        let until_ms = now_ms + self.config.period_ms(streak, random);
        self.enter(Phase::Open { streak, until_ms });
    }

    pub(super) fn force_open(&mut self, period_ms: Option<u64>, now_ms: u64) {
        let until_ms = period_ms.map(|period_ms| now_ms + period_ms.max(1));
        self.enter(Phase::ForcedOpen { until_ms });
    }

    pub(super) fn force_closed(&mut self) {
        self.enter(Phase::ForcedClosed);
    }

    pub(super) fn disable(&mut self) {
        self.enter(Phase::Disabled);
    }

    pub(super) fn reset(&mut self) {
        self.observing = false;
        self.enter(Phase::Closed);
    }

    pub(super) fn observe(&mut self, observe: bool) {
        let begins = observe && !self.observing;
        self.observing = observe;
        if begins && self.config.rule.slides() {
            self.history = History::NONE;
        }
    }

    /// A place for one more call, or how long there is none.
    pub(super) fn admit(&mut self, now_ms: u64) -> Result<Held, u64> {
        let probes_streak = match &mut self.phase {
            Phase::Closed | Phase::ForcedClosed | Phase::Disabled => {
                return Ok(self.held(false, true, now_ms));
            }
            Phase::Open { streak, until_ms } if now_ms >= *until_ms => *streak,
            Phase::ForcedOpen {
                until_ms: Some(until_ms),
            } if now_ms >= *until_ms => 0,
            Phase::HalfOpen {
                streak,
                out,
                successes,
                failures,
                lease_until_ms,
            } => {
                let wanted = self.config.wanted(*successes + *failures);
                if *out < self.config.permits.min(wanted) {
                    *out += 1;
                    *lease_until_ms = now_ms + self.config.lease_ms;
                    return Ok(self.held(true, true, now_ms));
                }
                if now_ms < *lease_until_ms {
                    return self.refuse(now_ms);
                }
                *streak
            }
            Phase::Open { .. } | Phase::ForcedOpen { .. } => return self.refuse(now_ms),
        };
        self.enter(Phase::HalfOpen {
            streak: probes_streak,
            out: 1,
            successes: 0,
            failures: 0,
            lease_until_ms: now_ms + self.config.lease_ms,
        });
        Ok(self.held(true, true, now_ms))
    }

    fn refuse(&self, now_ms: u64) -> Result<Held, u64> {
        if self.observing {
            Ok(self.held(false, false, now_ms))
        } else {
            Err(self.refused_for_ms(now_ms))
        }
    }

    const fn held(&self, is_probe: bool, counts: bool, admitted_ms: u64) -> Held {
        Held {
            life: self.life,
            is_probe,
            counts,
            admitted_ms,
        }
    }

    pub(super) fn settle(&mut self, held: Held, outcome: Outcome, now_ms: u64, random: u32) {
        let takes_ms = now_ms - held.admitted_ms;
        let slow = outcome != Outcome::Neutral
            && self
                .config
                .slow()
                .is_some_and(|(_, from_ms)| takes_ms >= from_ms);
        let failed = outcome == Outcome::Failure;
        let is_of_this_life = held.life == self.life && held.counts;
        let closed = matches!(self.phase, Phase::Closed);
        let is_observed = self.observing && self.config.rule.slides();
        if outcome != Outcome::Neutral && (is_of_this_life && closed || is_observed) {
            let opens = self
                .history
                .opens_with((failed, slow), &self.config, now_ms);
            if opens && is_of_this_life && closed {
                self.open(0, now_ms, random);
                return;
            }
        }
        if is_of_this_life {
            self.settle_probe(failed || slow, outcome, now_ms, random);
        }
    }

    fn settle_probe(&mut self, failed: bool, outcome: Outcome, now_ms: u64, random: u32) {
        let Phase::HalfOpen {
            out,
            successes,
            failures,
            ..
        } = &mut self.phase
        else {
            return;
        };
        *out -= 1;
        if outcome == Outcome::Neutral {
            return;
        }
        *(if failed { failures } else { successes }) += 1;
        let Phase::HalfOpen {
            streak,
            successes,
            failures,
            ..
        } = self.phase
        else {
            return;
        };
        let Config {
            successes: wanted,
            probes,
            sets_probes,
            ..
        } = self.config;
        let (opens, closes) = match self.config.probe_percent() {
            None if !sets_probes => (failures > 0, successes == wanted),
            Some(percent) => (
                failures > 0 && failures * 100 >= probes * percent,
                successes + failures == probes,
            ),
            None => (probes - failures < wanted, successes == wanted),
        };
        if opens {
            self.open((streak + 1).min(15), now_ms, random);
        } else if closes {
            self.enter(Phase::Closed);
        }
    }
}

/// What there is to see.
impl Model {
    pub(super) const fn state(&self) -> State {
        match self.phase {
            Phase::Closed => State::Closed,
            Phase::Open { .. } => State::Open,
            Phase::HalfOpen { .. } => State::HalfOpen,
            Phase::ForcedOpen { .. } => State::ForcedOpen,
            Phase::ForcedClosed => State::ForcedClosed,
            Phase::Disabled => State::Disabled,
        }
    }

    pub(super) fn failures(&self, now_ms: u64) -> u32 {
        match self.phase {
            Phase::HalfOpen { failures, .. } => failures,
            _ => self.history.failures(self.config.rule, now_ms),
        }
    }

    pub(super) const fn successes(&self) -> u32 {
        match self.phase {
            Phase::HalfOpen { successes, .. } => successes,
            _ => 0,
        }
    }

    pub(super) const fn probes(&self) -> u32 {
        match self.phase {
            Phase::HalfOpen { out, .. } => out,
            _ => 0,
        }
    }

    pub(super) const fn streak(&self) -> u32 {
        match self.phase {
            Phase::Open { streak, .. } | Phase::HalfOpen { streak, .. } => streak,
            _ => 0,
        }
    }

    pub(super) fn retry_after_ms(&self, now_ms: u64) -> u64 {
        if self.observing {
            0
        } else {
            self.refused_for_ms(now_ms)
        }
    }

    fn refused_for_ms(&self, now_ms: u64) -> u64 {
        match self.phase {
            Phase::Open { until_ms, .. }
            | Phase::ForcedOpen {
                until_ms: Some(until_ms),
            } => until_ms.saturating_sub(now_ms),
            // As long as a circuit that opened by itself may take.
            Phase::ForcedOpen { until_ms: None } => self.config.period_ms(15, 0),
            _ => 0,
        }
    }
}
