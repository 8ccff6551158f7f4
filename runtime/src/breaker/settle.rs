//! What comes of the attempts that were let in, and who is told.

use super::admission::{Admission, Weight};
use super::packed_state::{Effect, PackedState};
use super::record::Record;
use super::trip_rule::Sample;
use super::{Breaker, ORDER, Outcome};
use crate::cause::{Cause, Why};
use crate::clock::now_ms;
use crate::event::{CircuitChanged, Event, FailureCounted, StaleOutcome};
use crate::{State, kill_switch, observer};

const TOO_SLOW: Cause<'_> = Cause {
    why: Why::Other(&"the call was answered, but too slowly"),
    ..Cause::NONE
};

impl Breaker {
    /// The attempt succeeded.
    #[expect(clippy::inline_always, reason = "a call costs more than what it does")]
    #[inline(always)]
    pub(crate) fn succeeded(&self, admission: Admission) {
        // Not the word seen at admission: another call may have failed since, and this success has to be counted.
        if !self.is_quiet() {
            self.settle_success(admission);
        }
    }

    /// Whether a success has nothing to change.
    #[expect(clippy::inline_always, reason = "a call costs more than what it does")]
    #[inline(always)]
    pub(crate) fn is_quiet(&self) -> bool {
        self.word().is_quiet()
    }

    /// Nobody is going to settle it: its call was cancelled, or panicked.
    #[cold]
    #[inline(never)]
    pub(crate) fn abandoned(&self, admission: Admission) {
        if !admission.is_out() {
            return;
        }
        if std::thread::panicking() {
            let cause = Cause {
                why: Why::Other(&"the call panicked"),
                ..Cause::NONE
            };
            self.settle_by(admission, Outcome::Failure, &cause);
        } else {
            self.settle(admission, Outcome::Neutral);
        }
    }

    #[cold]
    #[inline(never)]
    fn settle_success(&self, admission: Admission) {
        self.settles(admission, Outcome::Success, &Cause::NONE);
    }

