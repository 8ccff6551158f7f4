// row 68c | a fallback with another result, in a sync function

use redis::RedisResult;
use redis_resilient::redis_resilient;

#[redis_resilient(fallback = fetch_db)]
fn get(id: u64) -> RedisResult<String> {
    Ok(id.to_string())
}

fn fetch_db(id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
