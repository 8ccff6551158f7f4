//! What only a call needs that is not answered at once.

use std::cell::RefCell;
use std::task::Context;
use std::time::Duration;

use crate::breaker::{Admission, Breaker, probing};
use crate::call::span::CallSpan;
use crate::clock::Instant;
use crate::counts::Timing;
use crate::settings::Settings;
use crate::watchdog::{Alarm, Reuse};

/// Made when an attempt has to wait or is to be followed by another one. In the future of every annotated function it
/// would take more room than all the rest, and be written at every call.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says something by itself"
)]
pub(crate) struct RetryState {
    /// Attempts that have failed.
    pub(crate) failed: u32,
    /// What was said of the function while the program runs, once somebody has looked; it holds until the call ends.
    #[expect(
        clippy::option_option,
        reason = "somebody has looked; something was said"
    )]
    pub(crate) said: Option<Option<Box<Settings>>>,
    /// The pause before the next attempt, and what decorrelated jitter grows from.
    pub(crate) delay: Duration,
    /// When the deadline began to run.
    pub(crate) started: Option<Instant>,
    /// Whether the attempt has been cut off, and nothing has come of that yet.
    pub(crate) cut_off: bool,
    /// Whether its request had left the attempt so little time that to be cut off says nothing about Redis.
    pub(crate) hurried: bool,
    /// What the call has run out of.
    pub(crate) over: Option<Over>,
    /// Whether what runs on this thread is marked as part of a probe.
    pub(crate) marked: bool,
    /// The call's span, if it has one.
    pub(crate) span: CallSpan,
    /// Whether an attempt is under way that follows one that failed.
    pub(crate) is_retrying: bool,
    /// What chaos has made of an attempt, and nothing has come of that yet.
    #[cfg(feature = "chaos")]
    pub(crate) injected: Option<crate::chaos::Fault>,
    /// Whether what is told of an attempt was made by chaos.
    pub(crate) is_injected: bool,
    /// The plan of chaos by which the answer of the attempt under way is lost, in a blocking call; 0: none.
    #[cfg(feature = "chaos")]
    pub(crate) loses_reply: u64,
    /// Whether the timer has been set for the attempt or pause under way, and its time has not come.
    pub(crate) timed: bool,
    /// How long the attempt under way takes.
    pub(crate) timing: Timing,
    alarm: Alarm,
}

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
pub(crate) type LazyRetryState = Option<Box<RetryState>>;

thread_local! {
    #[expect(clippy::vec_box, reason = "they are taken out as boxes")]
    static KEPT: RefCell<Vec<Box<RetryState>>> = const { RefCell::new(Vec::new()) };
}

const STATES: Reuse<Box<RetryState>> = Reuse(&KEPT);

impl RetryState {
    /// That of a call which begins to need one. It makes none if there is one left of a call before.
    #[inline]
    pub(crate) fn of_new_call() -> Box<Self> {
        STATES.take()
    }

    /// Keeps it for another call, without anything of this one.
    #[inline]
    pub(crate) fn end(mut self: Box<Self>) {
        // Each by itself: to move the alarm out and the whole in again is 200 bytes.
        let Self {
            failed,
            said,
            delay,
            started,
            cut_off,
            hurried,
            over,
            marked,
            span,
            is_retrying,
            #[cfg(feature = "chaos")]
            injected,
            is_injected,
            #[cfg(feature = "chaos")]
            loses_reply,
            timed,
            timing,
            alarm,
        } = &mut *self;
        forget(failed);
        forget(said);
        forget(delay);
        forget(started);
        forget(cut_off);
        forget(hurried);
        forget(over);
        forget(marked);
        forget(span);
        forget(is_retrying);
        #[cfg(feature = "chaos")]
        forget(injected);
        forget(is_injected);
        #[cfg(feature = "chaos")]
        forget(loses_reply);
        forget(timed);
        forget(timing);
        alarm.forget();
        STATES.give_back(self);
    }

    /// What runs on this thread is part of this probe.
    pub(crate) fn mark(&mut self, breaker: &Breaker, admission: Admission) {
        probing::enter(breaker, admission);
        self.marked = true;
    }

    /// No longer, if it was.
    pub(crate) fn unmark(&mut self) {
        if std::mem::take(&mut self.marked) {
            probing::leave();
        }
        self.span.exit();
    }

    /// Sets the timer, which is one for all attempts and pauses of the call.
    pub(crate) const fn set_timer(&mut self, at: Instant) {
        self.timed = true;
        self.alarm.set(at);
    }

    /// Whether the time has come that it was set to.
    pub(crate) fn poll_timer(&mut self, cx: &Context<'_>) -> bool {
        self.poll_timer_at(cx, Instant::now())
    }

    /// The same where the clock has just been read.
    pub(crate) fn poll_timer_at(&mut self, cx: &Context<'_>, now: Instant) -> bool {
        let has_come = self.alarm.has_come(cx, now);
        self.timed &= !has_come;
        has_come
    }

    #[cfg(test)]
    pub(crate) const fn has_been_timed(&self) -> bool {
        self.alarm.has_been_armed()
    }
}

fn forget<T: Default>(field: &mut T) {
    *field = T::default();
}
