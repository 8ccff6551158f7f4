use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{ids}", ttl = 5, neer = "5s", jitter = 2, skip(x), redis)]
async fn load(id: u64, lang: String) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
