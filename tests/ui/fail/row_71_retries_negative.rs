// row 71d | a negative number

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient(retries = -1)]
async fn get(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

fn main() {}
