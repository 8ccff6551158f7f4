//! Those who call, again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use redis::aio::ConnectionManager;
use redis::{AsyncCommands, Commands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;
use tokio::runtime::Runtime;

use crate::Result;
use crate::client::{KEY, Kind};
use crate::trial::NEVER;

/// Asynchronous callers, and threads of synchronous ones.
pub(crate) const CALLERS: usize = 200;
pub(crate) const THREADS: usize = 50;
pub(crate) const DEADLINE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(5);

#[redis_resilient(retries = 3, deadline = "2s", breaker = false)]
async fn get(redis: &Connector) -> RedisResult<Option<String>> {
    redis.get().await?.get(KEY).await
}

#[redis_resilient(retries = 3, deadline = "2s", breaker = false)]
fn get_blocking(redis: &Connector) -> RedisResult<Option<String>> {
    redis.get_blocking()?.get(KEY)
}

#[redis_resilient(retries = 3, deadline = "2s", breaker = false)]
async fn get_managed(redis: &mut ConnectionManager) -> RedisResult<Option<String>> {
    redis.get(KEY).await
}

/// What one caller has seen, in microseconds.
#[derive(Debug, Default)]
struct Log {
    longest: AtomicU64,
    /// When it succeeded last, since all began.
    succeeded: AtomicU64,
}

impl Log {
    fn note(&self, epoch: Instant, begun: Instant, has_succeeded: bool) {
        let longest = micros(begun.elapsed());
        self.longest.fetch_max(longest, Ordering::Relaxed);
        if has_succeeded {
            self.succeeded
                .store(micros(epoch.elapsed()), Ordering::Relaxed);
        }
    }
}

pub(crate) struct Callers {
    epoch: Instant,
    logs: Vec<Arc<Log>>,
    _runtime: Runtime,
}

impl Callers {
    /// They go on until the process ends.
    pub(crate) fn start(kind: Kind, url: &str) -> Result<Self> {
        let epoch = Instant::now();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let redis = Connector::open(url)?;
        let count = match kind {
            Kind::ConnectorBlocking => THREADS,
            _ => CALLERS,
        };
        let logs: Vec<_> = (0..count).map(|_| Arc::<Log>::default()).collect();
        match kind {
            Kind::ConnectorBlocking => {
                for log in &logs {
                    let (log, redis) = (log.clone(), redis.clone());
                    thread::spawn(move || {
                        loop {
                            let begun = Instant::now();
                            log.note(epoch, begun, get_blocking(&redis).is_ok());
                            thread::sleep(PAUSE);
                        }
                    });
                }
            }
            Kind::Manager => {
                let client = redis::Client::open(url)?;
                let manager = runtime.block_on(client.get_connection_manager())?;
                for log in &logs {
                    let (log, mut manager) = (log.clone(), manager.clone());
                    runtime.spawn(async move {
                        loop {
                            let begun = Instant::now();
                            log.note(epoch, begun, get_managed(&mut manager).await.is_ok());
                            tokio::time::sleep(PAUSE).await;
                        }
                    });
                }
            }
            _ => {
                for log in &logs {
                    let (log, redis) = (log.clone(), redis.clone());
                    runtime.spawn(async move {
                        loop {
                            let begun = Instant::now();
                            log.note(epoch, begun, get(&redis).await.is_ok());
                            tokio::time::sleep(PAUSE).await;
                        }
                    });
                }
            }
        }
        Ok(Self {
            epoch,
            logs,
            _runtime: runtime,
        })
    }

    /// The longest that any call took.
    pub(crate) fn longest(&self) -> Duration {
        let longest = self
            .logs
            .iter()
            .map(|log| log.longest.load(Ordering::Relaxed));
        Duration::from_micros(longest.max().unwrap_or(0))
    }

    /// Waits until each has succeeded since `over`; how long that took, or `None` if it never happens.
    pub(crate) fn all_back_since(&self, over: Instant) -> Option<Duration> {
        let since = micros(over.saturating_duration_since(self.epoch));
        while over.elapsed() < NEVER {
            let is_back = |log: &Arc<Log>| log.succeeded.load(Ordering::Relaxed) >= since;
            if self.logs.iter().all(is_back) {
                return Some(over.elapsed());
            }
            thread::sleep(PAUSE);
        }
        None
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
