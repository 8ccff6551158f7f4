use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{id}", ttl = "10m")]
struct User {}

#[redis_cached(key = "user:{id}", ttl = "10m")]
impl User {}

trait Users {
    #[redis_cached(key = "{id}", ttl = "1m")]
    fn user(&self, id: u64) -> RedisResult<u64>;
}

fn main() {}
