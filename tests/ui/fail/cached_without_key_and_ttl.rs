use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached()]
async fn get_user(redis: &Connector, id: u64, lang: String) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}")]
async fn without_ttl(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
