//! What has become of all entries.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use redis::{Commands, cmd};

use crate::{GROUP, Proving, STREAM};

#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) entries: u32,
    pub(crate) appended: u32,
    pub(crate) lost: usize,
    pub(crate) twice: usize,
    /// Of the counts that nothing protects.
    pub(crate) twice_without: usize,
    pub(crate) pending: u64,
    pub(crate) dead: u64,
    pub(crate) kills: (u32, u32),
    pub(crate) took: Duration,
}

/// How many effects there are.
pub(crate) fn effects(redis: &mut redis::Connection) -> redis::RedisResult<u32> {
    redis.hlen("effects")
}

impl Account {
    pub(crate) fn of(url: &str, entries: u32, kills: (u32, u32), took: Duration) -> Proving<Self> {
        let mut redis = redis_resilient_tests::connect(url)?;
        let effects: HashMap<u32, u32> = redis.hgetall("effects")?;
        let without: HashMap<u32, u32> = redis.hgetall("unprotected")?;
        let (pending, ..): (u64, redis::Value, redis::Value, redis::Value) =
            cmd("XPENDING").arg(STREAM).arg(GROUP).query(&mut redis)?;
        let appended: u32 = cmd("XLEN").arg(STREAM).query(&mut redis)?;
        let dead: u64 = cmd("XLEN").arg("{orders}dead:billing").query(&mut redis)?;
        let is_twice = |counts: &HashMap<u32, u32>| counts.values().filter(|n| **n > 1).count();
        Ok(Self {
            entries,
            appended,
            lost: (0..entries).filter(|n| !effects.contains_key(n)).count(),
            twice: is_twice(&effects),
            twice_without: is_twice(&without),
            pending,
            dead,
            kills,
            took,
        })
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (redis, consumers) = self.kills;
        write!(
            f,
            "{} entries through {redis} kills of Redis and {consumers} of consumers in {:.0?}: {} lost, {} effects twice ({} without protection), {} \
             pending, {} dead letters",
            self.entries,
            self.took,
            self.lost,
            self.twice,
            self.twice_without,
            self.pending,
            self.dead
        )
    }
}
