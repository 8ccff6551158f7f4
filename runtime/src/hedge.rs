//! One attempt that may become two: a hedge starts beside the first where that has not answered in time, and the first good answer counts.
//!
//! The body comes as a closure, which makes a future for each. That of the hedge is in a box: most calls have none.

mod budget;
mod scope;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

pub use self::budget::HedgeBudget;
use self::scope::{Guard, Role, Seen};
pub use self::scope::{avoided, is_hedge, may_send, uses};
use crate::call::{AttemptFault, Call, HedgeTimer, OtherAdmission};
use crate::diagnosis::Diagnosis;
use crate::event::HedgeWinner;
use crate::result_like::ResultLike;
use crate::{Bulkhead, BulkheadPermit};

type ErrorOf<F> = <<F as Future>::Output as ResultLike>::Error;
type ResultOf<F> = Result<<<F as Future>::Output as ResultLike>::Value, Option<ErrorOf<F>>>;

pin_project! {
    /// One attempt, and a hedge beside it where that helps.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Hedged<'c, 'p, B, F, D>
    where
        F: Future,
        F::Output: ResultLike,
    {
        call: &'c mut Call<'p>,
        budget: &'c HedgeBudget,
        limit: Option<&'c Bulkhead>,
        body: B,
        diagnose: D,
        // `None`: it has failed, and the hedge is under way.
        #[pin]
        first: Option<F>,
        hedge: Option<Hedge<'c, 'p, F>>,
        // What the first has failed with.
        failed: Option<ErrorOf<F>>,
        timer: HedgeTimer,
        // A hedge was started.
        started: bool,
        seen: Seen,
        fault: AttemptFault,
    }
}

/// The second attempt.
struct Hedge<'c, 'p, F> {
    // Before the permit: it goes first.
    body: Pin<Box<F>>,
    /// Of the attempt that is not being polled. The call has that of the other one: it counts what comes of it, or a panic.
    other: OtherAdmission<'p>,
    _permit: Option<BulkheadPermit<'c>>,
}

/// One attempt at `body`, and another one beside it after the time that the settings say.
#[inline]
pub fn hedged<'c, 'p, B, F, D>(
    call: &'c mut Call<'p>,
    budget: &'c HedgeBudget,
    limit: Option<&'c Bulkhead>,
    mut body: B,
    diagnose: D,
) -> Hedged<'c, 'p, B, F, D>
where
    B: FnMut() -> F,
    F: Future,
    F::Output: ResultLike,
    D: Fn(&ErrorOf<F>) -> Diagnosis,
{
    budget.earn();
    let first = Some(body());
    Hedged {
        call,
        budget,
        limit,
        body,
        diagnose,
        first,
        hedge: None,
        failed: None,
        timer: HedgeTimer::Unset,
        started: false,
        seen: Seen::default(),
        fault: AttemptFault::default(),
    }
}

impl<B, F, D> Future for Hedged<'_, '_, B, F, D>
where
    B: FnMut() -> F,
    F: Future,
    F::Output: ResultLike,
    D: Fn(&ErrorOf<F>) -> Diagnosis,
{
    /// As that of an [`Attempt`](crate::attempt::Attempt).
    type Output = ResultOf<F>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.as_mut().project();
        if this.fault.is_due() {
            this.call.polls();
            match this.call.meets_fault(this.fault, cx) {
                Poll::Ready(true) => {}
                Poll::Pending if !this.call.times_out(cx) => return Poll::Pending,
                Poll::Ready(false) | Poll::Pending => return Poll::Ready(Err(None)),
            }
        }
        let polled = self.as_mut().poll_attempts(cx);
        if matches!(polled, Poll::Ready(Ok(_))) && self.fault.loses_reply() {
            self.project().call.loses_reply();
            return Poll::Ready(Err(None));
        }
        polled
    }
}

