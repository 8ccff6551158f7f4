//! Values kept in the process while their servers tell of each change, against real servers.
//!
//! Of the reported problems of other caches (`C2`, `C5`: the file of discovery) those are here that have to do with tracking.

mod changes;
mod connections;
mod losses;
mod places;

use redis::{Commands, RedisResult};
use redis_resilient::connection::{Connector, ConnectorBuilder};
use redis_resilient_cache::__seam::{Bounds, Near, Tracker, near_tracking};
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;

type TestResult = Result<(), Box<dyn Error>>;

const MS: fn(u64) -> Duration = Duration::from_millis;
/// What is promised: so long after the acknowledgement of a write nothing older is served.
const PROMISE: Duration = Duration::from_secs(1);
/// What a busy machine may take for what is not promised.
const PATIENCE: Duration = Duration::from_secs(30);
const PREFIX: &str = "near:";

/// A process that keeps values near.
struct Process {
    connector: Connector,
    near: Near<u64>,
    tracker: Tracker,
}

/// From where a value came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    Near(u64),
    Redis(Option<u64>),
}

fn builder(url: &str) -> RedisResult<ConnectorBuilder> {
    Ok(Connector::builder(url)?
        .connect_timeout(MS(1000))
        .response_timeout(MS(1000)))
}

impl Process {
    fn at(url: &str) -> RedisResult<Self> {
        Self::over(builder(url)?.build())
    }

    fn over(connector: Connector) -> RedisResult<Self> {
        let (near, tracker) = near_tracking(&connector, PREFIX, Bounds::DEFAULT)?;
        Ok(Self {
            connector,
            near,
            tracker,
        })
    }

    /// As a cache reads.
    async fn read(&self, key: &str) -> RedisResult<Read> {
        if let Some(value) = self.near.get(key) {
            return Ok(Read::Near(*value));
        }
        let ticket = self.near.ticket(key);
        let mut redis = self.connector.get().await?;
        let (value, left): (Option<u64>, i64) = redis::pipe()
            .get(key)
            .pttl(key)
            .query_async(&mut redis)
            .await?;
        if let Some(value) = value {
            let left = u64::try_from(left).ok().map(Duration::from_millis);
            self.near
                .fill(&ticket, &redis, key, Arc::new(value), 8, left);
        }
        Ok(Read::Redis(value))
    }

    /// Reads until the value is kept near.
    async fn keep(&self, key: &str) -> TestResult {
        until("a value that is kept near", || async {
            matches!(self.read(key).await, Ok(Read::Near(_)))
        })
        .await
        .map_err(|error| format!("{error}: {:?}", self.tracker.failure()).into())
    }

    /// What is served after the promised time at the latest.
    async fn forgets(&self, key: &str) -> TestResult {
        let begun = Instant::now();
        while let Some(value) = self.near.get(key) {
            if begun.elapsed() > PROMISE {
                return Err(format!("{value} is served too long").into());
            }
            sleep(MS(1)).await;
        }
        Ok(())
    }
}

async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) -> TestResult {
    let begun = Instant::now();
    while !is_so().await {
        if begun.elapsed() > PATIENCE {
            return Err(format!("no {what} after {PATIENCE:?}").into());
        }
        sleep(MS(5)).await;
    }
    Ok(())
}

/// Somebody else.
fn other(url: &str) -> RedisResult<redis::Connection> {
    redis_resilient_tests::connect(url)
}

/// The IDs of the connections that listen.
fn listening(redis: &mut redis::Connection) -> RedisResult<Vec<u64>> {
    let list: String = redis::cmd("CLIENT").arg("LIST").query(redis)?;
    let field = |line: &str, name: &str| -> Option<String> {
        let mut fields = line.split(' ');
        fields.find_map(|field| field.strip_prefix(name).map(str::to_owned))
    };
    let listens = |line: &&str| field(line, "flags=").is_some_and(|flags| flags.contains('B'));
    let ids = list.lines().filter(listens);
    Ok(ids
        .filter_map(|line| field(line, "id=")?.parse().ok())
        .collect())
}

fn kill(redis: &mut redis::Connection, id: u64) -> RedisResult<()> {
    redis::cmd("CLIENT")
        .arg("KILL")
        .arg("ID")
        .arg(id)
        .exec(redis)
}
