//! What observers are told of a call that does not succeed at once.

use super::Call;
use super::retry_state::Over;
use crate::breaker::Breaker;
use crate::cause::Cause;
use crate::diagnosis::Remark;
use crate::event::{
    self, AttemptFailed, Event, Next, RequestBudgetExhausted, RetryBudgetExhausted, Severity,
};
use crate::{Class, observer};

impl Call<'_> {
    #[inline]
    pub(super) fn tell_failed(
        &self,
        attempt: u32,
        remark: Option<Remark>,
        cause: &Cause<'_>,
        next: Next,
    ) {
        let class = cause.class.unwrap_or(Class::NotRedis);
        if observer::wants(event::severity_of_failure(class, next)) {
            self.tells_failed(attempt, remark, cause, next);
        }
    }

    #[cold]
    #[inline(never)]
    fn tells_failed(&self, attempt: u32, remark: Option<Remark>, cause: &Cause<'_>, next: Next) {
        observer::emit(&Event::AttemptFailed(AttemptFailed {
            function: self.policy().name,
            attempt,
            class: cause.class.unwrap_or(Class::NotRedis),
            code: match remark {
                Some(Remark::Code(code)) => Some(code.label()),
                Some(Remark::LostSource | Remark::Described) | None => None,
            },
            breaker: self.breaker.map(Breaker::name),
            next,
            injected: self
                .retry_state
                .as_ref()
                .is_some_and(|state| state.is_injected),
            error: cause.error(),
            address: cause.address(),
        }));
    }

    pub(super) fn tell_exhausted(&self, attempt: u32, class: Class, cause: &Cause<'_>) {
        if let Some(breaker) = self.breaker {
            breaker.emit(&Event::RetryBudgetExhausted(RetryBudgetExhausted {
                function: self.policy().name,
                attempt,
                class,
                breaker: breaker.name(),
                error: cause.error(),
                address: cause.address(),
            }));
        }
    }

    /// If it is that which the call has run out of.
    #[cold]
    #[inline(never)]
    pub(super) fn tells_of_request_budget(&self, over: Over) {
        let Over::RequestBudget { budget, attempted } = over else {
            return;
        };
        if observer::wants(Severity::Warn) {
            observer::emit(&Event::RequestBudgetExhausted(RequestBudgetExhausted {
                function: self.policy().name,
                budget,
                attempted,
                breaker: self.breaker.map(Breaker::name),
            }));
        }
    }
}
