// row 76b | a value that borrows, or `impl Trait`, with `coalesce` or `stale`
use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;

#[redis_resilient(key = "user:{id}", stale = "10m")]
async fn borrows<'a>(redis: &Connector, id: u64, name: &'a str) -> RedisResult<&'a str> {
    let _: () = redis.get().await?.get(id).await?;
    Ok(name)
}

#[redis_resilient(key = "user:{id}", stale = "10m")]
async fn hidden(redis: &Connector, id: u64) -> RedisResult<impl Clone> {
    redis.get().await?.get::<_, String>(id).await
}

fn main() {}
