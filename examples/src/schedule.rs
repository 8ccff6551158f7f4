//! What happens to Redis, and when.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::spawn_blocking;
use tokio::time::sleep_until;

use crate::server::Server;

/// A stretch of the run in which Redis is in one condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Healthy,
    Killed,
    Restarted,
    Frozen,
    Thawed,
}

impl Phase {
    /// In this order, each with its share of the run in thirtieths.
    const PLAN: [(Self, u32); 5] = [
        (Self::Healthy, 4),
        (Self::Killed, 7),
        (Self::Restarted, 6),
        (Self::Frozen, 6),
        (Self::Thawed, 7),
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Killed => "killed",
            Self::Restarted => "restarted",
            Self::Frozen => "frozen",
            Self::Thawed => "thawed",
        }
    }

    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Healthy => "Redis answers",
            Self::Killed => "connections are refused",
            Self::Restarted => "Redis answers again",
            Self::Frozen => "Redis takes commands and never answers",
            Self::Thawed => "Redis answers again, first what has piled up",
        }
    }

    pub(crate) fn is_outage(self) -> bool {
        matches!(self, Self::Killed | Self::Frozen)
    }

    fn inflict(self, server: &Server) -> Result<(), Box<dyn Error + Send + Sync>> {
        match self {
            Self::Healthy => Ok(()),
            Self::Killed => {
                server.kill();
                Ok(())
            }
            Self::Restarted => server.revive(),
            Self::Frozen => server.freeze(),
            Self::Thawed => server.thaw(),
        }
    }
}

/// A phase as it really was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) phase: Phase,
    /// When it was in force, since the start.
    pub(crate) from: Duration,
    pub(crate) to: Duration,
}

/// The phases so far.
#[derive(Debug)]
pub(crate) struct Course {
    start: Instant,
    length: Duration,
    begun: Mutex<Vec<(Phase, Duration)>>,
}

impl Course {
    pub(crate) fn new(start: Instant, length: Duration) -> Self {
        Self {
            start,
            length,
            begun: Mutex::new(vec![(Phase::Healthy, Duration::ZERO)]),
        }
    }

    /// Lets happen to `server` what is planned, each at its time; returns when the last phase is over.
    pub(crate) async fn run(&self, server: &Arc<Server>) -> Result<(), String> {
        let mut thirtieths = 0;
        for (phase, share) in Phase::PLAN {
            sleep_until((self.start + self.length * thirtieths / 30).into()).await;
            thirtieths += share;
            let server = server.clone();
            let before = self.start.elapsed();
            // A real server takes its time to start, and that blocks.
            spawn_blocking(move || phase.inflict(&server))
                .await
                .map_err(|panic| panic.to_string())
                .and_then(|done| done.map_err(|error| error.to_string()))
                .map_err(|error| format!("Redis could not be {}: {error}", phase.name()))?;
            // A server that is just dying may be dead already, one that is still starting is still down.
            let from = if phase.is_outage() {
                before
            } else {
                self.start.elapsed()
            };
            if phase != Phase::Healthy {
                self.lock().push((phase, from));
            }
        }
        sleep_until((self.start + self.length).into()).await;
        Ok(())
    }

    pub(crate) fn phase(&self) -> Phase {
        self.lock()
            .last()
            .map_or(Phase::Healthy, |&(phase, _)| phase)
    }

    /// The phases until `end`.
    pub(crate) fn spans(&self, end: Duration) -> Vec<Span> {
        let begun = self.lock();
        let ends = begun.iter().skip(1).map(|&(_, from)| from);
        let spans = begun.iter().zip(ends.chain([end]));
        spans
            .map(|(&(phase, from), to)| Span { phase, from, to })
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Phase, Duration)>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
