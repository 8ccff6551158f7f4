//! A primary store that can do so much and no more: what is asked beyond that waits, and is done though nobody waits for it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::database;

/// At a time.
pub(super) const AT_ONCE: u32 = 4;
const EACH: Duration = Duration::from_millis(20);

#[derive(Clone, Debug)]
pub(super) struct Primary(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    workers: Semaphore,
    /// Questions that it has not answered yet, and the most there were.
    asked: AtomicU32,
    most: AtomicU32,
    answered: AtomicU32,
}

impl Primary {
    pub(super) fn new() -> Self {
        Self(Arc::new(Inner {
            workers: Semaphore::new(AT_ONCE as usize),
            asked: AtomicU32::new(0),
            most: AtomicU32::new(0),
            answered: AtomicU32::new(0),
        }))
    }

    /// The name of a user. Who asks may go: the work is done all the same, as databases do.
    pub(super) async fn name_of(&self, id: u32) -> Option<String> {
        let inner = self.0.clone();
        let asked = inner.asked.fetch_add(1, Ordering::Relaxed) + 1;
        inner.most.fetch_max(asked, Ordering::Relaxed);
        let work = tokio::spawn(async move {
            let worker = inner.workers.acquire().await;
            tokio::time::sleep(EACH).await;
            drop(worker);
            inner.asked.fetch_sub(1, Ordering::Relaxed);
            inner.answered.fetch_add(1, Ordering::Relaxed);
            database::name_of(id)
        });
        work.await.ok()
    }

    /// The most questions that were open at a time.
    pub(super) fn most(&self) -> u32 {
        self.0.most.load(Ordering::Relaxed)
    }

    pub(super) fn answered(&self) -> u32 {
        self.0.answered.load(Ordering::Relaxed)
    }
}
