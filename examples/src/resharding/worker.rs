//! Callers, each with a counter of its own that nobody else counts with.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use redis::{RedisResult, Script};
use redis_resilient::Class;
use redis_resilient::connection::{Connector, Once};
use redis_resilient_testkit::RealCluster;
use tokio::runtime::Runtime;

use super::calls;
use super::counter::{Counter, Wrong};
use super::journal::{Call, Journal};
use super::lock::{self, Holders};
use super::reader;
use crate::program::Failure;

/// Between two calls of one caller.
pub(super) const PAUSE: Duration = Duration::from_millis(4);

const INCREMENT: &str = "return redis.call('INCR', KEYS[1])";

/// In which way a caller counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Command,
    Transaction,
    Pipeline,
    Script,
    Once,
}

const WAYS: [Way; 5] = [
    Way::Command,
    Way::Transaction,
    Way::Pipeline,
    Way::Script,
    Way::Once,
];

/// What all callers share.
#[derive(Clone, Debug)]
pub(super) struct Common {
    pub(super) redis: Connector,
    pub(super) journal: Arc<Journal>,
    pub(super) over: Arc<AtomicBool>,
    begun: Instant,
}

/// One of them, as others see it.
#[derive(Debug)]
pub(super) struct Seen {
    name: String,
    /// When a call that succeeded has begun, in nanoseconds after the beginning.
    served: AtomicU64,
    begun: Instant,
}

