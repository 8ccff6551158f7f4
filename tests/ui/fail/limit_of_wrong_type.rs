use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::{Breaker, Bulkhead, redis_resilient};

static SESSIONS: Breaker = Breaker::new("sessions");
const POOL: Bulkhead = Bulkhead::new("pool", 20);

#[redis_resilient(limit = SESSIONS)]
async fn breaker(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(limit = POOL)]
async fn constant(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

fn main() {}
