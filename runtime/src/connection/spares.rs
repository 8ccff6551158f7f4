//! Connections beside the shared ones: for commands that wait in the server, and for those who want one for themselves.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::RedisResult;

use super::failed::Failed;
use super::keeper::Keeper;
use super::settings::Settings;
use super::wire::Wire;
use crate::clock::{now_ms, whole_millis};

/// How those to one server are connected.
#[derive(Debug, Default)]
pub(super) struct Spares {
    /// The last one, if it could not be made.
    failed: Mutex<Option<Failed>>,
}

impl Spares {
    fn failed(&self) -> MutexGuard<'_, Option<Failed>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those that no command uses now.
#[derive(Debug, Default)]
pub(super) struct IdleSpares(Mutex<Vec<Wire>>);

impl IdleSpares {
    pub(super) fn take(&self) -> Option<Wire> {
        self.wires().pop()
    }

    pub(super) fn put_back(&self, spare: Wire) {
        self.wires().push(spare);
    }

    fn wires(&self) -> MutexGuard<'_, Vec<Wire>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeper {
    /// One more connection.
    pub(super) async fn connect_spare(&self) -> RedisResult<Wire> {
        let settings = Settings {
            connections: 1,
            response_timeout: Duration::MAX,
            ..self.settings.clone()
        };
        let limit_ms = whole_millis(self.source.connect_limit(&settings));
        let failed = {
            let mut last = self.spares.failed();
            let failed = last.clone();
            if let Some(error) = failed.as_ref().and_then(|failed| failed.rest(now_ms())) {
                return Err(error);
            }
            // One tries, and the others fail as the last one did.
            if let Some(failed) = &mut *last {
                failed.rests_until(now_ms().saturating_add(limit_ms));
            }
            failed
        };
        let credentials = self.credentials();
        let connected = self.connect(&settings, credentials.as_ref()).await;
        *self.spares.failed() = connected.as_ref().err().map(|error| {
            let error = error.clone();
            Failed::after(failed.as_ref(), error, now_ms())
        });
        let connected = connected?;
        let wire = connected.wires.into_iter().next();
        wire.ok_or_else(|| self.took_too_long())
    }
}
