//! What is in Redis in the end, against what was acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use redis::{Commands, Connection, RedisResult};

use crate::diary::OfKey;

/// What was found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Audit {
    pub(crate) kills: u64,
    outages: u64,
    outages_of_nats: u64,
    acknowledged: u64,
    in_redis: u64,
    lost: u64,
    doubled: u64,
    out_of_order: u64,
    /// In a list, and never begun.
    invented: u64,
    /// Counters that are lower than what was acknowledged, or higher than what was begun.
    miscounted: u64,
}

pub(crate) fn audit(
    said: &BTreeMap<u64, OfKey>,
    redis: &mut Connection,
    kills: u64,
    outages: u64,
    outages_of_nats: u64,
) -> RedisResult<Audit> {
    let mut audit = Audit {
        kills,
        outages,
        outages_of_nats,
        ..Audit::default()
    };
    for (key, of_key) in said {
        let list: Vec<u64> = redis.lrange(format!("list:{key}"), 0, -1)?;
        let count: u64 = redis
            .get::<_, Option<u64>>(format!("count:{key}"))?
            .unwrap_or(0);
        let there: BTreeSet<u64> = list.iter().copied().collect();
        let acknowledged = of_key.acknowledged.len() as u64;
        audit.acknowledged += acknowledged;
        audit.in_redis += list.len() as u64;
        audit.lost += of_key
            .acknowledged
            .iter()
            .filter(|number| !there.contains(number))
            .count() as u64;
        audit.doubled += (list.len() - there.len()) as u64;
        audit.out_of_order += list.windows(2).filter(|pair| pair[0] > pair[1]).count() as u64;
        audit.invented += there
            .iter()
            .filter(|number| **number > of_key.begun)
            .count() as u64;
        audit.miscounted += u64::from(count < acknowledged || count > of_key.begun);
    }
    Ok(audit)
}

impl Audit {
    pub(crate) const fn is_good(&self) -> bool {
        self.acknowledged > 0
            && self.lost == 0
            && self.doubled == 0
            && self.out_of_order == 0
            && self.invented == 0
            && self.miscounted == 0
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} writes acknowledged, {} in Redis, {} kills of the writer, {} outages, {} of NATS: {} lost, {} doubled, {} out of order, {} invented, {} counters wrong",
            self.acknowledged,
            self.in_redis,
            self.kills,
            self.outages,
            self.outages_of_nats,
            self.lost,
            self.doubled,
            self.out_of_order,
            self.invented,
            self.miscounted
        )
    }
}
