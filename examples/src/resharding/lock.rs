//! Two who want one lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use redis_resilient::connection::Lock;

use super::counter::Wrong;
use super::worker::{Common, PAUSE, Seen};

/// In a slot of its own.
pub(super) const KEY: &str = "{resharding}lock";

/// One that is not released because its server was killed is over when another one is there.
static LOCK: Lock<'static> = Lock::new(KEY).lease(Duration::from_secs(2));

/// Under the deadline of all others, with what the last attempt may add.
const WAIT: Duration = Duration::from_millis(3_500);
const HELD: Duration = Duration::from_millis(2);

/// Who holds it, by their own word.
#[derive(Debug, Default)]
pub(super) struct Holders {
    now: AtomicU64,
}

impl Holders {
    /// A second one at the same time is one too many.
    fn enter(&self) -> Wrong {
        Wrong {
            lost: 0,
            doubled: u64::from(self.now.fetch_add(1, Ordering::SeqCst) > 0),
        }
    }

    fn leave(&self) {
        self.now.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(super) async fn hold(common: Common, who: Arc<Seen>, holders: Arc<Holders>) {
    while !common.is_over() {
        let begun = Instant::now();
        let result = LOCK.acquire(&common.redis, WAIT).await;
        let wrong = result
            .as_ref()
            .map_or(Wrong::default(), |_| holders.enter());
        common.note(&who, begun, &result, wrong);
        if let Ok(guard) = result {
            tokio::time::sleep(HELD).await;
            holders.leave();
            // If that fails, it ends with its lease.
            let _ = guard.release().await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

pub(super) fn hold_blocking(common: &Common, who: &Seen, holders: &Holders) {
    while !common.is_over() {
        let begun = Instant::now();
        let result = LOCK.acquire_blocking(&common.redis, WAIT);
        let wrong = result
            .as_ref()
            .map_or(Wrong::default(), |_| holders.enter());
        common.note(who, begun, &result, wrong);
        if let Ok(guard) = result {
            thread::sleep(HELD);
            holders.leave();
            let _ = guard.release();
        }
        thread::sleep(PAUSE);
    }
}
