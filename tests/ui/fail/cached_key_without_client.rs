use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

struct Client;

#[redis_cached(key = "user:{id}", ttl = "10m")]
async fn load(redis: &Connector, client: &Client, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
