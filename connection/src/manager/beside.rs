//! The connection that hedges travel over, where there is but one otherwise: what holds up the first attempt is not to hold up the second.
//!
//! It is made when the first hedge needs it, shared by all hedges, and kept for as long as the others. That it is lost says nothing about them.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::RedisResult;

use super::dedicated::DedicatedRaw;
use super::generation::Generation;
use super::single_flight::Flight;
use crate::manager::Manager;
use crate::raw::RawConnection;
use crate::raw::disconnect_policy::Peer;
use redis_resilient_runtime::__seam::clock::{self, whole_millis};

/// The one of a generation.
#[derive(Default)]
pub(crate) struct Beside(Mutex<State>);

#[derive(Default)]
struct State {
    there: Option<RawConnection>,
    /// One connect for all who want it.
    opening: Option<Arc<Opening>>,
}

type Opening = Flight<RedisResult<RawConnection>>;

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Beside")
    }
}

impl Beside {
    fn there(&self) -> Option<RawConnection> {
        self.state().there.clone()
    }

    /// It is of no use any more, unless it has been replaced already.
    pub(crate) fn forget(&self, number: usize) {
        let mut state = self.state();
        let forgotten = state.there.take_if(|there| there.number() == number);
        drop(state);
        drop(forgotten);
    }

    fn opened(&self, raw: &RawConnection) {
        let mut state = self.state();
        (state.there, state.opening) = (Some(raw.clone()), None);
    }

    /// The connect that is under way, or a new one.
    fn opening(&self, limit: Duration) -> Arc<Opening> {
        let mut state = self.state();
        match &state.opening {
            Some(opening) if opening.is_under_way(limit) => opening.clone(),
            _ => state.opening.insert(Flight::new()).clone(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Manager {
    /// The connection for hedges, which is opened if there is none.
    pub(crate) async fn beside(
        self: &Arc<Self>,
        generation: &Arc<Generation>,
    ) -> RedisResult<RawConnection> {
        if let Some(mut raw) = generation.beside.there() {
            if self.is_well(&mut raw).await {
                return Ok(raw);
            }
            generation.beside.forget(raw.number());
        }
        // To wait for its turn, and to connect.
        let connect = self.endpoint.connect_limit(&self.settings);
        let limit = connect.saturating_mul(3);
        let opening = generation.beside.opening(limit);
        let spawn = || {
            let (manager, generation) = (self.clone(), generation.clone());
            opening.spawn(async move { manager.open_beside(&generation).await });
        };
        let opened = opening.outcome(limit, spawn).await;
        opened.unwrap_or_else(|| Err(self.took_too_long()))
    }

    /// One that has rested is asked first, and one whose credentials are to be renewed is replaced.
    async fn is_well(&self, raw: &mut RawConnection) -> bool {
        let now_ms = clock::now_ms();
        if raw.renewal.is_due(now_ms) {
            return false;
        }
        if raw.rested_ms(now_ms) < whole_millis(self.settings.health_check_after()) {
            return true;
        }
        let limit = self.settings.response_timeout();
        let is_well = raw.answers_within(limit, self.endpoint.peer()).await;
        if is_well {
            raw.heard(clock::now_ms());
        }
        is_well
    }

    async fn open_beside(
        self: &Arc<Self>,
        generation: &Arc<Generation>,
    ) -> RedisResult<RawConnection> {
        let DedicatedRaw { raw, address } = self.connect_dedicated().await?;
        if self.endpoint.peer() == Peer::Server && address.as_ref() != generation.leads_to() {
            // Sentinels have named another server: the others are to go there too.
            generation.give_up();
        }
        let raw = raw.limited(self.settings.response_timeout());
        generation.beside.opened(&raw);
        Ok(raw)
    }
}
