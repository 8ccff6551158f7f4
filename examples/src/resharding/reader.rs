//! Those who read several keys of one slot, of which some may be elsewhere already.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;

use super::calls;
use super::counter::Wrong;
use super::worker::{Common, PAUSE, Seen};

/// In a slot of its own.
pub(super) const TAG: &str = "{resharding-reader}";

fn keys() -> Vec<String> {
    (0..4).map(|number| format!("{TAG}{number}")).collect()
}

const VALUES: [u64; 4] = [0, 1, 2, 3];

pub(super) async fn write(redis: &Connector) -> RedisResult<()> {
    for (key, value) in keys().iter().zip(VALUES) {
        let () = redis.get().await?.set(key, value).await?;
    }
    Ok(())
}

/// What was written is there.
fn look(read: &RedisResult<Vec<u64>>) -> Wrong {
    Wrong {
        lost: u64::from(read.as_ref().is_ok_and(|values| values != &VALUES)),
        doubled: 0,
    }
}

pub(super) async fn read(common: Common, who: Arc<Seen>) {
    let keys = keys();
    while !common.is_over() {
        let begun = Instant::now();
        let result = calls::read(&common.redis, &keys).await;
        common.note(&who, begun, &result, look(&result));
        tokio::time::sleep(PAUSE).await;
    }
}

pub(super) fn read_blocking(common: &Common, who: &Seen) {
    let keys = keys();
    while !common.is_over() {
        let begun = Instant::now();
        let result = calls::read_blocking(&common.redis, &keys);
        common.note(who, begun, &result, look(&result));
        thread::sleep(PAUSE);
    }
}
