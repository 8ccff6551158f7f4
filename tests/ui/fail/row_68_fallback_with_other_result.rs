// row 68b | a fallback with another result, in an async function

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient(fallback = fetch_db)]
async fn get(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(fallback = fetch_number(id))]
async fn get1(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(fallback = Ok(id))]
async fn get2(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(fallback = |_| Ok(id))]
async fn get3(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(fallback = [fetch_db, Ok(String::new())])]
async fn get4(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

async fn fetch_db(_: &mut MultiplexedConnection, id: u64) -> RedisResult<u64> {
    Ok(id)
}

fn fetch_number(id: u64) -> u64 {
    id
}

fn main() {}
