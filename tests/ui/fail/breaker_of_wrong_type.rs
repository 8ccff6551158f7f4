use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient(breaker = SESSIONS)]
async fn get(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(breaker = SESIONS)]
async fn get1(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(breaker = breaker)]
async fn get2(conn: &mut MultiplexedConnection, breaker: &std::sync::Arc<String>) -> RedisResult<String> {
    conn.get(breaker.as_str()).await
}

static SESSIONS: &str = "sessions";

fn main() {}
