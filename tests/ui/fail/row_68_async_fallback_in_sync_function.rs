// row 68d | an async fallback in a sync function

use redis::RedisResult;
use redis_resilient::redis_resilient;

#[redis_resilient(fallback = fetch_db)]
fn get(id: u64) -> RedisResult<String> {
    Ok(id.to_string())
}

#[redis_resilient(fallback = async { Ok(String::new()) })]
fn block(id: u64) -> RedisResult<String> {
    Ok(id.to_string())
}

#[redis_resilient(fallback = async |_| Ok(String::new()))]
fn closure(id: u64) -> RedisResult<String> {
    Ok(id.to_string())
}

async fn fetch_db(id: u64) -> RedisResult<String> {
    Ok(id.to_string())
}

fn main() {}
