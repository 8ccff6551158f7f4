//! The process that writes, and is killed.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::AsyncCommands;
use redis_resilient::connection::Connector;
use redis_resilient::journal::{Journal, JournalBuilder, JournalConnection, Nats, Written};

use crate::diary::{self, Diary};

/// What tells it from the one that directs.
pub(crate) const ROLE: &str = "writer";

type Done = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Longer than any outage here.
const REMEMBER: Duration = Duration::from_secs(3_600);

/// Before something is tried again.
const PAUSE: Duration = Duration::from_millis(20);

/// Writes until so many are acknowledged, by all such processes together, and nothing waits any more. The journal is in the directory, unless there is
/// an address of `nats`.
pub(crate) fn write(url: &str, directory: &Path, writes: u64, nats: Option<&str>) -> Done {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(run(url, directory, writes, nats))
}

async fn run(url: &str, directory: &Path, writes: u64, nats: Option<&str>) -> Done {
    let said = diary::read(&directory.join("diary"))?;
    let so_far: u64 = said
        .values()
        .map(|of_key| of_key.acknowledged.len() as u64)
        .sum();
    let diary = Arc::new(Diary::open(&directory.join("diary"))?);
    let redis = Connector::builder(url)?
        .connect_timeout(Duration::from_millis(500))
        .response_timeout(Duration::from_millis(300))
        .build();
    let journal = match nats {
        None => builder().file(directory.join("journal")).open(&redis)?,
        Some(nats) => in_nats(nats, &redis).await,
    };
    let may_fail = nats.is_some();
    let left = Arc::new(AtomicU64::new(writes.saturating_sub(so_far)));
    let mut tasks = Vec::new();
    for (key, of_key) in said {
        let (journal, redis, diary, left) =
            (journal.clone(), redis.clone(), diary.clone(), left.clone());
        tasks.push(tokio::spawn(async move {
            let mut connection = journal.over(&redis).exactly_once(REMEMBER);
            let mut number = of_key.begun;
            while left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                    left.checked_sub(1)
                })
                .is_ok()
            {
                number += 1;
                diary.begins(key, number)?;
                match twice(&mut connection, key, number).await {
                    Ok(()) => diary.acknowledged(key, number)?,
                    // Redis and NATS are both away. It may have been written, or not.
                    Err(_) if may_fail => {
                        left.fetch_add(1, Ordering::SeqCst);
                        tokio::time::sleep(PAUSE).await;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            Done::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    // What waits still goes on. NATS takes far more in a second than a Redis that waits for its disk.
    let waiting = journal.close(Duration::from_secs(600)).await?;
    if waiting > 0 {
        return Err(format!("{waiting} writes wait still").into());
    }
    Ok(())
}

async fn twice(
    connection: &mut JournalConnection,
    key: u64,
    number: u64,
) -> redis::RedisResult<()> {
    let _: Written<u64> = connection.rpush(format!("list:{key}"), number).await?;
    let _: Written<u64> = connection.incr(format!("count:{key}"), 1).await?;
    Ok(())
}

const fn builder() -> JournalBuilder {
    Journal::builder("model")
}

/// As soon as NATS is there.
async fn in_nats(nats: &str, redis: &Connector) -> Journal {
    loop {
        // Half of the lease is longer than Redis is waited for.
        let nats = Nats::at(nats)
            .timeout(Duration::from_secs(2))
            .lease(Duration::from_secs(1));
        match builder().nats(nats).open(redis) {
            Ok(journal) => return journal,
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
