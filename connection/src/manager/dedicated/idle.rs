//! Dedicated connections that no command uses now. After a burst a few of them are kept, and those for a while.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::sleep;

use super::DedicatedRaw;
use redis_resilient_runtime::__seam::clock::now_ms;

/// So many are kept for longer.
const KEPT: usize = 4;
/// For so long each is kept, for the next command of a loop.
const SHORT_MS: u64 = 1_000;
/// For so long the few are.
const LONG_MS: u64 = 5_000;
/// How often it is looked which are not needed any more.
const SWEEP: Duration = Duration::from_millis(500);

/// Those of one generation of connections.
#[derive(Debug, Default)]
pub(crate) struct IdleDedicated(Mutex<Idle>);

#[derive(Debug, Default)]
struct Idle {
    /// Since when, in milliseconds; the longest first.
    dedicated: VecDeque<(u64, DedicatedRaw)>,
    /// There is a task that closes those which are not needed any more.
    is_swept: bool,
}

impl IdleDedicated {
    /// The one that was used last.
    pub(super) fn take(&self) -> Option<DedicatedRaw> {
        Some(self.idle().dedicated.pop_back()?.1)
    }

    /// None of them leads anywhere.
    pub(crate) fn clear(&self) {
        let closed = std::mem::take(&mut self.idle().dedicated);
        drop(closed);
    }

    /// Outside of a runtime nobody would close it later: so it is closed now.
    pub(super) fn put_back(self: &Arc<Self>, dedicated: DedicatedRaw) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let mut idle = self.idle();
        idle.dedicated.push_back((now_ms(), dedicated));
        if !idle.is_swept {
            idle.is_swept = true;
            runtime.spawn(sweep(Sweeper(Arc::downgrade(self))));
        }
    }

    /// Closes those that are not needed any more; `true` if none is left, and whoever looks after them may go.
    fn sweep(&self, now_ms: u64) -> bool {
        let mut idle = self.idle();
        let since = idle.dedicated.iter().map(|(since_ms, _)| *since_ms);
        let count = unneeded(since, idle.dedicated.len(), now_ms);
        let closed: Vec<_> = idle.dedicated.drain(..count).collect();
        let is_over = idle.dedicated.is_empty();
        idle.is_swept = !is_over;
        drop(idle);
        drop(closed);
        is_over
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn sweep(mut sweeper: Sweeper) {
    loop {
        sleep(SWEEP).await;
        let is_over = match sweeper.0.upgrade() {
            Some(idle) => idle.sweep(now_ms()),
            None => true,
        };
        if is_over {
            // Another one may be under way by now.
            sweeper.0 = Weak::new();
            return;
        }
    }
}

/// Where its runtime ends before its work, somebody else begins anew.
struct Sweeper(Weak<IdleDedicated>);

impl Drop for Sweeper {
    fn drop(&mut self) {
        if let Some(idle) = self.0.upgrade() {
            idle.idle().is_swept = false;
        }
    }
}

/// How many of them are not needed any more, of those that have been idle since these times, the longest first.
fn unneeded(since: impl Iterator<Item = u64>, count: usize, now_ms: u64) -> usize {
    let is_unneeded = |(place, since_ms): &(usize, u64)| {
        let idle_ms = now_ms.saturating_sub(*since_ms);
        idle_ms >= LONG_MS || idle_ms >= SHORT_MS && count - place > KEPT
    };
    since.enumerate().take_while(is_unneeded).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_burst_a_few_are_kept_and_those_for_a_while() {
        let unneeded = |since: &[u64], now| unneeded(since.iter().copied(), since.len(), now);
        assert_eq!(unneeded(&[0; 100], SHORT_MS - 1), 0);
        assert_eq!(unneeded(&[0; 100], SHORT_MS), 100 - KEPT);
        assert_eq!(unneeded(&[0; 100], LONG_MS), 100);
        assert_eq!(unneeded(&[0; KEPT], LONG_MS - 1), 0);
        assert_eq!(unneeded(&[0, 1, 2, 3, 4, 900], SHORT_MS), 1);
        assert_eq!(unneeded(&[], LONG_MS), 0);
    }
}
