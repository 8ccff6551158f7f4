// row 39b | patterns as parameters, and a `fallback` that is called with the arguments | rstest#231

use redis::RedisResult;
use redis_resilient::redis_resilient;

#[redis_resilient(fallback = fetch_db)]
fn get((id, shard): (u64, u64), _: u64) -> RedisResult<u64> {
    Ok(id + shard)
}

fn fetch_db(_: (u64, u64), _: u64) -> RedisResult<u64> {
    Ok(1)
}

fn main() {}
