//! A breaker, and what an observer from outside has seen of it.

use std::time::Duration;

use redis_resilient::{Breaker, Class, Permit, State};
use tokio::time::{Instant, advance};

use crate::circuit::Config;
use crate::random;
use crate::words::{Ignored, StateWord, Transition};

/// What a call gave.
#[derive(Clone, Copy, Debug, serde::Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Ok,
    Err,
    Ignored,
    Cancel,
    Panic,
    Timeout,
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "findings, each by itself")]
pub(crate) struct Watched<'a> {
    config: &'a Config,
    pub(crate) breaker: &'a Breaker,
    state: StateWord,
    since: Instant,
    pub(crate) transitions: Vec<(StateWord, StateWord)>,
    /// Since the state was entered.
    pub(crate) rejected: u64,
    pub(crate) executions: u64,
    /// Whether it has been half-open by itself.
    pub(crate) probed: bool,
    /// Whether it has been half-open for longer than the case allows.
    pub(crate) overdue: bool,
    /// Whether the last refusal came although a permit was free.
    pub(crate) spared: bool,
    /// Whether an order to stay open has no end: the engine does not show it.
    endless: bool,
}

impl<'a> Watched<'a> {
    pub(crate) async fn new(config: &'a Config, breaker: &'a Breaker) -> Self {
        let mut watched = Self {
            config,
            breaker,
            state: StateWord::Closed,
            since: Instant::now(),
            transitions: Vec::new(),
            rejected: 0,
            executions: 0,
            probed: false,
            overdue: false,
            spared: false,
            endless: false,
        };
        if config.initial != StateWord::Closed {
            watched.force(config.initial, None).await;
            watched.transitions.clear();
        }
        watched
    }

    pub(crate) fn admit(&mut self) -> Option<Permit<'a>> {
        let permit = self.breaker.try_acquire().ok();
        self.look();
        self.spared = false;
        if permit.is_some() {
            self.executions += 1;
        } else {
            self.rejected += 1;
            let probes = self.breaker.snapshot().probes;
            self.spared = self.state == StateWord::HalfOpen
                && probes < self.config.half_open.permits.unwrap_or(1);
        }
        permit
    }

    /// Whether it matters how long a call takes.
    pub(crate) const fn measures(&self) -> bool {
        self.config.slow().is_some()
    }

    pub(crate) fn finish(&mut self, permit: Permit<'_>, outcome: Outcome) {
        random::take_the_middle();
        match outcome {
            Outcome::Ok => permit.success(),
            Outcome::Err => permit.failed(Class::Unreachable),
            Outcome::Timeout => permit.failed(Class::Ambiguous),
            Outcome::Ignored => permit.failed(match self.config.ignored {
                Ignored::Neutral => Class::NotRedis,
                Ignored::Success => Class::Permanent,
            }),
            Outcome::Cancel => drop(permit),
            Outcome::Panic => {
                // Without the hook's message: it is meant.
                let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    let _permit = permit;
                    std::panic::resume_unwind(Box::new("meant"));
                }));
                assert!(unwound.is_err());
            }
        }
        self.look();
    }

    /// Puts the circuit in a state, as an operator would; half-open has no order, and takes a probe that is given back.
    pub(crate) async fn force(&mut self, to: StateWord, period: Option<Duration>) {
        random::take_the_middle();
        let breaker = self.breaker;
        breaker.reset();
        self.endless = to == StateWord::ForcedOpen && period.is_none();
        match to {
            StateWord::Closed => {}
            StateWord::Open => breaker.force_open(period.unwrap_or(self.config.period())),
            StateWord::HalfOpen => {
                breaker.force_open(Duration::from_millis(1));
                advance(Duration::from_millis(1)).await;
                drop(breaker.try_acquire());
            }
            StateWord::ForcedOpen => breaker.force_open(period),
            StateWord::Disabled => breaker.disable(),
            StateWord::MetricsOnly => breaker.observe_only(true),
        }
        self.look();
        self.probed = self.probed || to == StateWord::HalfOpen;
    }

    /// Notes what can be seen now.
    pub(crate) fn look(&mut self) {
        let state = self.state();
        if state != self.state {
            self.transitions.push((self.state, state));
            self.state = state;
            self.since = Instant::now();
            if state != StateWord::Open {
                self.rejected = 0;
            }
        }
        if state == StateWord::HalfOpen {
            self.probed = true;
            let longest = self.config.half_open.max_ms.map(Duration::from_millis);
            self.overdue |= longest.is_some_and(|longest| self.since.elapsed() >= longest);
        }
    }

    pub(crate) fn state(&self) -> StateWord {
        let snapshot = self.breaker.snapshot();
        let is_over = snapshot.retry_after.is_zero();
        // The engine tells no reader that a circuit is half-open before a probe is: such a reader looks at the time.
        let by_the_clock = self.config.transition != Transition::OnAdmission;
        match snapshot.state {
            _ if snapshot.observing => StateWord::MetricsOnly,
            State::ForcedOpen if self.endless => StateWord::ForcedOpen,
            // An order with an end is what the cases call open.
            State::Open | State::ForcedOpen if is_over && by_the_clock => StateWord::HalfOpen,
            State::Open | State::ForcedOpen => StateWord::Open,
            State::HalfOpen => StateWord::HalfOpen,
            State::ForcedClosed | State::Disabled => StateWord::Disabled,
            _ => StateWord::Closed,
        }
    }
}
