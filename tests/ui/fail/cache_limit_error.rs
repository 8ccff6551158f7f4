//! A cache with a limit has to be able to say that there is no room; without one its loads fail with what they like.

use redis_resilient::Bulkhead;
use redis_resilient::cache::Cache;
use redis_resilient::connection::Connector;
use std::time::Duration;

static PRIMARY: Bulkhead = Bulkhead::new("primary", 4);

fn load() -> Result<u64, &'static str> {
    Err("gone")
}

fn main() {
    let redis = Connector::open("redis://cache.example/").unwrap();
    let free: Cache<u64> = Cache::builder("numbers").ttl(Duration::from_secs(1)).build(&redis);
    let _ = free.get_or_load_blocking(1, load);
    let limited = Cache::<u64>::builder("numbers").ttl(Duration::from_secs(1)).limit(&PRIMARY).build(&redis);
    let _ = limited.get_or_load_blocking(1, load);
}
