//! What a connector has that has several databases.

use std::sync::{Arc, Mutex, PoisonError};

use redis::{ErrorKind, RedisError, RedisResult};
use redis_resilient_runtime::Registry;

use super::probing::{self, Watch, Watched};
use crate::databases::Probes;
use crate::switching::Switching;

/// The databases, and what has them watched from the first use on.
#[derive(Debug)]
pub(crate) struct Several {
    switching: Arc<Switching>,
    /// `None`: they are watched.
    unwatched: Mutex<Option<Vec<Watched>>>,
    probes: Probes,
    watch: Watch,
}

impl Several {
    pub(crate) const fn new(
        switching: Arc<Switching>,
        watched: Vec<Watched>,
        probes: Probes,
        watch: Watch,
    ) -> Self {
        Self {
            switching,
            unwatched: Mutex::new(Some(watched)),
            probes,
            watch,
        }
    }

    pub(crate) const fn switching(&self) -> &Arc<Switching> {
        &self.switching
    }

    /// Has them watched, if they are not yet.
    ///
    /// # Errors
    /// If the system has no thread for that.
    pub(crate) fn is_used(&self) -> RedisResult<()> {
        let mut unwatched = self
            .unwatched
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(watched) = &*unwatched else {
            return Ok(());
        };
        probing::start(&self.switching, watched.clone(), self.probes, self.watch)?;
        *unwatched = None;
        Registry::global().register_databases(&self.switching);
        Ok(())
    }
}

pub(super) fn only_one(database: &str) -> RedisError {
    (
        ErrorKind::InvalidClientConfig,
        "cannot switch: this connector has one database, and was not built by Connector::failover",
        database.to_owned(),
    )
        .into()
}
