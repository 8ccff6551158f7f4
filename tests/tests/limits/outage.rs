//! An outage of Redis, and a database that counts who comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use redis::{ErrorKind, RedisError, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient_testkit::RealRedis;
use tokio::sync::Semaphore;

pub(crate) type Testing = Result<(), Box<dyn std::error::Error>>;

/// A server that has been killed, and a connector to where it was.
pub(crate) fn outage() -> Result<(RealRedis, Connector), Box<dyn std::error::Error>> {
    let server = RealRedis::start()?;
    let redis = Connector::open(server.url())?;
    server.kill();
    Ok((server, redis))
}

/// A database that answers when it may.
pub(crate) struct Db {
    /// How often Redis had failed before.
    failures: AtomicU32,
    runs: AtomicU32,
    may_answer: Semaphore,
    is_down: AtomicBool,
    panics: AtomicBool,
}

impl Db {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            failures: AtomicU32::new(0),
            runs: AtomicU32::new(0),
            may_answer: Semaphore::new(0),
            is_down: AtomicBool::new(false),
            panics: AtomicBool::new(false),
        })
    }

    /// One that answers at once.
    pub(crate) fn open() -> Arc<Self> {
        let db = Self::new();
        db.answer();
        db
    }

    /// Answers all who wait, and all who come.
    pub(crate) fn answer(&self) {
        self.may_answer.add_permits(1_000_000);
    }

    pub(crate) fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    /// The next run panics.
    pub(crate) fn panic_once(&self) {
        self.panics.store(true, Ordering::SeqCst);
    }

    /// What Redis says, which is counted if it is an error.
    pub(crate) fn noted<T>(&self, result: RedisResult<T>) -> RedisResult<T> {
        result.inspect_err(|_| {
            self.failures.fetch_add(1, Ordering::SeqCst);
        })
    }

    pub(crate) async fn row(&self, id: u64) -> RedisResult<String> {
        let run = self.runs.fetch_add(1, Ordering::SeqCst) + 1;
        let permit = self.may_answer.acquire().await;
        permit.expect("it is not closed").forget();
        let panics = self.panics.swap(false, Ordering::SeqCst);
        assert!(!panics, "the database panics, for a test");
        if self.is_down.load(Ordering::SeqCst) {
            let detail = format!("run {run}");
            return Err(RedisError::from((
                ErrorKind::Client,
                "the database is down",
                detail,
            )));
        }
        Ok(format!("row {id} of run {run}"))
    }

    pub(crate) fn runs(&self) -> u32 {
        self.runs.load(Ordering::SeqCst)
    }

    pub(crate) async fn until_runs(&self, runs: u32) {
        until(&self.runs, runs).await;
    }

    /// A call that has failed in Redis has joined or leads when others run again, on a runtime of one thread.
    pub(crate) async fn until_failures(&self, failures: u32) {
        until(&self.failures, failures).await;
    }
}

async fn until(counter: &AtomicU32, count: u32) {
    for _ in 0..30_000 {
        if counter.load(Ordering::SeqCst) >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("{} of {count}", counter.load(Ordering::SeqCst));
}
