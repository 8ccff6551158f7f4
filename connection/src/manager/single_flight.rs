//! Work that one task does for all who wait for it.
//!
//! Nobody waits for somebody else's future to be polled: the work is in a task of its own. That task may be late all the same, in the queue of a
//! worker thread that somebody blocks. One that has not begun after a moment is replaced, and each waiter has a limit of its own.

#[cfg(test)]
mod tests;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

/// A task that has not begun after so long is replaced by another.
const MOMENT: Duration = Duration::from_millis(10);

/// Whoever waits does so for a little longer than the work may take, to hear what it comes to.
const GRACE: Duration = Duration::from_millis(10);

/// One piece of work, and what becomes of it.
pub(crate) struct Flight<T> {
    progress: watch::Sender<Progress<T>>,
}

struct Progress<T> {
    /// When it was made, or began.
    since: Instant,
    stage: Stage<T>,
}

#[derive(Debug)]
enum Stage<T> {
    /// So many tasks have been spawned, of which none has begun. The first is spawned by whoever waits first.
    Spawned(u32),
    Begun,
    /// `None`: whoever did it is gone.
    Over(Option<T>),
}

impl<T> fmt::Debug for Flight<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flight")
    }
}

impl<T> Flight<T> {
    pub(crate) fn new() -> Arc<Self> {
        let progress = Progress {
            since: Instant::now(),
            stage: Stage::Spawned(0),
        };
        Arc::new(Self {
            progress: watch::Sender::new(progress),
        })
    }

    /// Whether it is worth waiting for: one that takes longer than it may stands still somewhere.
    pub(crate) fn is_under_way(&self, limit: Duration) -> bool {
        let progress = self.progress.borrow();
        !matches!(progress.stage, Stage::Over(_))
            && progress.since.elapsed() < limit.saturating_add(GRACE)
    }

    /// Nobody needs it any more. Without this, a task that begins late would work for nothing.
    pub(crate) fn abandon(&self) {
        self.go_on(|stage| (!matches!(stage, Stage::Over(_))).then_some(Stage::Over(None)));
    }

    fn begin(&self) -> bool {
        self.go_on(|stage| matches!(stage, Stage::Spawned(_)).then_some(Stage::Begun))
    }

    fn end(&self, outcome: Option<T>) {
        self.go_on(|stage| matches!(stage, Stage::Begun).then_some(Stage::Over(outcome)));
    }

    /// Whether it is for the caller to spawn a task: not after somebody else who has seen as many.
    fn is_to_spawn(&self, seen: u32) -> bool {
        self.go_on(|stage| match stage {
            Stage::Spawned(times) if *times == seen => Some(Stage::Spawned(times.wrapping_add(1))),
            _ => None,
        })
    }

    fn go_on(&self, next: impl FnOnce(&Stage<T>) -> Option<Stage<T>>) -> bool {
        self.progress
            .send_if_modified(|progress| match next(&progress.stage) {
                Some(stage) => {
                    if matches!(stage, Stage::Begun) {
                        progress.since = Instant::now();
                    }
                    progress.stage = stage;
                    true
                }
                None => false,
            })
    }
}

impl<T: Clone + Send + Sync + 'static> Flight<T> {
    /// Does it in a task, unless another one has begun it by then.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub(crate) fn spawn(self: &Arc<Self>, work: impl Future<Output = T> + Send + 'static) {
        let flight = self.clone();
        tokio::spawn(async move {
            if flight.begin() {
                let under_way = UnderWay(flight);
                let outcome = work.await;
                under_way.0.end(Some(outcome));
            }
        });
    }

    /// What it comes to; `None` if that is not known within `limit`, or if whoever did it is gone. Has it `spawn`ed, and again if need be.
    pub(crate) async fn outcome(&self, limit: Duration, spawn: impl Fn()) -> Option<T> {
        let end = Instant::now() + limit.saturating_add(GRACE).min(FAR);
        let mut progress = self.progress.subscribe();
        let outcome = async {
            loop {
                let seen = match progress.borrow_and_update().stage {
                    Stage::Spawned(times) => times,
                    Stage::Begun | Stage::Over(_) => break,
                };
                let begun = |progress: &Progress<T>| !matches!(progress.stage, Stage::Spawned(_));
                if seen > 0 && timeout(MOMENT, progress.wait_for(begun)).await.is_ok() {
                    break;
                }
                if self.is_to_spawn(seen) {
                    spawn();
                }
            }
            let over = |progress: &Progress<T>| matches!(progress.stage, Stage::Over(_));
            match &progress.wait_for(over).await.ok()?.stage {
                Stage::Over(outcome) => outcome.clone(),
                Stage::Spawned(_) | Stage::Begun => None,
            }
        };
        timeout_at(end, outcome).await.ok().flatten()
    }
}

/// What is as good as no limit, and can be added to any time.
const FAR: Duration = Duration::from_secs(86_400 * 365);

/// A task that has begun. If it is dropped before the end, its runtime is gone, or it has panicked.
struct UnderWay<T>(Arc<Flight<T>>);

impl<T> Drop for UnderWay<T> {
    fn drop(&mut self) {
        self.0.end(None);
    }
}
