//! What happens to Redis, and when.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::spawn_blocking;
use tokio::time::sleep_until;

use crate::program::Failure;

/// A stretch of the run in which Redis is in one condition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    /// A few words for those who watch.
    pub(crate) meaning: &'static str,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Calm,
    Outage,
    /// Redis answers again.
    Recovery,
}

impl Phase {
    pub(crate) fn is_outage(&self) -> bool {
        self.kind == Kind::Outage
    }
}

/// A phase, and how it is brought about.
#[derive(Debug)]
pub(crate) struct Step<S> {
    pub(crate) phase: Phase,
    /// The time until the next step is due, in thirtieths of the run.
    pub(crate) share: u32,
    /// Blocks until the phase has begun.
    pub(crate) inflict: fn(&S) -> Result<(), Failure>,
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
pub(crate) struct Course<S: 'static> {
    plan: &'static [Step<S>],
    start: Instant,
    length: Duration,
    begun: Mutex<Vec<(Phase, Duration)>>,
}

impl<S: Send + Sync + 'static> Course<S> {
    pub(crate) fn new(plan: &'static [Step<S>], start: Instant, length: Duration) -> Self {
        Self {
            plan,
            start,
            length,
            begun: Mutex::default(),
        }
    }

    /// Lets happen to `servers` what is planned, each at its time; returns when the last phase is over.
    pub(crate) async fn run(&self, servers: &Arc<S>) -> Result<(), String> {
        let mut thirtieths = 0;
        for (number, step) in self.plan.iter().enumerate() {
            sleep_until((self.start + self.length * thirtieths / 30).into()).await;
            thirtieths += step.share;
            let (servers, inflict) = (servers.clone(), step.inflict);
            let before = self.start.elapsed();
            // A real server takes its time to start, and that blocks.
            spawn_blocking(move || inflict(&servers))
                .await
                .map_err(|panic| panic.to_string())
                .and_then(|done| done.map_err(|error| error.to_string()))
                .map_err(|error| format!("the phase \"{}\": {error}", step.phase.name))?;
            // A server that is just dying may be dead already, one that is still starting is still down.
            let from = match step.phase.kind {
                _ if number == 0 => Duration::ZERO,
                Kind::Outage => before,
                Kind::Calm | Kind::Recovery => self.start.elapsed(),
            };
            self.lock().push((step.phase, from));
        }
        sleep_until((self.start + self.length).into()).await;
        Ok(())
    }

    pub(crate) fn phase(&self) -> Option<Phase> {
        self.lock().last().map(|&(phase, _)| phase)
    }

    /// The phases until `end`.
    pub(crate) fn spans(&self, end: Duration) -> Vec<Span> {
        let begun = self.lock();
        let ends = begun.iter().skip(1).map(|&(_, from)| from);
        let spans = begun.iter().zip(ends.chain([end]));
        spans
            .map(|(&(phase, from), to)| Span {
                phase,
                from,
                to: to.min(end),
            })
            // One may begin late, on a busy machine.
            .filter(|span| span.from < span.to)
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Phase, Duration)>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
