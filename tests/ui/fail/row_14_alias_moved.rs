// row 14b | an alias `type M<'a> = &'a mut C` that the body moves: the attribute sees only its name

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

type Conn<'a> = &'a mut MultiplexedConnection;

#[redis_resilient(retries = 3)]
async fn get(conn: Conn<'_>) -> RedisResult<u64> {
    let get = async move { conn.get(1).await };
    get.await
}

fn main() {}