impl Seen {
    fn served_since(&self, moment: Instant) -> bool {
        let served = Duration::from_nanos(self.served.load(Ordering::Relaxed));
        self.begun + served > moment
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Common {
    /// Notes one call that began then.
    pub(super) fn note<T>(
        &self,
        who: &Seen,
        begun: Instant,
        result: &RedisResult<T>,
        wrong: Wrong,
    ) {
        if result.is_ok() {
            let now = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
            who.served.store(now, Ordering::Relaxed);
        }
        self.journal.add(Call {
            who: who.name(),
            took: begun.elapsed(),
            failure: result.as_ref().err().map(|error| {
                let class = Class::of(error);
                format!("{class:?}: {error}")
            }),
            wrong,
        });
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// All callers.
pub(super) struct Workers {
    common: Common,
    seen: Vec<Arc<Seen>>,
    threads: Vec<JoinHandle<()>>,
    keys: Vec<String>,
    counters: Arc<Mutex<Vec<(String, Counter)>>>,
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

impl Workers {
    /// Two of each way, one asynchronous and one blocking, their keys spread over all nodes; two who want one lock, and readers.
    pub(super) fn start(
        cluster: &RealCluster,
        runtime: &Runtime,
        journal: &Arc<Journal>,
    ) -> Result<Self, Failure> {
        let redis = Connector::cluster(cluster.urls())?
            .connect_timeout(Duration::from_millis(500))
            .response_timeout(Duration::from_millis(1_500))
            .build();
        let mut workers = Self {
            common: Common {
                redis,
                journal: Arc::clone(journal),
                over: Arc::default(),
                begun: Instant::now(),
            },
            seen: Vec::new(),
            threads: Vec::new(),
            keys: Vec::new(),
            counters: Arc::default(),
        };
        for (way, number) in WAYS.into_iter().zip(0..) {
            for is_async in [true, false] {
                let node = (2 * number + usize::from(is_async)) % 3;
                // Of one slot, together with one that its caller does not use: not all of a slot's keys move at once.
                let key = format!("{{{}-{number}}}count", cluster.key_on(node));
                workers.count(way, is_async.then_some(runtime), key);
            }
        }
        workers.lock(runtime);
        for (what, tags) in [("reader", reader::NARROW), ("wide reader", reader::WIDE)] {
            runtime.block_on(reader::write(&workers.common.redis, tags))?;
            workers.read(runtime, what, tags);
        }
        Ok(workers)
    }

    fn lock(&mut self, runtime: &Runtime) {
        self.keys.push(lock::KEY.to_owned());
        let holders = Arc::new(Holders::default());
        let (common, who) = (self.common.clone(), self.seen("lock", true));
        let (handle, its) = (runtime.handle().clone(), Arc::clone(&holders));
        let hold = move || handle.block_on(lock::hold(common, who, its));
        self.threads.push(thread::spawn(hold));
        let (common, who) = (self.common.clone(), self.seen("lock", false));
        let hold = move || lock::hold_blocking(&common, &who, &holders);
        self.threads.push(thread::spawn(hold));
    }

    fn read(&mut self, runtime: &Runtime, what: &str, tags: reader::Tags) {
        self.keys.push(tags[0].to_owned());
        let (common, who) = (self.common.clone(), self.seen(what, true));
        let handle = runtime.handle().clone();
        let read = move || handle.block_on(reader::read(common, who, tags));
        self.threads.push(thread::spawn(read));
        let (common, who) = (self.common.clone(), self.seen(what, false));
        let read = move || reader::read_blocking(&common, &who, tags);
        self.threads.push(thread::spawn(read));
    }

    fn seen(&mut self, what: &str, is_async: bool) -> Arc<Seen> {
        let kind = if is_async { "async" } else { "blocking" };
        let seen = Arc::new(Seen {
            name: format!("{what}, {kind}"),
            served: AtomicU64::new(0),
            begun: self.common.begun,
        });
        self.seen.push(Arc::clone(&seen));
        seen
    }

    fn count(&mut self, way: Way, runtime: Option<&Runtime>, key: String) {
        let who = self.seen(&format!("{way:?}").to_lowercase(), runtime.is_some());
        self.keys.push(key.clone());
        let (common, counters) = (self.common.clone(), Arc::clone(&self.counters));
        let handle = runtime.map(|runtime| runtime.handle().clone());
        self.threads.push(thread::spawn(move || {
            let mut counter = Counter::default();
            let script = Script::new(INCREMENT);
            let mut script = script.prepare_invoke();
            script.key(&key);
            while !common.is_over() {
                let begun = Instant::now();
                let redis = &common.redis;
                let result = match &handle {
                    Some(handle) => handle.block_on(count(way, redis, &key, &script)),
                    None => count_blocking(way, redis, &key, &script),
                };
                let mut wrong = Wrong::default();
                match &result {
                    Ok(number) => wrong = counter.counted(*number),
                    Err(error) => {
                        if matches!(Class::of(error), Class::Ambiguous | Class::NotIdempotent) {
                            counter.unknown();
                        }
                    }
                }
                common.note(&who, begun, &result, wrong);
                thread::sleep(PAUSE);
            }
            let mut counters = counters.lock().unwrap_or_else(PoisonError::into_inner);
            counters.push((key, counter));
        }));
    }

    /// One key of each slot in use.
    pub(super) fn keys(&self) -> Vec<String> {
        self.keys.clone()
    }

    /// Who has had no success since then.
    pub(super) fn not_served_since(&self, moment: Instant) -> Vec<&str> {
        let waiting = self.seen.iter().filter(|one| !one.served_since(moment));
        waiting.map(|one| one.name()).collect()
    }

    /// Whether one of them has panicked.
    pub(super) fn has_lost_one(&self) -> bool {
        self.threads.iter().any(JoinHandle::is_finished)
    }

    /// Ends all callers and looks at all counters once more; how many there are.
    pub(super) fn stop(self) -> Result<usize, Failure> {
        self.common.over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().map_err(|_| "a caller has panicked")?;
        }
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, counter) in &mut *counters {
            let begun = Instant::now();
            let keys = std::slice::from_ref(&*key);
            let number = calls::read_blocking(&self.common.redis, keys)?;
            let wrong = counter.seen(number.first().copied().unwrap_or_default());
            self.common.journal.add(Call {
                who: key,
                took: begun.elapsed(),
                failure: None,
                wrong,
            });
        }
        Ok(counters.len())
    }
}

async fn count(
    way: Way,
    redis: &Connector,
    key: &str,
    script: &redis::ScriptInvocation<'_>,
) -> RedisResult<u64> {
    match way {
        Way::Command => calls::command(redis, key).await,
        Way::Transaction => calls::transaction(redis, key).await,
        Way::Pipeline => calls::pipeline(redis, key).await,
        Way::Script => calls::script(redis, script).await,
        Way::Once => calls::once(redis, &Once::new(), key).await,
    }
}

fn count_blocking(
    way: Way,
    redis: &Connector,
    key: &str,
    script: &redis::ScriptInvocation<'_>,
) -> RedisResult<u64> {
    match way {
        Way::Command => calls::command_blocking(redis, key),
        Way::Transaction => calls::transaction_blocking(redis, key),
        Way::Pipeline => calls::pipeline_blocking(redis, key),
        Way::Script => calls::script_blocking(redis, script),
        Way::Once => calls::once_blocking(redis, &Once::new(), key),
    }
}
