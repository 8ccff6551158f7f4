// row 80b | `#[redis_cached]` on a function that returns `impl Trait`
use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{id}", ttl = "10m")]
async fn load(redis: &Connector, id: u64) -> RedisResult<impl Iterator<Item = u64>> {
    Ok(0..id)
}

#[redis_cached(key = "user:{id}", ttl = "10m")]
fn bare(redis: &Connector, id: u64) -> impl Iterator<Item = u64> {
    0..id
}

fn main() {}
