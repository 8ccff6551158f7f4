//! A command whose answer is awaited.

use super::command::Effect;
use crate::cut_off;

/// Tells of a command that must not be sent again, if it is dropped before the answer.
pub(super) struct InFlight<'a, T, F: Fn(&T) -> Effect> {
    command: &'a T,
    effect: F,
    /// The worst of what is sent again.
    repeated: Effect,
    is_answered: bool,
}

impl<'a, T, F: Fn(&T) -> Effect> InFlight<'a, T, F> {
    pub(super) const fn new(command: &'a T, repeated: Effect, effect: F) -> Self {
        Self {
            command,
            effect,
            repeated,
            is_answered: false,
        }
    }

    /// Whatever the answer is.
    pub(super) fn answered(mut self) {
        self.is_answered = true;
    }
}

impl<T, F: Fn(&T) -> Effect> Drop for InFlight<'_, T, F> {
    fn drop(&mut self) {
        if !self.is_answered && (self.effect)(self.command) > self.repeated {
            cut_off::note(self.command);
        }
    }
}

/// Takes back what is told of this command: it is one that may be sent again.
pub(super) struct MayBeRepeated<'a, T>(pub(super) &'a T);

impl<T> Drop for MayBeRepeated<'_, T> {
    fn drop(&mut self) {
        cut_off::strike_out(self.0);
    }
}
