use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::{Bulkhead, redis_resilient};

const LIMIT: u32 = 20;
const PRIMARY: Bulkhead = Bulkhead::new("primary", 20);

#[redis_resilient(fallback = from_db, fallback_limit = LIMIT)]
async fn number(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(fallback = from_db, fallback_limit = PRIMARY)]
async fn constant(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

async fn from_db(_: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    Ok(id.to_string())
}

fn main() {}
