// row 76c | a value that is not `Clone`, with `coalesce` or `stale`
use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;

struct User(String);

#[redis_resilient(key = "user:{id}", stale = "10m")]
async fn get(redis: &Connector, id: u64) -> RedisResult<User> {
    Ok(User(redis.get().await?.get(id).await?))
}

#[redis_resilient(fallback = fetch_db, key = "user:{id}", coalesce = true)]
fn sync(redis: &Connector, id: u64) -> RedisResult<Option<User>> {
    redis.get_blocking()?;
    Ok(Some(User(id.to_string())))
}

fn fetch_db(_: &Connector, id: u64) -> RedisResult<Option<User>> {
    Ok(Some(User(id.to_string())))
}

fn main() {}
