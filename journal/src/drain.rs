//! Empties a journal as soon as Redis is back, on a thread of its own: no caller has to come by, and no caller's runtime carries it.

pub(crate) mod lanes;
pub(crate) mod pace;
pub(crate) mod pass;
pub(crate) mod replay;
pub(crate) mod unsure;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use redis_resilient_connection::Connector;
use tokio::sync::Notify;
use tokio::time::timeout;

use self::pass::{Ended, pass};
use self::unsure::Unsure;
use crate::events::Events;
use crate::keeper::Keeper;
use crate::waiting::Waiting;

/// How a journal is emptied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// How many entries are executed beside each other.
    pub(crate) concurrency: usize,
    pub(crate) per_second: Option<u32>,
    pub(crate) coalesces: bool,
    pub(crate) max_dead: usize,
}

/// What the thread works with.
#[derive(Debug)]
pub(crate) struct Drained {
    pub(crate) connector: Connector,
    pub(crate) keeper: Arc<dyn Keeper>,
    pub(crate) waiting: Arc<Waiting>,
    pub(crate) settings: Settings,
    pub(crate) events: Events,
    pub(crate) wake: Arc<Notify>,
    pub(crate) stop: Stop,
    pub(crate) progress: Tally,
    pub(crate) unsure: Mutex<Unsure>,
}

/// Asks the thread to end.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    asked: AtomicBool,
    notify: Notify,
}

/// What has been done since the journal was last empty.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) executed: AtomicU64,
    pub(crate) expired: AtomicU64,
    is_running: AtomicBool,
    since: Mutex<Option<Instant>>,
}

#[derive(Debug)]
pub(crate) struct Drain {
    pub(crate) shared: Arc<Drained>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Between two looks whether Redis is back: what waits longest for a look waits for the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(250));

/// How long Redis may take to say that it is there.
const PING: Duration = Duration::from_secs(2);

impl Stop {
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drained {
    pub(crate) fn unsure(&self) -> MutexGuard<'_, Unsure> {
        self.unsure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the thread to look at once whether Redis takes what waits.
    pub(crate) fn look_now(&self) {
        self.stop.notify.notify_one();
    }

    /// Asks the thread to end, wherever it waits.
    pub(crate) fn ask_to_stop(&self) {
        self.stop.asked.store(true, Ordering::SeqCst);
        self.stop.notify.notify_one();
        self.wake.notify_one();
    }
}

impl Tally {
    /// How much has been done, and in what time.
    pub(crate) fn so_far(&self) -> (u64, Duration) {
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = since.map_or(Duration::ZERO, |since| since.elapsed());
        (self.executed.load(Ordering::Relaxed), elapsed)
    }

    /// Whether what waits is being executed at this moment.
    pub(crate) fn is_running(&self) -> bool {
        self.is_running.load(Ordering::Relaxed)
    }

    fn runs(&self, runs: bool) {
        self.is_running.store(runs, Ordering::Relaxed);
    }

    fn begin(&self) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if since.is_none() {
            *since = Some(Instant::now());
            self.executed.store(0, Ordering::Relaxed);
            self.expired.store(0, Ordering::Relaxed);
        }
    }

    /// What was done, and in what time; from here on it is counted anew. `None`: another process has done it.
    fn end(&self) -> Option<(u64, u64, Duration)> {
        let (executed, took) = self.so_far();
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.take()?;
        Some((executed, self.expired.load(Ordering::Relaxed), took))
    }
}

impl Drain {
    pub(crate) fn start(shared: Arc<Drained>) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let drained = shared.clone();
        let thread = thread::Builder::new()
            .name("redis-resilient-journal".to_owned())
            .spawn(move || runtime.block_on(run(&drained)))?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Waits for what is under way, and ends.
    pub(crate) fn end(&self) {
        self.shared.ask_to_stop();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

async fn run(drained: &Arc<Drained>) {
    let mut pause = PAUSES.0;
    while !drained.stop.is_asked() {
        if drained.waiting.entries() == 0 {
            pause = PAUSES.0;
            drained.wake.notified().await;
            continue;
        }
        let ended = if !is_there(drained).await {
            drained.keeper.rest();
            Ended::Held
        } else if leads(drained).await {
            drained.progress.begin();
            drained.progress.runs(true);
            let ended = pass(drained).await;
            drained.progress.runs(false);
            ended
        } else {
            Ended::Held
        };
        if drained.waiting.entries() == 0 {
            drained.keeper.rest();
            if let Some((executed, expired, took)) = drained.progress.end() {
                drained.events.drained(executed, expired, took);
            }
        }
        if ended == Ended::Progressed {
            pause = PAUSES.0;
            continue;
        }
        let _ = timeout(pause, drained.stop.notify.notified()).await;
        pause = (pause * 2).min(PAUSES.1);
    }
    drained.keeper.rest();
}

/// Whether this process is the one that executes.
async fn leads(drained: &Drained) -> bool {
    drained.keeper.lead().await.unwrap_or_else(|error| {
        drained.events.storage(&error);
        false
    })
}

/// Whether Redis answers: nothing is sent before it does that might then be executed by nobody knows whom.
async fn is_there(drained: &Drained) -> bool {
    let ping = async {
        let mut connection = drained.connector.get().await?;
        redis::cmd("PING").exec_async(&mut connection).await
    };
    match timeout(PING, ping).await {
        Ok(Ok(())) => return true,
        Ok(Err(error)) => drained.events.not_taken(&error),
        Err(_) => drained.events.silent(PING),
    }
    false
}
