//! What only a call needs that is not answered at once.

use std::future::Future as _;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep_until};

use crate::breaker::{Admission, Breaker, probing};
use crate::call::span::CallSpan;
use crate::clock::Instant;
use crate::counts::Timing;
use crate::settings::Settings;

pin_project! {
    /// Made when an attempt has to wait or is to be followed by another one. In the future of every annotated function it
    /// would take more room than all the rest, and be written at every call.
    #[derive(Debug, Default)]
    pub(crate) struct RetryState {
        // Attempts that have failed.
        pub(crate) failed: u32,
        // What was said of the function while the program runs, once somebody has looked; it holds until the call ends.
        pub(crate) said: Option<Option<Box<Settings>>>,
        // The pause before the next attempt, and what decorrelated jitter grows from.
        pub(crate) delay: Duration,
        // When the deadline began to run.
        pub(crate) started: Option<Instant>,
        // Whether the attempt has been cut off, and nothing has come of that yet.
        pub(crate) cut_off: bool,
        // Whether its request had left the attempt so little time that to be cut off says nothing about Redis.
        pub(crate) hurried: bool,
        // What the call has run out of.
        pub(crate) over: Option<Over>,
        // Whether what runs on this thread is marked as part of a probe.
        pub(crate) marked: bool,
        // The call's span, if it has one.
        pub(crate) span: CallSpan,
        // Whether an attempt is under way that follows one that failed.
        pub(crate) is_retrying: bool,
        // What chaos has made of an attempt, and nothing has come of that yet.
        pub(crate) injected: Injected,
        // Whether what is told of an attempt was made by chaos.
        pub(crate) is_injected: bool,
        // The plan of chaos by which the answer of the attempt under way is lost, in a blocking call; 0: none.
        pub(crate) loses_reply: u64,
        // Whether the timer has been set for the attempt or pause under way, and its time has not come.
        pub(crate) timed: bool,
        // How long the attempt under way takes.
        pub(crate) timing: Timing,
        #[pin]
        sleep: Option<Sleep>,
    }
}

/// What chaos has made of an attempt.
#[cfg(feature = "chaos")]
pub(crate) type Injected = Option<crate::chaos::Fault>;
#[cfg(not(feature = "chaos"))]
pub(crate) type Injected = ();

/// What a call has run out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// The time for one attempt.
    Timeout(Duration),
    Deadline,
    /// What chaos has made of its attempts.
    #[cfg(feature = "chaos")]
    Injected(crate::chaos::Fault),
    /// What its request was given.
    RequestBudget {
        budget: Duration,
        attempted: bool,
    },
    /// Permits for another attempt.
    Saturated {
        bulkhead: &'static str,
        limit: u32,
    },
}

/// `None` for as long as nothing has gone wrong or taken its time. One word, so that it travels in a register.
pub(crate) type LazyRetryState = Option<Pin<Box<RetryState>>>;

impl RetryState {
    /// What runs on this thread is part of this probe.
    pub(crate) fn mark(self: Pin<&mut Self>, breaker: &Breaker, admission: Admission) {
        probing::enter(breaker, admission);
        *self.project().marked = true;
    }

    /// No longer, if it was.
    pub(crate) fn unmark(self: Pin<&mut Self>) {
        let this = self.project();
        if std::mem::take(this.marked) {
            probing::leave();
        }
        this.span.exit();
    }

    /// Sets the timer, which is one for all attempts and pauses of the call.
    pub(crate) fn set_timer(self: Pin<&mut Self>, at: Instant) {
        let this = self.project();
        *this.timed = true;
        let mut sleep = this.sleep;
        if sleep.is_none() {
            sleep.set(Some(sleep_until(at)));
        }
        // A new one as well: it runs from here on, else only from the first poll that the task's cooperative budget lets through.
        if let Some(sleep) = sleep.as_pin_mut() {
            sleep.reset(at);
        }
    }

    /// Whether the time has come that it was set to.
    pub(crate) fn poll_timer(self: Pin<&mut Self>, cx: &mut Context<'_>) -> bool {
        let this = self.project();
        let has_come = this.sleep.as_pin_mut().is_some_and(|mut sleep| {
            // `is_elapsed` as well: a body that uses up the task's cooperative budget at every poll keeps the timer from being polled.
            sleep.as_mut().poll(cx).is_ready() || sleep.is_elapsed()
        });
        *this.timed &= !has_come;
        has_come
    }

    #[cfg(test)]
    pub(crate) fn has_timer(&self) -> bool {
        self.sleep.is_some()
    }
}
