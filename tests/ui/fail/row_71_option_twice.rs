// row 71b | an option twice

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient(retries = 3, retries = 4)]
async fn get(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(fallback = fetch_db, fallback = Ok(String::new()))]
async fn get1(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

async fn fetch_db(_: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    Ok(id.to_string())
}

fn main() {}
