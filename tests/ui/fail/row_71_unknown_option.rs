// row 71a | an unknown option

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient(retires = 3)]
async fn get(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(speed = 3)]
async fn get1(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

fn main() {}
