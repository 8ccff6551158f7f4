//! What is left of the time of a call as a whole.

use std::time::Duration;

use super::Call;
use super::retry_state::Over;
use super::waiting::shorter;
use crate::clock::{self, Instant};
use crate::request_budget;

impl Call<'_> {
    /// Whether anything limits the call as a whole.
    pub(super) fn is_limited(&self) -> bool {
        self.policy().deadline.is_some() || request_budget::current().is_some()
    }

    /// What is left for the call as a whole, of its own deadline and of what its request was given.
    pub(super) fn time_left(&mut self, now: Instant) -> Option<Duration> {
        let of_request = request_budget::current().map(|budget| budget.left_at(now));
        shorter(self.left_of_deadline(now), of_request)
    }

    /// What is left of the deadline, which begins to run now if it has not yet.
    pub(super) fn left_of_deadline(&mut self, now: Instant) -> Option<Duration> {
        let deadline = self.policy().deadline?;
        let started = *self.retry_state().started.get_or_insert(now);
        Some(deadline.saturating_sub(now.saturating_duration_since(started)))
    }

    fn has_started(&self) -> bool {
        self.retry_state
            .as_ref()
            .is_some_and(|retry_state| retry_state.started.is_some())
    }

    /// What the call as a whole has run out of, if it has.
    pub(super) fn out_of_time(&mut self) -> Option<Over> {
        if !self.is_limited() {
            return None;
        }
        let now = clock::now();
        let is_over = |left: Duration| left.is_zero();
        if self.has_started() && self.left_of_deadline(now).is_some_and(is_over) {
            return Some(Over::Deadline);
        }
        let budget = request_budget::current()?;
        is_over(budget.left_at(now)).then_some(Over::RequestBudget {
            budget: budget.total(),
            attempted: true,
        })
    }
}
