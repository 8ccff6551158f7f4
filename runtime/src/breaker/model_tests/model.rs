//! The breaker as its documentation has it: fields with names, no bits, no atomics, and times that do not wrap.

use super::config::Config;
use super::history::History;
use crate::breaker::State;
use crate::class::Settlement;

/// What the model knows of a call under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    life: u64,
    pub(super) is_probe: bool,
    /// It was not let past a circuit that refuses calls.
    counts: bool,
}

#[derive(Debug)]
enum Phase {
    Closed(History),
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

const CLOSED: Phase = Phase::Closed(History::NONE);

#[derive(Debug)]
pub(super) struct Model {
    config: Config,
    phase: Phase,
    /// Changes of state so far, and probes that were replaced.
    pub(super) life: u64,
    pub(super) observing: bool,
    pub(super) transitions: Vec<(State, State)>,
}

impl Model {
    pub(super) const fn new(config: Config) -> Self {
        Self {
            config,
            phase: CLOSED,
            life: 0,
            observing: false,
            transitions: Vec::new(),
        }
    }

    fn enter(&mut self, phase: Phase) {
        let from = self.state();
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
        self.enter(CLOSED);
    }

    /// A place for one more call, or how long there is none.
    pub(super) fn admit(&mut self, now_ms: u64) -> Result<Held, u64> {
        let probes_streak = match &mut self.phase {
            Phase::Closed(_) | Phase::ForcedClosed | Phase::Disabled => {
                return Ok(self.held(false, true));
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
                let wanted = self.config.probes - *successes - *failures;
                if *out < self.config.permits.min(wanted) {
                    *out += 1;
                    *lease_until_ms = now_ms + self.config.lease_ms;
                    return Ok(self.held(true, true));
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
        Ok(self.held(true, true))
    }

    fn refuse(&self, now_ms: u64) -> Result<Held, u64> {
        if self.observing {
            Ok(self.held(false, false))
        } else {
            Err(self.refused_for_ms(now_ms))
        }
    }

    const fn held(&self, is_probe: bool, counts: bool) -> Held {
        Held {
            life: self.life,
            is_probe,
            counts,
        }
    }

    pub(super) fn settle(&mut self, held: Held, outcome: Settlement, now_ms: u64, random: u32) {
        if held.life != self.life || !held.counts {
            return;
        }
        let Config {
            successes: wanted,
            probes,
            ..
        } = self.config;
        match (&mut self.phase, outcome) {
            (Phase::Closed(_), Settlement::Success) => self.count(false, now_ms, random),
            (Phase::Closed(_), Settlement::Failure) => self.count(true, now_ms, random),
            (Phase::HalfOpen { out, .. }, Settlement::Neutral) => *out -= 1,
            (Phase::HalfOpen { out, successes, .. }, Settlement::Success) => {
                *out -= 1;
                *successes += 1;
                if *successes == wanted {
                    self.enter(CLOSED);
                }
            }
            (
                Phase::HalfOpen {
                    streak,
                    out,
                    failures,
                    ..
                },
                Settlement::Failure,
            ) => {
                *out -= 1;
                *failures += 1;
                if probes - *failures < wanted {
                    let streak = (*streak + 1).min(15);
                    self.open(streak, now_ms, random);
                }
            }
            _ => {}
        }
    }

    fn count(&mut self, failed: bool, now_ms: u64, random: u32) {
        if let Phase::Closed(history) = &mut self.phase
            && history.opens_with(failed, &self.config, now_ms)
        {
            self.open(0, now_ms, random);
        }
    }
}

/// What there is to see.
impl Model {
    pub(super) const fn state(&self) -> State {
        match self.phase {
            Phase::Closed(_) => State::Closed,
            Phase::Open { .. } => State::Open,
            Phase::HalfOpen { .. } => State::HalfOpen,
            Phase::ForcedOpen { .. } => State::ForcedOpen,
            Phase::ForcedClosed => State::ForcedClosed,
            Phase::Disabled => State::Disabled,
        }
    }

    pub(super) fn failures(&self) -> u32 {
        match &self.phase {
            Phase::Closed(history) => history.failures(self.config.rule),
            _ => 0,
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
