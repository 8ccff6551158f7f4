//! Who calls all the time, from asynchronous and from synchronous code.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use redis::{AsyncCommands as _, Commands as _, RedisResult};
use redis_resilient::connection::Connector;

use crate::Result;

/// Between two calls.
const PAUSE: Duration = Duration::from_millis(10);

#[derive(Default)]
struct Seen {
    is_over: AtomicBool,
    /// Calls that have succeeded.
    succeeded: [AtomicU64; 2],
    longest_us: AtomicU64,
}

impl Seen {
    fn ended(&self, who: usize, begun: Instant, outcome: &RedisResult<()>) {
        let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.longest_us.fetch_max(took, Ordering::Relaxed);
        if outcome.is_ok() {
            self.succeeded[who].fetch_add(1, Ordering::Relaxed);
        }
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

pub(crate) struct Callers {
    seen: Arc<Seen>,
    threads: Vec<JoinHandle<()>>,
}

impl Callers {
    pub(crate) fn start(redis: &Connector) -> Result<Self> {
        let seen = Arc::<Seen>::default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (other, counts) = (redis.clone(), seen.clone());
        let asynchronous = thread::spawn(move || runtime.block_on(call(&other, &counts)));
        let (other, counts) = (redis.clone(), seen.clone());
        let blocking = thread::spawn(move || call_blocking(&other, &counts));
        Ok(Self {
            seen,
            threads: vec![asynchronous, blocking],
        })
    }

    /// Waits until all have had answers.
    pub(crate) fn are_at_work(&self) {
        while self
            .seen
            .succeeded
            .iter()
            .any(|count| count.load(Ordering::Relaxed) < 10)
        {
            sleep(PAUSE);
        }
    }

    /// How long the longest call took.
    pub(crate) fn stop(self) -> Duration {
        self.seen.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            if thread.join().is_err() {
                // It has failed, as loudly as can be.
                return Duration::MAX;
            }
        }
        Duration::from_micros(self.seen.longest_us.load(Ordering::Relaxed))
    }
}

async fn call(redis: &Connector, seen: &Seen) {
    let set = async || redis.get().await?.set::<_, _, ()>("async", 1).await;
    while !seen.is_over() {
        let begun = Instant::now();
        let outcome = set().await;
        seen.ended(0, begun, &outcome);
        tokio::time::sleep(PAUSE).await;
    }
}

fn call_blocking(redis: &Connector, seen: &Seen) {
    let set = || redis.get_blocking()?.set::<_, _, ()>("blocking", 1);
    while !seen.is_over() {
        let begun = Instant::now();
        let outcome = set();
        seen.ended(1, begun, &outcome);
        sleep(PAUSE);
    }
}
