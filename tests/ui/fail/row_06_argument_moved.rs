// row 06b | an owned argument that the body uses up | cached#114

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient(retries = 3)]
async fn get(conn: &mut MultiplexedConnection, key: String) -> RedisResult<String> {
    conn.get(consume(key)).await
}

#[redis_resilient]
async fn get1(conn: &mut MultiplexedConnection, key: String) -> RedisResult<String> {
    conn.get(consume(key)).await
}

fn consume(key: String) -> String {
    key
}

fn main() {}
