//! What an operator may order a breaker to do. No outcome of a call changes it.

use std::time::Duration;

use super::packed_state::{Order, PackedState};
use super::{Breaker, settings};
use crate::cause::Cause;
use crate::clock::now_ms;

impl Breaker {
    /// Refuses all calls, for this time or, with `None`, until told otherwise. After the time a probe is let through.
    ///
    /// ```
    /// use redis_resilient::{Breaker, State};
    /// use std::time::Duration;
    ///
    /// static SESSIONS: Breaker = Breaker::new("sessions");
    ///
    /// SESSIONS.force_open(Duration::from_secs(60));
    /// assert_eq!(SESSIONS.state(), State::ForcedOpen);
    /// assert!(SESSIONS.try_acquire().is_err());
    /// SESSIONS.reset();
    /// assert!(SESSIONS.try_acquire().is_ok());
    /// ```
    pub fn force_open(&self, period: impl Into<Option<Duration>>) {
        let until_ms = period
            .into()
            .map(|period| now_ms().saturating_add(settings::open_millis(period)));
        self.order(|word| word.forced(Order::Open, until_ms));
    }

    /// Lets all calls through, whatever comes of them, until told otherwise.
    pub fn force_closed(&self) {
        self.order(|word| word.forced(Order::Closed, None));
    }

    /// Takes the breaker out of service: all calls pass and nothing is counted, until told otherwise.
    ///
    /// As [`force_closed`](Self::force_closed), but for the name of the state that others see.
    pub fn disable(&self) {
        self.order(|word| word.forced(Order::Disabled, None));
    }

    /// Counts and reports as always, and refuses nothing; with `false`, refuses again. An order stands, but refuses nothing either.
    ///
    /// To try a breaker's settings on real traffic: events and snapshots show what it would do. The circuit opens, half-opens and closes by
    /// the calls that it would let through. A call that it would refuse is told as [`Refused`](crate::BreakerEvent::Refused) with
    /// `passes`, and what comes of it is told but changes no state. A window that slides begins empty, and counts those calls too.
    pub fn observe_only(&self, observe: bool) {
        let record = self.record();
        if record.observe(observe) && observe {
            record.clear_window();
        }
    }

    /// Closes the circuit, forgets all failures, fills the retry budget, and ends any order and [`observe_only`](Self::observe_only).
    ///
    /// Outcomes of calls that are under way count no more, those of probes neither. Listeners stay, and the budget and all other settings.
    ///
    /// For operators, and for tests that share a `static` breaker.
    pub fn reset(&self) {
        if let Some(record) = self.record.get() {
            record.observe(false);
        }
        self.budget.refill();
        self.order(|word| word.reset(&self.settings));
    }

    fn order(&self, to: impl Fn(PackedState) -> PackedState) {
        let mut word = self.word();
        while let Err(current) = self.exchange(word, to(word), &Cause::NONE) {
            word = current;
        }
    }
}
