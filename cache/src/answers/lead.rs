//! One run of the fallback for all calls with the same key.
//!
//! The call that comes first leads. If its future is dropped, or it panics, one of those who wait leads, with a fallback of its own; so does one
//! of them if the leader takes longer than a [`LEASE`]. A leader that is turned away has no outcome: those who wait ask anew, one after the other.

use std::fmt;
use std::sync::Arc;

use redis_resilient_runtime::__seam::cause::Left;

use super::SharedValue;
use crate::defaults::LEASE;
use crate::flight::{Copies, Entered, Flights, Joined, Lead};
use crate::share::Share;

/// What a run has come to.
pub(super) enum Told<T, E> {
    /// A value, of which each gets a clone.
    Value(T),
    /// An error, of which each gets one of its own.
    Failed(Copies<E>),
    /// Nothing: each asks anew.
    Again,
}

/// The runs of one function.
pub struct Leads<T, E> {
    pub(super) flights: Arc<Flights<Told<T, E>>>,
    clone: fn(&T) -> T,
}

/// The call that runs the fallback. Dropped, it passes the lead on.
pub struct Leader<T, E> {
    lead: Lead<Told<T, E>>,
    clone: fn(&T) -> T,
}

/// What a caller has who has waited: the lead, or what another's run has come to; or nothing yet.
type Waited<T, E> = Option<Result<Leader<T, E>, Result<T, E>>>;

impl<T, E> Leads<T, E> {
    pub(super) fn new() -> Self
    where
        T: SharedValue,
    {
        Self {
            flights: Arc::default(),
            clone: T::clone,
        }
    }

    pub(super) async fn enter(&self, key: &str) -> Result<Leader<T, E>, Result<T, E>> {
        let mut entered = self.flights.enter(key);
        if let Entered::Lead(lead) = entered {
            return Ok(self.leader(lead));
        }
        let left = Left::take();
        loop {
            let joined = match entered {
                Entered::Lead(lead) => Joined::Lead(lead),
                Entered::Join(join) => join.wait(LEASE).await,
            };
            if let Some(waited) = self.waited(joined) {
                left.put_back();
                return waited;
            }
            entered = self.flights.enter(key);
        }
    }

    pub(super) fn enter_blocking(&self, key: &str) -> Result<Leader<T, E>, Result<T, E>> {
        loop {
            let joined = match self.flights.enter(key) {
                Entered::Lead(lead) => Joined::Lead(lead),
                Entered::Join(join) => join.wait_blocking(LEASE),
            };
            if let Some(waited) = self.waited(joined) {
                return waited;
            }
        }
    }

    fn waited(&self, joined: Joined<Told<T, E>>) -> Waited<T, E> {
        match joined {
            Joined::Lead(lead) => Some(Ok(self.leader(lead))),
            Joined::Outcome(told) => match &*told {
                Told::Value(value) => Some(Err(Ok((self.clone)(value)))),
                Told::Failed(copies) => Some(Err(Err(copies.make()))),
                Told::Again => None,
            },
        }
    }

    const fn leader(&self, lead: Lead<Told<T, E>>) -> Leader<T, E> {
        Leader {
            lead,
            clone: self.clone,
        }
    }
}

impl<T, E> fmt::Debug for Leads<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Leads").field(&self.flights).finish()
    }
}

#[allow(missing_docs, reason = "for expansions")]
impl<T, E> Leader<T, E> {
    /// Tells the outcome to all who wait.
    ///
    /// # Errors
    /// If that is one.
    pub fn tell(self, result: Result<T, E>, share: Option<Share<E>>) -> Result<T, E> {
        // Who joins after this look leads, and runs a fallback of its own, as if it had come later.
        if !self.lead.is_alone() {
            let told = match (&result, share) {
                (Ok(value), _) => Told::Value((self.clone)(value)),
                (Err(error), Some(share)) => Told::Failed(share(error)),
                (Err(_), None) => Told::Again,
            };
            drop(self.lead.settle(told));
        }
        result
    }

    /// There is no room in the fallback.
    pub fn turned_away(self) {
        drop(self.lead.settle(Told::Again));
    }
}

impl<T, E> fmt::Debug for Leader<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Leader")
    }
}
