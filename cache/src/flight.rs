//! One load at a time for each key, in this process: the first to miss leads, and those who come after it join and are told the outcome. What an
//! outcome is, `O`, is the user's affair.
//!
//! * A leader that is dropped passes the lead on: one of those who wait loads.
//! * So does one that panics.
//! * A leader that takes too long, or whose future nobody polls, is overtaken by one of those who wait, and told nothing.
//! * An invalidation takes the flight out of the map: who comes after it begins anew, and does not get what was read before.

mod join;
mod lead;
mod outcome;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use redis_resilient_runtime::__seam::clock::{Instant, now};

pub(crate) use self::join::{Join, Joined};
pub(crate) use self::lead::{Lead, Settled};
pub use self::outcome::Copies;
pub(crate) use self::outcome::{Outcome, Value};

/// The flights of one cache, by key.
pub(crate) struct Flights<O>(Mutex<ByKey<O>>);

type ByKey<O> = HashMap<Arc<str>, Arc<Flight<O>>>;

struct Flight<O>(Mutex<State<O>>);

struct State<O> {
    led: Led<O>,
    /// The leader and those who have joined, as long as they are there.
    members: usize,
    waiting: HashMap<u64, Waker>,
    /// Of the members: each has its own.
    next_number: u64,
}

enum Led<O> {
    By {
        number: u64,
        since: Instant,
    },
    /// The leader is gone without an outcome.
    Free,
    Over(Arc<O>),
}

/// What somebody is who has missed.
pub(crate) enum Entered<O> {
    Lead(Lead<O>),
    Join(Join<O>),
}

/// A member of a flight, which has to leave it.
struct Seat<O> {
    flights: Arc<Flights<O>>,
    key: Arc<str>,
    flight: Arc<Flight<O>>,
    number: u64,
}

impl<O> Flights<O> {
    /// Joins the flight of that key, or begins one.
    pub(crate) fn enter(self: &Arc<Self>, key: &str) -> Entered<O> {
        let mut map = self.map();
        let (key, flight) = if let Some((key, flight)) = map.get_key_value(key) {
            (key.clone(), flight.clone())
        } else {
            let (key, flight) = (Arc::<str>::from(key), Arc::new(Flight::default()));
            map.insert(key.clone(), flight.clone());
            (key, flight)
        };
        let mut state = flight.state();
        let number = state.next_number;
        state.next_number += 1;
        state.members += 1;
        let leads = matches!(state.led, Led::Free);
        if leads {
            state.led = Led::By {
                number,
                since: now(),
            };
        }
        drop(state);
        drop(map);
        let seat = Seat {
            flights: self.clone(),
            key,
            flight,
            number,
        };
        if leads {
            Entered::Lead(Lead::new(seat))
        } else {
            Entered::Join(Join::new(seat))
        }
    }

    /// Nobody joins the flight of that key any more: what it loads may be from before an invalidation.
    pub(crate) fn detach(&self, key: &str) {
        self.map().remove(key);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.map().len()
    }

    fn map(&self) -> MutexGuard<'_, ByKey<O>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O> fmt::Debug for Flights<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flights({})", self.len())
    }
}

impl<O> Default for Flights<O> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<O> Default for Flight<O> {
    fn default() -> Self {
        Self(Mutex::new(State {
            led: Led::Free,
            members: 0,
            waiting: HashMap::new(),
            next_number: 0,
        }))
    }
}

impl<O> Flight<O> {
    fn state(&self) -> MutexGuard<'_, State<O>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O> State<O> {
    /// Those who are to look again; they are woken without the lock.
    fn wake_all(&mut self) -> Vec<Waker> {
        self.waiting.drain().map(|(_, waker)| waker).collect()
    }
}

impl<O> Seat<O> {
    /// Takes the flight out of the map, if it is still the one there.
    fn take_out(&self, map: &mut ByKey<O>) {
        if let Entry::Occupied(entry) = map.entry(self.key.clone())
            && Arc::ptr_eq(entry.get(), &self.flight)
        {
            entry.remove();
        }
    }
}

impl<O> Drop for Seat<O> {
    fn drop(&mut self) {
        let mut map = self.flights.map();
        let mut state = self.flight.state();
        state.members -= 1;
        state.waiting.remove(&self.number);
        if state.members == 0 {
            drop(state);
            self.take_out(&mut map);
        }
    }
}

#[cfg(test)]
mod tests;
