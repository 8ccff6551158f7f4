//! What must hold whatever happens to Redis.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use redis::{Client, Commands, RedisResult};

use crate::load::Load;
use crate::shop::{self, ORDERS, Source};

/// How long calls may find the way back to a Redis that answers.
const RETURN: Duration = Duration::from_secs(10);

/// The orders the server has, against those the callers know of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Orders {
    pub(crate) placed: usize,
    pub(crate) acknowledged: usize,
    /// On the server more than once.
    pub(crate) doubled: usize,
    /// Acknowledged, yet not on the server.
    pub(crate) lost: usize,
    /// On the server, although the caller got an error: Redis had the command when the caller stopped waiting.
    pub(crate) unreported: usize,
}

impl Orders {
    /// Asks the server. Blocks.
    pub(crate) fn read_back(client: &Client, load: &Load) -> RedisResult<Self> {
        let mut connection = client.get_connection_with_timeout(RETURN)?;
        connection.set_read_timeout(Some(RETURN))?;
        let on_server: Vec<u32> = connection.lrange(ORDERS, 0, -1)?;
        let tally = &load.tally;
        let acknowledged = tally.acknowledged.lock();
        let acknowledged = acknowledged.unwrap_or_else(PoisonError::into_inner);
        Ok(Self::compare(
            tally.orders.load(Ordering::Relaxed),
            &acknowledged,
            &on_server,
        ))
    }

    fn compare(placed: usize, acknowledged: &[u32], on_server: &[u32]) -> Self {
        let mut times = HashMap::new();
        for order in on_server {
            *times.entry(order).or_insert(0) += 1;
        }
        let lost = acknowledged
            .iter()
            .filter(|order| !times.contains_key(order))
            .count();
        Self {
            placed,
            acknowledged: acknowledged.len(),
            doubled: times.values().filter(|&&times| times > 1).count(),
            lost,
            unreported: (times.len() + lost).saturating_sub(acknowledged.len()),
        }
    }
}

/// Whether calls reach Redis again, which answers.
pub(crate) async fn comes_back(load: &Load) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < RETURN {
        let user = shop::get_user(&mut load.cache.clone(), &load.database, 1).await;
        if user.is_ok_and(|user| user.source == Source::Redis) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

/// Everything that went wrong, as sentences. Nothing here depends on how fast the machine is.
pub(crate) fn violations(load: &Load, orders: &RedisResult<Orders>, is_back: bool) -> Vec<String> {
    let mut violations = Vec::new();
    let mut count = |count: usize, what: &str| {
        if count > 0 {
            violations.push(format!("{count} {what}"));
        }
    };
    count(
        load.tally.hung.load(Ordering::Relaxed),
        "calls hung far beyond their deadline",
    );
    count(
        load.tally.wrong.load(Ordering::Relaxed),
        "answers were not what was stored",
    );
    if let Ok(orders) = orders {
        count(orders.doubled, "orders were recorded more than once");
        count(orders.lost, "acknowledged orders are not on the server");
    }
    if let Err(error) = orders {
        violations.push(format!("the orders could not be read back: {error}"));
    }
    if !is_back {
        violations.push(format!(
            "Redis answers, but no call had reached it again after {} s",
            RETURN.as_secs()
        ));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_compared_one_by_one() {
        let orders = Orders::compare(9, &[1, 2, 3, 4], &[7, 7, 3, 2, 1, 8]);
        assert_eq!((orders.placed, orders.acknowledged), (9, 4));
        assert_eq!(orders.doubled, 1, "7");
        assert_eq!(orders.lost, 1, "4");
        assert_eq!(orders.unreported, 2, "7 and 8");
    }
}
