//! A command whose answer is awaited.

use crate::command::Effect;
use redis_resilient_runtime::__seam::cut_off;

/// Tells whether the command may be sent again, if it is dropped before the answer.
pub(crate) struct InFlight<'a, T, F: Fn(&T) -> Effect> {
    command: &'a T,
    effect: F,
    /// The worst of what is sent again.
    repeated: Effect,
    is_answered: bool,
}

impl<'a, T, F: Fn(&T) -> Effect> InFlight<'a, T, F> {
    pub(crate) const fn new(command: &'a T, repeated: Effect, effect: F) -> Self {
        Self {
            command,
            effect,
            repeated,
            is_answered: false,
        }
    }

    /// Whatever the answer is.
    pub(crate) fn answered(mut self) {
        self.is_answered = true;
    }
}

impl<T, F: Fn(&T) -> Effect> Drop for InFlight<'_, T, F> {
    fn drop(&mut self) {
        if !self.is_answered {
            cut_off::note((self.effect)(self.command) <= self.repeated);
        }
    }
}
