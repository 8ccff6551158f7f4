use redis::RedisResult;
use redis_resilient::redis_resilient;

#[redis_resilient(backoff = exponential)]
async fn foreign() -> RedisResult<u64> {
    Ok(1)
}

#[redis_resilient(backoff = Constant, jitter = random, fallback_on = outage, fallback = Ok(1))]
async fn others() -> RedisResult<u64> {
    Ok(1)
}

fn main() {
    let _ = (foreign(), others());
}
