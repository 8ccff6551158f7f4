// row 80a | `#[redis_cached]` on a function that returns a borrow
use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "{name}", ttl = "10m")]
async fn load<'a>(redis: &Connector, name: &'a str) -> RedisResult<&'a str> {
    Ok(name)
}

#[redis_cached(key = "{id}", ttl = "10m")]
async fn method(redis: &Connector, id: u64) -> RedisResult<std::borrow::Cow<'_, str>> {
    Ok("".into())
}

fn main() {}
