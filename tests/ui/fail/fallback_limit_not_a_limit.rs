use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient(fallback = from_db, fallback_limit = 0)]
async fn zero(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(fallback = from_db, fallback_limit = true)]
async fn on(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(fallback = from_db, fallback_limit = "64")]
async fn text(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(fallback = from_db, fallback_limit = redis_resilient::Bulkhead::new("primary", 20))]
async fn made_anew(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

async fn from_db(_: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    Ok(id.to_string())
}

fn main() {}