    /// Of an attempt of which nothing is known but that.
    pub(crate) fn settle(&self, admission: Admission, outcome: Outcome) {
        self.settle_by(admission, outcome, &Cause::NONE);
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn settle_by(&self, admission: Admission, outcome: Outcome, cause: &Cause<'_>) {
        self.settles(admission, outcome, cause);
    }

    // There twice: the one for successes, which a window that slides counts one by one, knows what the outcome is, and that there is no cause.
    #[expect(clippy::inline_always, reason = "see above")]
    #[inline(always)]
    fn settles(&self, admission: Admission, outcome: Outcome, cause: &Cause<'_>) {
        // While it is engaged nothing is counted. But a probe gives its permit back, or the circuit would wait for it afterwards.
        let outcome = if kill_switch::is_engaged() {
            Outcome::Neutral
        } else {
            outcome
        };
        let counts = admission.counts(outcome);
        let is_observed = admission.has(Weight::Observed) && outcome != Outcome::Neutral;
        if !(counts || is_observed) {
            return;
        }
        let now_ms = now_ms();
        let slow = self.was_slow(admission, outcome, now_ms);
        let failed = outcome == Outcome::Failure;
        let cause = if slow && !failed { &TOO_SLOW } else { cause };
        let is_stale = self.word().generation() != admission.generation();
        if (failed || slow) && (is_observed || !is_stale) {
            self.notify(|| {
                Event::FailureCounted(FailureCounted {
                    breaker: self.name(),
                    slow,
                    function: cause.function,
                    class: cause.class,
                    error: cause.error(),
                    address: cause.address(),
                })
            });
        }
        let random = fastrand::u32(..);
        if outcome != Outcome::Neutral && self.slides(admission, Sample { failed, slow }, now_ms) {
            let (generation, mut word) = (admission.generation(), self.word());
            let settings = self.in_force();
            while let Some(next) = word.tripped(generation, &settings, now_ms, random) {
                match self.exchange(word, next, cause) {
                    Ok(()) => return,
                    Err(current) => word = current,
                }
            }
        }
        if counts {
            self.settle_word(admission, outcome, slow, now_ms, random, cause);
        }
    }

    #[expect(clippy::inline_always, reason = "a part of `settles`")]
    #[inline(always)]
    fn settle_word(
        &self,
        admission: Admission,
        outcome: Outcome,
        slow: bool,
        now_ms: u64,
        random: u32,
        cause: &Cause<'_>,
    ) {
        let settings = self.in_force();
        let mut word = self.word();
        loop {
            let outcome = if slow && word.is_half_open() {
                Outcome::Failure
            } else {
                outcome
            };
            let current = self.brought_up_to(word, now_ms);
            let effect = current.settle(admission.generation(), outcome, &settings, now_ms, random);
            match effect {
                // Forgetting what is over is a change too: without it, each success would come here again.
                Effect::None if current != word => match self.exchange(word, current, cause) {
                    Ok(()) => return,
                    Err(current) => word = current,
                },
                Effect::None => return,
                Effect::Stale => {
                    return self.emit(&Event::StaleOutcome(StaleOutcome {
                        breaker: self.name(),
                    }));
                }
                Effect::To(next) => match self.exchange(word, next, cause) {
                    Ok(()) => return,
                    Err(current) => word = current,
                },
            }
        }
    }

    fn was_slow(&self, admission: Admission, outcome: Outcome, now_ms: u64) -> bool {
        self.settings.slow.is_some_and(|slow| {
            outcome != Outcome::Neutral
                && now_ms.saturating_sub(admission.start_ms()) >= slow.from_ms
        })
    }

    /// Counts the call in the sliding window, if there is one, and tells whether that opens the circuit.
    #[expect(clippy::inline_always, reason = "a part of `settles`")]
    #[inline(always)]
    fn slides(&self, admission: Admission, sample: Sample, now_ms: u64) -> bool {
        if !self.settings.trip.slides() {
            return false;
        }
        let word = self.word();
        let counts = word.is_closed() && word.generation() == admission.generation();
        let record = self.record();
        match &record.window {
            Some(window) if counts || record.is_observing() => {
                let Some(tally) = window.count(sample, now_ms) else {
                    return false;
                };
                let settings = self.in_force();
                settings.trip.opens_at(tally, settings.slow)
            }
            _ => false,
        }
    }

    /// Puts `next` in place of `word` and tells about a change of state; the current word if it was not `word`.
    pub(super) fn exchange(
        &self,
        word: PackedState,
        next: PackedState,
        cause: &Cause<'_>,
    ) -> Result<(), PackedState> {
        self.word
            .compare_exchange(word.bits(), next.bits(), ORDER, ORDER)
            .map_err(PackedState::from_bits)?;
        let record = self.record();
        record.follow(|| self.word(), now_ms());
        let (from, to) = (word.phase().state(), next.phase().state());
        if to == State::Closed && next.generation() != word.generation() {
            // A call that is admitted now may lose its outcome to this; one out of the window is no harm.
            record.clear_window();
        }
        if from != to {
            self.tell(record, from, to, cause);
        }
        Ok(())
    }

    #[cold]
    fn tell(&self, record: &Record, from: State, to: State, cause: &Cause<'_>) {
        record.entered(now_ms());
        record.sums.entered(to);
        // What closes it is an attempt that succeeded.
        let cause = match to {
            State::Open => cause,
            _ => &Cause::NONE,
        };
        self.emit(&Event::CircuitChanged(CircuitChanged {
            breaker: self.name(),
            from,
            to,
            open_for: self.retry_after(),
            function: cause.function,
            class: cause.class,
            answered: cause.answered,
            error: cause.error(),
            address: cause.address(),
        }));
    }

    /// Tells those who listen, if there are any, what is nothing for `tracing`: it comes with every call.
    #[inline]
    pub(super) fn notify<'e>(&self, event: impl FnOnce() -> Event<'e>) {
        if observer::is_heard() {
            self.emit(&event());
        }
    }

    /// Tells all who listen, and those who listen to this breaker only.
    #[cold]
    #[inline(never)]
    pub(crate) fn emit(&self, event: &Event<'_>) {
        observer::emit(event);
        if let Some(record) = self.record.get() {
            record.observers.call(event);
        }
    }
}
