// row 71e | a string in the place of a path

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient(fallback = "fetch_db")]
async fn get(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

fn main() {}
