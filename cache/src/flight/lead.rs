//! Who loads, for all who have joined.

use std::sync::Arc;

use super::{Led, Seat};

/// The lead of a flight. Dropped without an outcome, it passes on to one of those who wait.
pub(crate) struct Lead<O>(Option<Seat<O>>);

/// An outcome that is known and may still be asked for: whoever comes while the value is being stored has it from here.
pub(crate) struct Settled<O>(
    #[allow(dead_code, reason = "it is held, and dropped")] Option<Out<O>>,
);

/// Takes the flight out of the map when it is dropped.
struct Out<O>(Seat<O>);

impl<O> Lead<O> {
    pub(super) const fn new(seat: Seat<O>) -> Self {
        Self(Some(seat))
    }

    /// Whether nobody has joined. Somebody may at any moment.
    pub(crate) fn is_alone(&self) -> bool {
        self.0
            .as_ref()
            .is_none_or(|seat| seat.flight.state().members == 1)
    }

    /// Tells the outcome to all who have joined. Does nothing if another leader was faster.
    pub(crate) fn settle(mut self, outcome: O) -> Settled<O> {
        let Some(seat) = self.0.take() else {
            return Settled(None);
        };
        let woken = {
            let mut state = seat.flight.state();
            if matches!(state.led, Led::Over(_)) {
                Vec::new()
            } else {
                state.led = Led::Over(Arc::new(outcome));
                state.wake_all()
            }
        };
        woken.into_iter().for_each(std::task::Waker::wake);
        Settled(Some(Out(seat)))
    }
}

impl<O> Drop for Lead<O> {
    fn drop(&mut self) {
        let Some(seat) = self.0.take() else { return };
        let woken = {
            let mut state = seat.flight.state();
            match state.led {
                Led::By { number, .. } if number == seat.number => {
                    state.led = Led::Free;
                    state.wake_all()
                }
                // Somebody has overtaken this one.
                _ => Vec::new(),
            }
        };
        woken.into_iter().for_each(std::task::Waker::wake);
        drop(seat);
    }
}

impl<O> Drop for Out<O> {
    fn drop(&mut self) {
        let mut map = self.0.flights.map();
        self.0.take_out(&mut map);
    }
}
