//! What these tests share.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use redis_resilient::Class;
use redis_resilient::connection::Connector;
use redis_resilient::journal::{Journal, JournalBuilder};
use redis_resilient_testkit::{RealNats, RealRedis, StartError};

pub(crate) type TestResult = Result<(), Box<dyn std::error::Error>>;

/// Far longer than anything here takes, and still an end.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// For how long a server remembers what it has executed.
pub(crate) const REMEMBER: Duration = Duration::from_secs(600);

/// A directory that is removed with it.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("rr-journal-test-{}-{count}", std::process::id())))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Where the journals of a test are kept.
#[derive(Debug)]
pub(crate) enum Place {
    Memory,
    File(Scratch),
    Nats(String),
}

impl Place {
    pub(crate) const fn memory() -> Self {
        Self::Memory
    }

    pub(crate) fn file() -> Self {
        Self::File(Scratch::new())
    }

    /// In a server that all tests share; each name is another journal there.
    pub(crate) fn nats() -> Self {
        static SERVER: OnceLock<Result<RealNats, StartError>> = OnceLock::new();
        match SERVER.get_or_init(RealNats::start) {
            Ok(server) => Self::Nats(server.url()),
            Err(error) => panic!("there is no NATS to test on: {error}"),
        }
    }

    pub(crate) fn builder(&self, name: &'static str) -> JournalBuilder {
        match self {
            Self::Memory => builder(name),
            Self::File(scratch) => builder(name).file(scratch.path()),
            Self::Nats(url) => builder(name).nats(url.as_str()),
        }
    }
}

/// Tests of what holds wherever a journal is kept.
macro_rules! on_each_keeper {
    ($($test:ident),+ $(,)?) => {
        mod each {
            $crate::support::on_keeper!(memory: $($test),+);
            $crate::support::on_keeper!(file: $($test),+);
            $crate::support::on_keeper!(nats: $($test),+);
        }
    };
}
pub(crate) use on_each_keeper;

/// Tests of what holds where a journal outlives its process.
macro_rules! on_lasting_keepers {
    ($($test:ident),+ $(,)?) => {
        mod lasting_keepers {
            $crate::support::on_keeper!(file: $($test),+);
            $crate::support::on_keeper!(nats: $($test),+);
        }
    };
}
pub(crate) use on_lasting_keepers;

macro_rules! on_keeper {
    ($keeper:ident: $($test:ident),+) => {
        mod $keeper {
            use crate::support::{Place, TestResult};
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() -> TestResult {
                    super::super::$test(&Place::$keeper()).await
                }
            )+
        }
    };
}
pub(crate) use on_keeper;

/// A server that keeps what it has acknowledged.
pub(crate) fn lasting() -> Result<RealRedis, Box<dyn std::error::Error>> {
    Ok(redis_resilient_tests::server_with(&[
        "--appendonly",
        "yes",
        "--appendfsync",
        "always",
    ])?)
}

/// A connector that gives up soon.
pub(crate) fn connector(url: &str) -> redis::RedisResult<Connector> {
    Ok(Connector::builder(url)?
        .connect_timeout(Duration::from_millis(500))
        .response_timeout(Duration::from_millis(500))
        .build())
}

pub(crate) fn builder(name: &'static str) -> JournalBuilder {
    Journal::builder(name)
}

/// Waits until nothing waits.
pub(crate) async fn drained(journal: &Journal) {
    until(|| journal.progress().waiting == 0).await;
}

/// Waits for what is to come.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < LONG, "it does not come");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Kills the server, and waits until that has been noticed: a command on its way then may have been executed.
pub(crate) async fn kill(server: &RealRedis, redis: &Connector) {
    server.kill();
    let is_noticed = async || match redis.get().await {
        Ok(mut connection) => redis::cmd("PING")
            .exec_async(&mut connection)
            .await
            .is_err_and(|error| Class::of(&error) == Class::Unreachable),
        Err(_) => true,
    };
    let begun = Instant::now();
    while !is_noticed().await {
        assert!(begun.elapsed() < LONG, "it is not noticed");
    }
}
