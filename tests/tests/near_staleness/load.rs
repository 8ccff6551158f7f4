//! One who writes, and some who read.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use redis::{ConnectionAddr, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient_cache::__seam::{Bounds, HasOrigin, Near, Origin, Tracker, near_tracking};
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

use crate::account::{Account, Old, Write};
use crate::scene::Scene;
use crate::{AnyResult, MS};

const KEYS: usize = 12;
const READERS: usize = 4;
/// More than a busy machine takes.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

fn key(key: usize) -> String {
    format!("near:{{{key}}}")
}

/// The versions that were written, in their order.
fn log(key: usize) -> String {
    format!("log:{{{key}}}")
}

pub(crate) struct Load {
    runtime: Runtime,
    shared: Arc<Shared>,
}

struct Shared {
    writer: Connector,
    /// The one that is told of changes.
    reader: Connector,
    /// Another way to the same server, on which no fault strikes: values come while news do not.
    way_round: Option<(Connector, ConnectionAddr)>,
    near: Near<Value>,
    tracker: Tracker,
    writes: Vec<Mutex<Vec<Write>>>,
    latest: Vec<AtomicU64>,
    old: Mutex<Vec<Old>>,
    reads: AtomicU64,
    served_near: AtomicU64,
    is_over: AtomicBool,
}

struct Value {
    version: u64,
    read: Instant,
}

/// Claims to come from where is listened.
struct From<'a>(&'a ConnectionAddr);

impl HasOrigin for From<'_> {
    fn origin(&self) -> Option<Origin> {
        Some(Origin::Server(self.0.clone()))
    }
}

impl Load {
    pub(crate) fn begin(scene: &Scene) -> AnyResult<Self> {
        let reader = scene.reader()?;
        let (near, tracker) = near_tracking(&reader, "near:", Bounds::DEFAULT)?;
        let shared = Arc::new(Shared {
            writer: scene.writer()?,
            way_round: scene.way_round()?,
            reader,
            near,
            tracker,
            writes: (0..KEYS).map(|_| Mutex::default()).collect(),
            latest: (0..KEYS).map(|_| AtomicU64::new(0)).collect(),
            old: Mutex::default(),
            reads: AtomicU64::new(0),
            served_near: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        runtime.spawn(shared.clone().write());
        for reader in 0..READERS {
            runtime.spawn(shared.clone().read(reader % 2 == 0));
        }
        Ok(Self { runtime, shared })
    }

    /// Waits until values are kept near, and so for a moment.
    pub(crate) fn is_served_near(&self) -> AnyResult<()> {
        let shared = &self.shared;
        let before = shared.served_near.load(Ordering::Relaxed);
        let begun = Instant::now();
        while shared.served_near.load(Ordering::Relaxed) < before + 200 {
            if begun.elapsed() > PATIENCE {
                let why = shared.tracker.failure();
                return Err(format!("nothing is served near: {why:?}").into());
            }
            std::thread::sleep(MS(5));
        }
        std::thread::sleep(MS(300));
        Ok(())
    }

    pub(crate) fn end(self, scene: &Scene, faults: usize) -> AnyResult<Account> {
        let Self { runtime, shared } = self;
        shared.is_over.store(true, Ordering::Relaxed);
        let kept = if scene.loses_writes() {
            Some(runtime.block_on(shared.kept())?)
        } else {
            None
        };
        runtime.shutdown_timeout(MS(2000));
        let writes: Vec<_> = shared
            .writes
            .iter()
            .map(|writes| lock(writes).clone())
            .collect();
        let mut account = Account {
            faults,
            reads: shared.reads.load(Ordering::Relaxed),
            near: shared.served_near.load(Ordering::Relaxed),
            ..Account::default()
        };
        account.judge(&writes, kept.as_deref(), &lock(&shared.old));
        Ok(account)
    }
}

impl Shared {
    async fn write(self: Arc<Self>) {
        let mut version = 0;
        while !self.is_over.load(Ordering::Relaxed) {
            for number in 0..KEYS {
                version += 1;
                let write = async {
                    let mut redis = self.writer.get().await?;
                    redis::pipe()
                        .atomic()
                        .set(key(number), version)
                        .rpush(log(number), version)
                        .exec_async(&mut redis)
                        .await
                };
                if let Ok(Ok(())) = timeout(MS(1000), write).await {
                    lock(&self.writes[number]).push(Write {
                        version,
                        acknowledged: Instant::now(),
                    });
                    self.latest[number].store(version, Ordering::SeqCst);
                }
                // A value is kept for a while before it is written over.
                sleep(MS(15)).await;
            }
        }
    }

    async fn read(self: Arc<Self>, goes_round: bool) {
        while !self.is_over.load(Ordering::Relaxed) {
            for number in 0..KEYS {
                let key = key(number);
                let begun = Instant::now();
                self.reads.fetch_add(1, Ordering::Relaxed);
                if let Some(value) = self.near.get(&key) {
                    self.served_near.fetch_add(1, Ordering::Relaxed);
                    if value.version < self.latest[number].load(Ordering::SeqCst) {
                        lock(&self.old).push(Old {
                            key: number,
                            version: value.version,
                            read: value.read,
                            served: begun,
                        });
                    }
                } else {
                    // What fails is tried another time.
                    let _ = timeout(MS(1000), self.fetch(&key, goes_round)).await;
                }
            }
            sleep(MS(1)).await;
        }
    }

    async fn fetch(&self, key: &str, goes_round: bool) -> RedisResult<()> {
        let ticket = self.near.ticket(key);
        let read = Instant::now();
        let connector = match &self.way_round {
            Some((connector, _)) if goes_round => connector,
            _ => &self.reader,
        };
        let mut redis = connector.get().await?;
        let version: Option<u64> = redis::AsyncCommands::get(&mut redis, key).await?;
        let Some(version) = version else {
            return Ok(());
        };
        let value = Arc::new(Value { version, read });
        match &self.way_round {
            Some((_, address)) if goes_round => {
                self.near.fill(&ticket, &From(address), key, value, 8, None);
            }
            _ => {
                self.near.fill(&ticket, &redis, key, value, 8, None);
            }
        }
        Ok(())
    }

    /// The writes that are there in the end.
    async fn kept(&self) -> AnyResult<Vec<HashSet<u64>>> {
        // The last one that was under way.
        sleep(MS(1200)).await;
        let mut kept = Vec::new();
        let mut redis = self.writer.get().await?;
        for number in 0..KEYS {
            let versions: Vec<u64> =
                redis::AsyncCommands::lrange(&mut redis, log(number), 0, -1).await?;
            kept.push(versions.into_iter().collect());
        }
        Ok(kept)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