impl<B, F, D> Hedged<'_, '_, B, F, D>
where
    B: FnMut() -> F,
    F: Future,
    F::Output: ResultLike,
    D: Fn(&ErrorOf<F>) -> Diagnosis,
{
    fn poll_attempts(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ResultOf<F>> {
        if let Poll::Ready(result) = self.as_mut().poll_first(cx) {
            return Poll::Ready(result);
        }
        if let Poll::Ready(result) = self.as_mut().poll_hedge(cx) {
            return Poll::Ready(result);
        }
        if self.as_mut().starts(cx)
            && let Poll::Ready(result) = self.as_mut().poll_hedge(cx)
        {
            return Poll::Ready(result);
        }
        self.poll_end(cx)
    }

    fn poll_first(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ResultOf<F>> {
        let mut this = self.project();
        let Some(first) = this.first.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        this.call.polls();
        let guard = guard(this.call, false);
        let polled = scope::within(Role::First, guard, this.seen, || first.poll(cx));
        if this.seen.once {
            *this.hedge = None;
        }
        let Poll::Ready(result) = polled else {
            return Poll::Pending;
        };
        let error = match result.split() {
            Ok(value) => {
                *this.hedge = None;
                this.call.hedge_ended(*this.started, HedgeWinner::First);
                return Poll::Ready(Ok(value));
            }
            Err(error) => error,
        };
        if *this.started {
            let diagnosis = (this.diagnose)(&error);
            let is_answer = !this.call.is_worth_another(diagnosis);
            if let Some(hedge) = this.hedge
                && !is_answer
            {
                this.call.one_failed(diagnosis);
                hedge.other.swap(this.call);
                this.first.set(None);
                *this.failed = Some(error);
                return Poll::Pending;
            }
            *this.hedge = None;
            let winner = if is_answer {
                HedgeWinner::First
            } else {
                HedgeWinner::Neither
            };
            this.call.hedge_ended(true, winner);
        }
        // Nothing is waited for that will not be sent.
        Poll::Ready(Err(Some(error)))
    }

    fn poll_hedge(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ResultOf<F>> {
        let mut this = self.project();
        let Some(hedge) = this.hedge else {
            return Poll::Pending;
        };
        let is_beside = this.first.is_some();
        let guard = guard(this.call, is_beside);
        if is_beside {
            hedge.other.swap(this.call);
        }
        let body = hedge.body.as_mut();
        let polled = scope::within(Role::Hedge, guard, this.seen, || body.poll(cx));
        let result = match polled {
            // What it has come to without sending its command is no answer.
            Poll::Ready(result) if !(is_beside && this.seen.once) => result,
            _ => {
                if is_beside {
                    hedge.other.swap(this.call);
                    if this.seen.once {
                        *this.hedge = None;
                    }
                }
                return Poll::Pending;
            }
        };
        let result = result.split();
        if let Err(error) = &result
            && is_beside
        {
            let diagnosis = (this.diagnose)(error);
            if this.call.is_worth_another(diagnosis) {
                this.call.one_failed(diagnosis);
                hedge.other.swap(this.call);
                *this.hedge = None;
                return Poll::Pending;
            }
        }
        let winner = match &result {
            Err(_) if !is_beside => HedgeWinner::Neither,
            _ => HedgeWinner::Hedge,
        };
        this.first.set(None);
        *this.hedge = None;
        this.call.hedge_ended(true, winner);
        Poll::Ready(match result {
            Ok(value) => Ok(value),
            Err(error) => Err(Some(error)),
        })
    }

    /// Starts a hedge, if it is time and that is allowed.
    fn starts(self: Pin<&mut Self>, cx: &mut Context<'_>) -> bool {
        let this = self.project();
        if !this.call.awaits_hedge(this.timer, cx) || this.seen.once {
            return false;
        }
        let permit = match this.limit.map(Bulkhead::enter) {
            Some(None) => return false,
            Some(permit @ Some(_)) => permit,
            None => None,
        };
        let Some(other) = this.call.admits_hedge() else {
            return false;
        };
        // Asked last, for it is paid then.
        if !this.budget.pays() {
            return false;
        }
        this.call.hedge_started();
        *this.started = true;
        *this.hedge = Some(Hedge {
            body: Box::pin((this.body)()),
            other,
            _permit: permit,
        });
        true
    }

    fn poll_end(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ResultOf<F>> {
        let this = self.project();
        if this.timer.is_set() {
            this.call.unmark();
            return Poll::Pending;
        }
        if !this.call.times_out(cx) {
            return Poll::Pending;
        }
        this.call.hedge_ended(*this.started, HedgeWinner::Neither);
        Poll::Ready(match this.failed.take() {
            // A real error says more than that there was no answer. But whether a command was executed that must not be repeated, it does not say.
            Some(error) if !this.seen.once => {
                this.call.forget_cut_off();
                Err(Some(error))
            }
            _ => Err(None),
        })
    }
}

/// A connection that looks at its commands is asked, unless the function says that twice does no harm.
fn guard(call: &Call<'_>, is_beside: bool) -> Guard {
    match (call.says_idempotent(), is_beside) {
        (true, _) => Guard::None,
        (false, true) => Guard::Refuses,
        (false, false) => Guard::Notes,
    }
}

#[cfg(test)]
#[path = "hedge_tests.rs"]
mod tests;
