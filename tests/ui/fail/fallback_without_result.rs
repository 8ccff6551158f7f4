use redis::RedisResult;
use redis_resilient::redis_resilient;

#[redis_resilient(fallback = None)]
async fn none() -> RedisResult<Option<u64>> {
    Ok(Some(1))
}

#[redis_resilient(fallback = 0)]
async fn number() -> RedisResult<u64> {
    Ok(1)
}

#[redis_resilient(fallback = [fetch, Some(1)])]
async fn listed() -> RedisResult<Option<u64>> {
    Ok(Some(1))
}

async fn fetch() -> RedisResult<Option<u64>> {
    Ok(None)
}

fn main() {
    let _ = (none(), number(), listed());
}
