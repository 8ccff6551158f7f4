//! Those who read several keys at once: of one slot, of which some may be elsewhere already, and of slots of several nodes.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;

use super::calls;
use super::counter::Wrong;
use super::worker::{Common, PAUSE, Seen};

/// The tags of what is read together.
pub(super) type Tags = [&'static str; 4];

/// In a slot of its own.
pub(super) const NARROW: Tags = ["{reader}"; 4];
/// In as many slots.
pub(super) const WIDE: Tags = ["{reader-0}", "{reader-1}", "{reader-2}", "{reader-3}"];

const VALUES: [u64; 4] = [0, 1, 2, 3];

fn keys(tags: Tags) -> Vec<String> {
    let tagged = tags.iter().zip(VALUES);
    tagged
        .map(|(tag, number)| format!("{tag}{number}"))
        .collect()
}

pub(super) async fn write(redis: &Connector, tags: Tags) -> RedisResult<()> {
    for (key, value) in keys(tags).iter().zip(VALUES) {
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

pub(super) async fn read(common: Common, who: Arc<Seen>, tags: Tags) {
    let keys = keys(tags);
    while !common.is_over() {
        let begun = Instant::now();
        let result = calls::read(&common.redis, &keys).await;
        common.note(&who, begun, &result, look(&result));
        tokio::time::sleep(PAUSE).await;
    }
}

pub(super) fn read_blocking(common: &Common, who: &Seen, tags: Tags) {
    let keys = keys(tags);
    while !common.is_over() {
        let begun = Instant::now();
        let result = calls::read_blocking(&common.redis, &keys);
        common.note(who, begun, &result, look(&result));
        thread::sleep(PAUSE);
    }
}
