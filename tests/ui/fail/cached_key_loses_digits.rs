use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "price:{price:.2}", ttl = "10m")]
async fn load(redis: &Connector, price: f64) -> RedisResult<f64> {
    Ok(price)
}

#[redis_cached(key = "user:{id:08}", ttl = "10m")]
async fn padded(redis: &Connector, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
