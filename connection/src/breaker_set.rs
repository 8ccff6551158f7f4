//! A breaker for each part of a cluster.

use crate::command::slot;
use redis_resilient_runtime::__seam::{are_namesakes, number};
use redis_resilient_runtime::Breaker;

/// Breakers for the shards of a cluster: a shard that is down does not open the circuit of the others.
///
/// If all have the same name, as here, events, rejections and snapshots number them: `shard 0`, `shard 1`, `shard 2`.
///
/// Each breaker has an equal range of slots. Use as many breakers as the cluster has primaries, or a multiple of that where slots have been
/// moved.
///
/// ```
/// use redis_resilient::connection::{BreakerSet, Connector};
/// use redis_resilient::{Breaker, redis_resilient};
///
/// static SHARDS: BreakerSet<3> = BreakerSet::new([const { Breaker::new("shard") }; 3]);
///
/// #[redis_resilient(breaker = SHARDS.of_key(key))]
/// async fn get(redis: &Connector, key: &str) -> redis::RedisResult<Option<String>> {
///     redis::cmd("GET").arg(key).query_async(&mut redis.get().await?).await
/// }
/// ```
#[derive(Debug)]
pub struct BreakerSet<const N: usize> {
    breakers: [Breaker; N],
}

impl<const N: usize> BreakerSet<N> {
    /// A set of these.
    ///
    /// # Panics
    /// If there are no breakers, or more than 16,384, the number of slots; at compile time in a `static`.
    #[must_use]
    pub const fn new(mut breakers: [Breaker; N]) -> Self {
        assert!(
            N > 0 && N <= slot::SLOTS,
            "a BreakerSet has to have between 1 and 16384 breakers"
        );
        let mut namesakes = 1;
        while namesakes < N && are_namesakes(&breakers[namesakes], &breakers[0]) {
            namesakes += 1;
        }
        if N > 1 && namesakes == N {
            let mut at = 0;
            while at < N {
                #[expect(clippy::cast_possible_truncation, reason = "there are at most 16384")]
                number(&mut breakers[at], at as u16);
                at += 1;
            }
        }
        Self { breakers }
    }

    /// The breaker for the slot that this key is in.
    #[must_use]
    pub fn of_key(&self, key: impl AsRef<[u8]>) -> &Breaker {
        &self.breakers[slot::of_key(key.as_ref()) * N / slot::SLOTS]
    }

    /// The breaker for the server with this number, where the application itself spreads its keys over several. Numbers that are too high begin
    /// again with the first.
    #[must_use]
    pub const fn of_node(&self, number: usize) -> &Breaker {
        &self.breakers[number % N]
    }

    /// All of them, by slots.
    pub fn iter(&self) -> std::slice::Iter<'_, Breaker> {
        self.breakers.iter()
    }
}

impl<'a, const N: usize> IntoIterator for &'a BreakerSet<N> {
    type Item = &'a Breaker;
    type IntoIter = std::slice::Iter<'a, Breaker>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_one_slot_share_a_breaker_and_all_breakers_have_keys() {
        let set = BreakerSet::new([const { Breaker::new("shard") }; 16]);
        let place = |key: &str| {
            let breaker = set.of_key(key);
            set.iter().position(|other| std::ptr::eq(other, breaker))
        };
        assert_eq!(place("{user:7}:name"), place("{user:7}:visits"));
        let mut seen: Vec<_> = (0..1000).map(|n| place(&format!("key:{n}"))).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 16);
        assert_eq!((&set).into_iter().count(), 16);
    }

    #[test]
    fn a_dead_shard_leaves_the_others_alone() {
        let set = BreakerSet::new([const { Breaker::new("shard").failure_threshold(1) }; 3]);
        let (dead, well) = (set.of_key("foo"), set.of_key("bar"));
        dead.try_acquire().expect("closed").failure();
        assert!(set.of_key("foo").try_acquire().is_err());
        assert!(well.try_acquire().is_ok());
    }

    #[test]
    fn those_of_one_name_are_told_apart_everywhere() {
        static SET: BreakerSet<3> =
            BreakerSet::new([const { Breaker::new("told-apart").failure_threshold(1) }; 3]);
        let names: Vec<_> = SET.iter().map(Breaker::name).collect();
        assert_eq!(names, ["told-apart 0", "told-apart 1", "told-apart 2"]);
        let second = SET.of_node(1);
        let (sender, heard) = std::sync::mpsc::channel();
        second.on_transition(move |transition| {
            let _ = sender.send(transition.breaker);
        });
        second.try_acquire().expect("closed").failure();
        assert_eq!(heard.recv(), Ok("told-apart 1"));
        let refused = second.try_acquire().expect_err("it is open");
        assert!(refused.to_string().contains("told-apart 1"), "{refused}");
        assert!(format!("{second:?}").contains("told-apart 1"));
        let mut listed = Breaker::all().into_iter().map(|breaker| breaker.name);
        assert!(listed.any(|name| name == "told-apart 1"));
    }

    #[test]
    fn names_of_their_own_are_kept() {
        let set = BreakerSet::new([Breaker::new("users"), Breaker::new("orders")]);
        let names: Vec<_> = set.iter().map(Breaker::name).collect();
        assert_eq!(names, ["users", "orders"]);
        let alone = BreakerSet::new([Breaker::new("alone")]);
        assert_eq!(alone.of_node(0).name(), "alone");
    }

    #[test]
    fn servers_by_number_go_round() {
        let set = BreakerSet::new([const { Breaker::new("server") }; 3]);
        assert!(std::ptr::eq(set.of_node(1), set.of_node(4)));
        assert!(!std::ptr::eq(set.of_node(1), set.of_node(2)));
    }

    #[test]
    fn an_empty_set_is_refused() {
        assert!(std::panic::catch_unwind(|| BreakerSet::new([])).is_err());
    }
}
