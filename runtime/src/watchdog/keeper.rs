//! The watchdog of one runtime: a queue, and a task that looks at it when the next one is due.

use std::collections::BTreeMap;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, sleep, sleep_until};

use super::entry::Entry;
use super::moment::{NEVER, instant, since_origin};

/// The watchdog of a runtime.
#[derive(Debug)]
pub(super) struct Keeper {
    runtime: Id,
    /// Its runtime is gone, or about to be. A hint; the queue is closed under its lock.
    is_over: AtomicBool,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    /// By time, then by address.
    entries: BTreeMap<(u64, usize), Arc<Entry>>,
    /// The task that looks at them, once it has.
    task: Option<Waker>,
    /// When it is going to look again; `None`: it has not looked yet.
    looks_at: Option<u64>,
    is_closed: bool,
}

/// Those whose runtimes live.
static ALL: Mutex<Vec<Arc<Keeper>>> = Mutex::new(Vec::new());

impl Keeper {
    /// That of this runtime, which is the one that runs here.
    #[cold]
    #[inline(never)]
    pub(super) fn of(runtime: &Handle) -> Arc<Self> {
        // It panics where timers are not enabled. In the task nobody would hear of it.
        drop(sleep(Duration::ZERO));
        let keeper = {
            let mut all = all();
            if let Some(keeper) = all.iter().find(|keeper| keeper.is_of(runtime)) {
                return Arc::clone(keeper);
            }
            let keeper = Arc::new(Self {
                runtime: runtime.id(),
                is_over: AtomicBool::new(false),
                queue: Mutex::default(),
            });
            all.push(Arc::clone(&keeper));
            keeper
        };
        // Without the lock: a runtime that shuts down drops the task here and now.
        runtime.spawn(Task(Arc::clone(&keeper)).runs());
        keeper
    }

    #[inline]
    pub(super) fn is_of(&self, runtime: &Handle) -> bool {
        self.runtime == runtime.id() && !self.is_over()
    }

    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Looks at the entry no later than then. Its waker is set again: it may have been taken while the entry was in no queue.
    #[cold]
    #[inline(never)]
    pub(super) fn queue(&self, entry: &Arc<Entry>, due: u64, waker: &Waker) {
        // Dropped when the lock is free.
        let mut before = entry.take_waker();
        let task = {
            let mut queue = self.lock();
            if queue.is_closed {
                return;
            }
            // Nobody has set another one: that is done by the one who waits, and he is here. But the task may drop it, under the lock.
            before = before.take().or_else(|| entry.take_waker());
            entry.set_waker(waker);
            let queued = entry.queued();
            if queued <= due {
                return;
            }
            let address = Arc::as_ptr(entry).addr();
            queue.entries.remove(&(queued, address));
            queue.entries.insert((due, address), Arc::clone(entry));
            entry.set_queued(due);
            match queue.looks_at {
                Some(at) if due < at => {
                    queue.looks_at = Some(due);
                    queue.task.clone()
                }
                _ => None,
            }
        };
        if let Some(task) = task {
            task.wake();
        }
        drop(before);
    }

    /// Wakes those whose time is over, and says when it has to look again.
    fn looks(&self, cx: &Context<'_>) -> Option<u64> {
        let now = since_origin(Instant::now());
        let (mut over, mut resting) = (Vec::new(), Vec::new());
        let next = {
            let mut queue = self.lock();
            match &mut queue.task {
                Some(task) => task.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
            while let Some(first) = queue.entries.first_entry()
                && first.key().0 <= now
            {
                let ((_, address), entry) = first.remove_entry();
                entry.set_queued(NEVER);
                match entry.due() {
                    NEVER => resting.push(entry.take_waker()),
                    due if due <= now => over.extend(entry.take_waker()),
                    due => {
                        entry.set_queued(due);
                        queue.entries.insert((due, address), entry);
                    }
                }
            }
            let next = queue.entries.first_key_value().map(|((at, _), _)| *at);
            queue.looks_at = Some(next.unwrap_or(NEVER));
            next
        };
        over.into_iter().for_each(Waker::wake);
        drop(resting);
        next
    }

    /// There is nobody any more who looks. Whoever waits is woken, and goes to the watchdog of the runtime he is in by now.
    fn close(&self) {
        all().retain(|keeper| !std::ptr::eq(&raw const **keeper, self));
        let entries = {
            let mut queue = self.lock();
            queue.is_closed = true;
            self.is_over.store(true, Ordering::Relaxed);
            queue.task = None;
            std::mem::take(&mut queue.entries)
        };
        for entry in entries.into_values() {
            entry.set_queued(NEVER);
            if let Some(waker) = entry.take_waker() {
                waker.wake();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn length(runtime: &Handle) -> Option<usize> {
        let keeper = all().iter().find(|keeper| keeper.is_of(runtime)).cloned();
        keeper.map(|keeper| keeper.lock().entries.len())
    }
}

fn all() -> MutexGuard<'static, Vec<Arc<Keeper>>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// It ends with its runtime only. While nobody waits it has no timer, so that a paused clock stands still.
struct Task(Arc<Keeper>);

impl Task {
    async fn runs(self) {
        let mut timer = pin!(sleep_until(Instant::now()));
        poll_fn(|cx| {
            while let Some(at) = self.0.looks(cx) {
                let at = instant(at);
                if timer.deadline() != at {
                    timer.as_mut().reset(at);
                }
                if timer.as_mut().poll(cx).is_pending() {
                    break;
                }
            }
            Poll::<()>::Pending
        })
        .await;
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.close();
    }
}
