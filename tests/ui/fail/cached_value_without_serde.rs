use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

struct User(u64);

#[redis_cached(key = "user:{id}", ttl = "10m")]
async fn load(redis: &Connector, id: u64) -> RedisResult<User> {
    Ok(User(id))
}

#[redis_cached(key = "user:{id}", ttl = "10m")]
fn sync(redis: &Connector, id: u64) -> RedisResult<Option<User>> {
    Ok(Some(User(id)))
}

fn main() {}
