// row 71c | a half-typed option: no value, no `=`, no comma

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient(retries)]
async fn get(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(retries =)]
async fn get1(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(retries = , fallback = db::)]
async fn get2(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(retries = 3 timeout = false)]
async fn get3(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

fn main() {}
