//! What is connected on each runtime.
//!
//! A connection is served by a task of the runtime that it was made on, and stands still with it. So each runtime has its own, and whoever asks waits
//! for nothing that another runtime has to do. An entry ends with its runtime, for which the runtime need not be driven any more.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis::RedisResult;
use tokio::runtime::Id;

use super::companion::Companion;
use super::single_flight::Flight;
use crate::manager::generation::Generation;

/// What is connected, by runtime. Most applications have one.
#[derive(Debug, Default)]
pub(crate) struct Runtimes(Mutex<Vec<Entry>>);

#[derive(Debug)]
struct Entry {
    runtime: Id,
    state: State,
    /// `None` for a moment only.
    companion: Option<Companion>,
}

#[derive(Debug, Default)]
pub(crate) enum State {
    /// Nobody has asked yet.
    #[default]
    Nothing,
    Connected(Arc<Generation>),
    /// In the making, for all who ask meanwhile; or it has failed.
    Building(Arc<Build>),
}

pub(crate) type Build = Flight<RedisResult<Arc<Generation>>>;

impl Runtimes {
    /// Has the state of this runtime looked at. `true`: this is the first time, and [`keep`](Self::keep) is to follow.
    pub(crate) fn look<T>(&self, runtime: Id, look: impl FnOnce(&mut State) -> T) -> (T, bool) {
        let mut entries = self.entries();
        if let Some(entry) = entries.iter_mut().find(|entry| entry.runtime == runtime) {
            return (look(&mut entry.state), false);
        }
        let mut state = State::Nothing;
        let looked = look(&mut state);
        entries.push(Entry {
            runtime,
            state,
            companion: None,
        });
        (looked, true)
    }

    /// Keeps what [`forget`](Self::forget)s this runtime at its end.
    pub(crate) fn keep(&self, runtime: Id, companion: Companion) {
        let mut entries = self.entries();
        if let Some(entry) = entries.iter_mut().find(|entry| entry.runtime == runtime) {
            entry.companion = Some(companion);
        }
    }

    /// It has ended, and all that was connected on it.
    pub(crate) fn forget(&self, runtime: Id) {
        let mut entries = self.entries();
        let place = entries.iter().position(|entry| entry.runtime == runtime);
        let ended = place.map(|place| entries.swap_remove(place));
        drop(entries);
        if let Some(State::Connected(generation)) = ended.map(|entry| entry.state) {
            generation.give_up();
        }
    }

    /// This has come of a build, unless it has been given up meanwhile.
    pub(crate) fn connected(&self, runtime: Id, build: &Arc<Build>, generation: &Arc<Generation>) {
        let mut entries = self.entries();
        let mut states = entries
            .iter_mut()
            .filter(|entry| entry.runtime == runtime)
            .map(|entry| &mut entry.state);
        match states.next() {
            Some(state) if matches!(&*state, State::Building(now) if Arc::ptr_eq(now, build)) => {
                *state = State::Connected(generation.clone());
            }
            _ => generation.give_up(),
        }
    }

    /// What is connected, and of use.
    pub(super) fn connected_ones(&self) -> Vec<Arc<Generation>> {
        let entries = self.entries();
        let connected = |entry: &Entry| match &entry.state {
            State::Connected(one) if !one.is_given_up() => Some(one.clone()),
            _ => None,
        };
        entries.iter().filter_map(connected).collect()
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
