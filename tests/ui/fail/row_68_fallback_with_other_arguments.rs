// row 68a | a fallback with other parameters, or none of that name

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient(fallback = fetch_db)]
async fn get(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(fallback = fetch_all)]
async fn get1(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(fallback = fetch_dv)]
async fn get2(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(fallback = fetch_more)]
fn get3(id: u64) -> RedisResult<String> {
    Ok(id.to_string())
}

fn fetch_more(id: u64, _limit: usize) -> RedisResult<String> {
    Ok(id.to_string())
}

async fn fetch_db(_: &mut MultiplexedConnection, id: String) -> RedisResult<String> {
    Ok(id)
}

async fn fetch_all() -> RedisResult<String> {
    Ok(String::new())
}

fn main() {}
