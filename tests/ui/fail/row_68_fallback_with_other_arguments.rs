// row 68a | a fallback with other parameters, or none of that name

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient(fallback = fetch_db)]
async fn get(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(fallback = fetch_dv)]
async fn get2(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

async fn fetch_db(_: &mut MultiplexedConnection, id: String) -> RedisResult<String> {
    Ok(id)
}

fn main() {}
