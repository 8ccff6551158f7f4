//! Who is let in.

use std::time::Duration;

use super::admission::{Admission, Weight};
use super::packed_state::Answer;
use super::{Breaker, Permit, probing, settings};
use crate::cause::Cause;
use crate::clock::now_ms;
use crate::counts;
use crate::event::{CallRefused, Event, ProbeLost};
use crate::{Rejection, kill_switch};

impl Breaker {
    /// Leave for one attempt, for code without the attribute.
    ///
    /// ```
    /// use redis_resilient::{Breaker, Class};
    ///
    /// static SESSIONS: Breaker = Breaker::new("sessions");
    ///
    /// fn ping(conn: &mut redis::Connection) -> redis::RedisResult<()> {
    ///     let permit = SESSIONS.try_acquire()?;
    ///     let answer = redis::cmd("PING").query(conn);
    ///     match &answer {
    ///         Ok(()) => permit.success(),
    ///         Err(error) => permit.failed(Class::of(error)),
    ///     }
    ///     answer
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Rejection::CircuitOpen`] while the circuit refuses calls.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_>, Rejection> {
        let admission = match self.passes() {
            Some(admission) => admission,
            None => self.ask_unless_open(),
        };
        if admission.is_refused() {
            return Err(self.refusal(admission));
        }
        Ok(Permit::new(self, admission))
    }

    // Not cold: while a circuit is open, every call comes this way.
    #[inline(never)]
    fn ask_unless_open(&self) -> Admission {
        self.refuses().unwrap_or_else(|| self.ask(Duration::ZERO))
    }

    /// Leave for one attempt while the circuit is closed and there is nothing to be counted.
    #[expect(clippy::inline_always, reason = "a call costs more than what it does")]
    #[inline(always)]
    pub(crate) fn passes(&self) -> Option<Admission> {
        let word = self.word();
        if word.is_quiet() {
            Some(Admission::closed(word))
        } else {
            None
        }
    }

    /// The answer of an open circuit, if it is one whose period is not over: all that most calls come to while Redis is away.
    // Where two of its callers are compiled together, a mere hint leaves it a function of its own.
    #[expect(
        clippy::inline_always,
        reason = "it is there but three times, and is what a call costs then"
    )]
    #[inline(always)]
    pub(crate) fn refuses(&self) -> Option<Admission> {
        let deadline_ms = self.word().opens_up_at()?;
        let left_ms = deadline_ms.checked_sub(now_ms())?;
        if left_ms == 0 || self.lets_all_through() {
            return None;
        }
        self.tell_refused(left_ms, false);
        Some(Admission::refused(left_ms))
    }

    /// Leave for one attempt that may take up to `attempt`, in any state.
    #[cold]
    #[inline(never)]
    pub(crate) fn ask(&self, attempt: Duration) -> Admission {
        let word = self.word();
        if word.is_closed() && self.settings.slow.is_none() {
            return Admission::closed(word);
        }
        self.ask_in_turn(attempt)
    }

    #[cold]
    #[inline(never)]
    fn ask_in_turn(&self, attempt: Duration) -> Admission {
        let mut word = self.word();
        if kill_switch::is_engaged() {
            // Not even as a probe: what comes of it is not counted, and the circuit would wait for it.
            return Admission::admitted(word, Weight::None);
        }
        let now_ms = now_ms();
        let settings = self.in_force();
        let lease_ms = self.lease_ms(attempt);
        let admission = loop {
            let current = self.brought_up_to(word, now_ms);
            match current.admit(&settings, now_ms, lease_ms) {
                Answer::Pass => break Admission::admitted(word, Weight::Full),
                Answer::Probe(next) => match self.exchange(word, next, &Cause::NONE) {
                    Ok(()) => {
                        if word.is_half_open() && word.generation() != next.generation() {
                            self.emit(&Event::ProbeLost(ProbeLost {
                                breaker: self.name(),
                            }));
                        }
                        break Admission::admitted(next, Weight::Probe);
                    }
                    Err(current) => word = current,
                },
                // Else the function that probes would be failed by the functions it is made of.
                Answer::Reject { .. } if probing::is_inside(self, word.generation()) => {
                    break Admission::admitted(word, Weight::Nested);
                }
                Answer::Reject { retry_after_ms } if self.is_observing() => {
                    self.tell_refused(retry_after_ms, true);
                    break Admission::admitted(word, Weight::Observed);
                }
                Answer::Reject { retry_after_ms } => {
                    self.tell_refused(retry_after_ms, false);
                    return Admission::refused(retry_after_ms);
                }
            }
        };
        match self.settings.slow {
            Some(_) => admission.started(now_ms),
            None => admission,
        }
    }

    /// How long a probe may take before it counts as lost, whose attempt may take up to `attempt`; zero is an attempt without a limit.
    pub(super) fn lease_ms(&self, attempt: Duration) -> u64 {
        let settings = self.in_force();
        let attempt = match settings.half_open_timeout {
            Some(timeout) if attempt.is_zero() => timeout,
            _ => attempt,
        };
        settings.probe_lease_ms.max(settings::lease_millis(attempt))
    }

    #[inline]
    fn tell_refused(&self, retry_after_ms: u64, passes: bool) {
        if counts::ON && !passes {
            self.record().sums.refused();
        }
        self.notify(|| {
            Event::CallRefused(CallRefused {
                breaker: self.name(),
                retry_after: Duration::from_millis(retry_after_ms),
                passes,
            })
        });
    }

    /// What a call would be told that was refused now.
    pub(crate) fn refusal_now(&self) -> Rejection {
        Rejection::CircuitOpen {
            breaker: self.name(),
            retry_after: self.retry_after(),
        }
    }

    /// What a call is told that was refused with this admission.
    #[cold]
    pub(crate) fn refusal(&self, admission: Admission) -> Rejection {
        Rejection::CircuitOpen {
            breaker: self.name(),
            retry_after: Duration::from_millis(admission.retry_after_ms()),
        }
    }
}
