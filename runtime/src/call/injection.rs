//! What chaos does to the attempts of a call: it lets them fail, wait, be refused, or lose their answers, and goes the ways of real failures.

use std::any::TypeId;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use redis::RedisError;
use tokio::time::{Sleep, sleep};

use super::retry_state::Over;
use super::{Call, Step, fallback};
use crate::cause::Cause;
use crate::chaos::{self, Fault, Strike};
use crate::class::Outcome;
use crate::class::lost_source::Origin;
use crate::clock;
use crate::diagnosis::Diagnosis;
use crate::event::{CallRefused, Event};
use crate::fault::INJECTED;
use crate::{Class, Rejection, observer};

pub(crate) use crate::chaos::is_armed;

/// A delay is looked at so often: one that is disarmed ends then.
const SLICE: Duration = Duration::from_millis(20);
/// What a call is told that is refused.
pub(super) const REFUSED_FOR: Duration = Duration::from_secs(1);

/// What is done to one attempt of async code.
#[derive(Debug, Default)]
pub(crate) struct AttemptFault(Stage);

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Undecided,
    Delay {
        plan: u64,
        left: Duration,
        slice: Pin<Box<Sleep>>,
    },
    LoseReply {
        plan: u64,
    },
    Nothing,
}

impl AttemptFault {
    /// Whether there is anything to be done before the body is polled. Decided once: what is armed later is for attempts that begin later.
    #[inline]
    pub(crate) fn is_due(&mut self) -> bool {
        match self.0 {
            Stage::Undecided if is_armed() => true,
            Stage::Undecided => {
                self.0 = Stage::Nothing;
                false
            }
            Stage::Delay { .. } => true,
            Stage::LoseReply { .. } | Stage::Nothing => false,
        }
    }

    /// Whether the answer is lost.
    #[inline]
    pub(crate) fn loses_reply(&self) -> bool {
        matches!(self.0, Stage::LoseReply { plan } if chaos::is_running(plan))
    }
}

impl Call<'_> {
    /// `false`: the attempt is over, and the pause tells what comes of it.
    #[cold]
    pub(crate) fn meets_fault(
        &mut self,
        fault: &mut AttemptFault,
        cx: &mut Context<'_>,
    ) -> Poll<bool> {
        if matches!(fault.0, Stage::Undecided) {
            fault.0 = match chaos::decide(self.policy.name) {
                None => Stage::Nothing,
                Some(Strike { fault, id: plan }) => match fault {
                    Fault::LostReply => Stage::LoseReply { plan },
                    Fault::Delay(left) => Stage::Delay {
                        plan,
                        left,
                        slice: Box::pin(sleep(left.min(SLICE))),
                    },
                    Fault::Failure(_) | Fault::Rejection => {
                        self.injects(fault);
                        return Poll::Ready(false);
                    }
                },
            };
        }
        while let Stage::Delay { plan, left, slice } = &mut fault.0 {
            if chaos::is_running(*plan) {
                if slice.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                *left = left.saturating_sub(SLICE);
                if !left.is_zero() {
                    *slice = Box::pin(sleep((*left).min(SLICE)));
                    continue;
                }
            }
            fault.0 = Stage::Nothing;
        }
        Poll::Ready(true)
    }

    /// The attempt comes to this.
    #[cold]
    pub(crate) fn injects(&mut self, fault: Fault) {
        self.retry_state().injected = Some(fault);
    }

    /// The body has answered, and that is lost.
    #[cold]
    pub(crate) fn loses_reply(&mut self) {
        self.injects(Fault::LostReply);
    }

    /// What comes of what was injected, if anything was.
    pub(super) fn settles_injected(&mut self) {
        let Some(fault) = self.retry_state().injected.take() else {
            return;
        };
        if self.comes_to(fault) != Step::Pause {
            self.retry_state().over = Some(Over::Injected(fault));
        }
    }

    /// As that of a real failure.
    fn comes_to(&mut self, fault: Fault) -> Step {
        if fault == Fault::Rejection {
            self.unmark();
            // Nothing was sent, which says nothing of Redis: a half-open circuit gets its probe back.
            self.settle(Outcome::Neutral, &Cause::NONE);
            if observer::is_heard() {
                observer::emit(&Event::CallRefused(CallRefused {
                    breaker: INJECTED,
                    retry_after: REFUSED_FOR,
                    passes: false,
                }));
            }
            if self.policy.fallback.is_some() {
                let function = self.policy.name;
                fallback::answers_for_rejection(Class::Rejected, || {
                    Self::injected_rejection(function, fault)
                });
            }
            return Step::Return;
        }
        let error = fault.error();
        let mut diagnosis = Diagnosis::of(&error, TypeId::of::<RedisError>(), Origin::Kept);
        if diagnosis.class == Class::Ambiguous {
            diagnosis.class = self.policy.cut_off();
        }
        self.retry_state().is_injected = true;
        let step = self.failed(diagnosis);
        self.retry_state().is_injected = false;
        step
    }

    /// Why a call is over that came to this.
    pub(super) const fn injected_rejection(function: &'static str, fault: Fault) -> Rejection {
        match fault {
            Fault::Rejection => Rejection::CircuitOpen {
                breaker: INJECTED,
                retry_after: REFUSED_FOR,
            },
            _ => Rejection::Injected { function, fault },
        }
    }

    /// Before the body of a blocking call runs, with all the attempts that fail before. `false`: the call is over.
    #[cold]
    pub(super) fn meets_faults_blocking(&mut self) -> bool {
        loop {
            let Some(Strike { fault, id }) = chaos::decide(self.policy.name) else {
                return true;
            };
            match fault {
                Fault::Delay(delay) => {
                    waits(delay, id);
                    return true;
                }
                Fault::LostReply => {
                    self.retry_state().loses_reply = id;
                    return true;
                }
                Fault::Failure(_) | Fault::Rejection => {}
            }
            self.injects(fault);
            self.settles_injected();
            if self.over().is_some() {
                return false;
            }
            clock::sleep(self.delay());
            if !self.begin_again() {
                return false;
            }
            self.polls();
        }
    }

    /// The body of a blocking call has answered. Whether that is lost; then it has failed.
    #[cold]
    pub(super) fn loses_reply_blocking(&mut self) -> bool {
        let Some(state) = &mut *self.retry_state else {
            return false;
        };
        let plan = std::mem::take(&mut state.loses_reply);
        let loses = plan != 0 && chaos::is_running(plan);
        if loses {
            self.injects(Fault::LostReply);
            self.settles_injected();
        }
        loses
    }
}

/// Ends early if that plan does.
pub(super) async fn waits_async(mut left: Duration, plan: u64) {
    while !left.is_zero() && chaos::is_running(plan) {
        let slice = left.min(SLICE);
        sleep(slice).await;
        left -= slice;
    }
}

/// Ends early if that plan does.
pub(super) fn waits(mut left: Duration, plan: u64) {
    while !left.is_zero() && chaos::is_running(plan) {
        let slice = left.min(SLICE);
        clock::sleep(slice);
        left -= slice;
    }
}
