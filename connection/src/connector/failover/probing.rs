//! The thread that watches several databases: it probes each, and has done what is due.
//!
//! It has a runtime of its own. Those of the application may stand still, or there may be none; and it is the same for synchronous code.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use redis::{RedisError, RedisResult};
use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::connector::Connector;
use crate::databases::Probes;
use crate::switching::Switching;

/// Between two probes of a round, of which the second does not wait for the first: what stands still is known after one timeout.
const APART: Duration = Duration::from_millis(50);
/// Between two rounds, however many commands fail.
const REST: Duration = Duration::from_millis(100);

/// How they are watched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    pub(crate) interval: Duration,
    /// Of one probe; `None`: as long as the database may take to answer.
    pub(crate) timeout: Option<Duration>,
}

/// One that is watched.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) connector: Connector,
    pub(crate) check: Check,
    pub(crate) doubted: Arc<Notify>,
}

type Own = dyn Fn(Connector) -> Pin<Box<dyn Future<Output = RedisResult<()>> + Send>> + Send + Sync;
type Blocking = dyn Fn(&Connector) -> RedisResult<()> + Send + Sync;

/// What a probe does.
#[derive(Clone)]
pub(crate) enum Check {
    Ping,
    Own(Arc<Own>),
    Blocking {
        check: Arc<Blocking>,
        is_under_way: Arc<AtomicBool>,
    },
}

impl Check {
    pub(crate) fn blocking(check: Arc<Blocking>) -> Self {
        Self::Blocking {
            check,
            is_under_way: Arc::default(),
        }
    }

    async fn run(self, redis: Connector) -> RedisResult<()> {
        match self {
            Self::Ping => {
                let mut connection = redis.get().await?;
                redis::cmd("PING").exec_async(&mut connection).await
            }
            Self::Own(check) => check(redis).await,
            Self::Blocking {
                check,
                is_under_way,
            } => {
                if is_under_way.swap(true, Ordering::Acquire) {
                    return Err(failed("the check before has not returned yet"));
                }
                let ends = Ends(is_under_way);
                let run = tokio::task::spawn_blocking(move || {
                    let _ends = ends;
                    check(&redis)
                });
                run.await.unwrap_or_else(|_| Err(panicked()))
            }
        }
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ping => "PING",
            Self::Own(_) | Self::Blocking { .. } => "check",
        })
    }
}

/// A check that blocks is over when this is dropped.
struct Ends(Arc<AtomicBool>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Watches them until nobody has them any more.
pub(crate) fn start(
    switching: &Arc<Switching>,
    all: Vec<Watched>,
    probes: Probes,
    watch: Watch,
) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let gone = switching.gone.clone();
    let changed = switching.changed.clone();
    let switching = Arc::downgrade(switching);
    let run = move || {
        runtime.block_on(async move {
            let mut tasks = JoinSet::new();
            tasks.spawn(keep_time(switching.clone(), changed));
            for (place, watched) in all.into_iter().enumerate() {
                tasks.spawn(keep_watch(switching.clone(), place, watched, probes, watch));
            }
            gone.notified().await;
        });
        // A check that blocks may never return.
        runtime.shutdown_background();
    };
    let thread = std::thread::Builder::new().name("redis-databases".to_owned());
    thread.spawn(run).map(drop)
}

/// Has done what is due without anything new about a database.
async fn keep_time(switching: Weak<Switching>, changed: Arc<Notify>) {
    loop {
        let due_in_ms = {
            let Some(switching) = switching.upgrade() else {
                return;
            };
            switching.due_in_ms()
        };
        let Some(due_in_ms) = due_in_ms else {
            changed.notified().await;
            continue;
        };
        let due = Duration::from_millis(due_in_ms);
        if timeout(due, changed.notified()).await.is_ok() {
            continue;
        }
        if let Some(switching) = switching.upgrade() {
            switching.settle();
        }
    }
}

async fn keep_watch(
    switching: Weak<Switching>,
    place: usize,
    watched: Watched,
    probes: Probes,
    watch: Watch,
) {
    let settings = &watched.connector.manager.settings;
    loop {
        let Some(chance) = switching.upgrade().map(|all| all.round_begins(place)) else {
            return;
        };
        let limit = watch.timeout.unwrap_or_else(|| settings.response_timeout());
        let outcome = round(&watched, probes, limit).await;
        match switching.upgrade() {
            Some(all) => all.probed(place, chance, &outcome),
            None => return,
        }
        sleep(REST.min(watch.interval)).await;
        let rest = watch.interval.saturating_sub(REST);
        // Not all processes at once.
        let rest = rest.mul_f64(0.9 + 0.2 * fastrand::f64());
        let _ = timeout(rest, watched.doubted.notified()).await;
    }
}

/// Whether it is well, and what is wrong with it if it is not.
async fn round(watched: &Watched, probes: Probes, limit: Duration) -> RedisResult<()> {
    let mut round = probes.round();
    let mut under_way = JoinSet::new();
    let mut next_at = Instant::now();
    let mut failure = panicked();
    loop {
        if Instant::now() >= next_at && round.begins_another() {
            let check = watched.check.clone().run(watched.connector.clone());
            under_way.spawn(async move {
                let silent = || failed(&format!("a probe was not answered within {limit:?}"));
                timeout(limit, check)
                    .await
                    .unwrap_or_else(|_| Err(silent()))
            });
            next_at = Instant::now() + APART;
        }
        let ended = match timeout_at(next_at, under_way.join_next()).await {
            Ok(Some(ended)) => ended,
            // None is under way, or another is to begin.
            Ok(None) => {
                tokio::time::sleep_until(next_at).await;
                continue;
            }
            Err(_) => {
                if !round.has_another() {
                    next_at = Instant::now() + limit;
                }
                continue;
            }
        };
        let outcome = ended.unwrap_or_else(|_| Err(panicked()));
        round.ends_one(outcome.is_ok());
        if let Err(error) = outcome {
            failure = error;
        }
        match round.verdict() {
            Some(true) => return Ok(()),
            Some(false) => return Err(failure),
            None => {}
        }
    }
}

fn failed(text: &str) -> RedisError {
    io::Error::new(io::ErrorKind::TimedOut, text.to_owned()).into()
}

fn panicked() -> RedisError {
    io::Error::other("a check has panicked").into()
}
