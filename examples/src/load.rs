//! A steady load: calls come at a fixed rate, whether those before them have been answered or not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use crate::row::Row;
use crate::stats::{Log, Record, Served};

/// Calls under way at once, unless told otherwise. A call for which there is no room waits, and its latency grows meanwhile.
const USUAL_IN_FLIGHT: u32 = 256;

/// A call that goes on for so long beyond its deadline hangs: far more than what a busy machine adds to it.
const HANGS: Duration = Duration::from_secs(5);

/// The calls that are made; their mix is the same in every run.
pub(crate) trait Calls: Send + Sync + 'static {
    /// Calls per second.
    const RATE: u32;
    /// The longest of any call.
    const DEADLINE: Duration;
    /// Calls under way at once, at most.
    const IN_FLIGHT: u32 = USUAL_IN_FLIGHT;
    /// By whom they may be served, in the order in which tables and pictures have them.
    const SERVED: &'static [Served] = Served::USUAL;

    /// What the call of this number is.
    fn kind(&self, number: u32) -> Kind;

    /// Makes it.
    fn call(&self, number: u32) -> impl Future<Output = Served> + Send;

    /// What else is to be seen while they are made.
    fn aside(&self) -> Option<Aside> {
        None
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// The index of its row.
    pub(crate) row: usize,
    pub(crate) is_read: bool,
}

/// A line of the live view.
#[derive(Clone, Debug)]
pub(crate) struct Aside {
    pub(crate) name: &'static str,
    pub(crate) text: String,
}

/// What calls are made, and what became of them.
#[derive(Debug)]
pub(crate) struct Load<C> {
    pub(crate) calls: C,
    pub(crate) rows: Vec<Row>,
    /// When the first call is due.
    pub(crate) start: Instant,
    pub(crate) length: Duration,
    pub(crate) log: Log,
    hung: AtomicUsize,
    stopped: AtomicBool,
    abandoned: watch::Sender<bool>,
    room: Arc<Semaphore>,
}

impl<C: Calls> Load<C> {
    pub(crate) fn new(calls: C, rows: Vec<Row>, start: Instant, length: Duration) -> Self {
        Self {
            calls,
            rows,
            start,
            length,
            log: Log::default(),
            hung: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            abandoned: watch::Sender::new(false),
            room: Arc::new(Semaphore::new(C::IN_FLIGHT as usize)),
        }
    }

    pub(crate) fn in_flight(&self) -> usize {
        (C::IN_FLIGHT as usize).saturating_sub(self.room.available_permits())
    }

    /// Calls that were still not over far beyond their deadline.
    pub(crate) fn hung(&self) -> usize {
        self.hung.load(Ordering::Relaxed)
    }

    /// No more calls from now on.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Drops the calls that are under way.
    pub(crate) fn abandon(&self) {
        self.abandoned.send_replace(true);
    }

    /// Makes all calls and returns when they are over. Blocks: the sleep of a thread is ten times as exact as a timer of
    /// the runtime, whose inexactness would count as latency.
    pub(crate) fn run(self: &Arc<Self>, runtime: &Handle) {
        for number in 0.. {
            let due = Duration::from_secs(1) * number / C::RATE;
            if due >= self.length || self.stopped.load(Ordering::Relaxed) {
                break;
            }
            thread::sleep((self.start + due).saturating_duration_since(Instant::now()));
            let room = runtime.block_on(self.room.clone().acquire_owned());
            let load = self.clone();
            runtime.spawn(async move {
                load.call(number, due).await;
                drop(room);
            });
        }
        let _ = runtime.block_on(self.room.acquire_many(C::IN_FLIGHT));
    }

    async fn call(&self, number: u32, due: Duration) {
        let Kind { row, is_read } = self.calls.kind(number);
        let mut abandoned = self.abandoned.subscribe();
        let call = timeout(C::DEADLINE + HANGS, self.calls.call(number));
        let served = tokio::select! {
            served = call => served.unwrap_or_else(|_| {
                self.hung.fetch_add(1, Ordering::Relaxed);
                Served::Nobody
            }),
            _ = abandoned.wait_for(|abandoned| *abandoned) => return,
        };
        self.log.push(Record {
            due,
            latency: self.start.elapsed().saturating_sub(due),
            served,
            row,
            is_read,
        });
    }
}
