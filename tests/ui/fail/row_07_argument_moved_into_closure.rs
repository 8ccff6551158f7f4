// row 07b | an argument moved into a `move` closure or a spawned task | etcd-client#18

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient(retries = 3)]
async fn spawned(conn: &MultiplexedConnection, key: String) -> RedisResult<u64> {
    let mut conn = conn.clone();
    match tokio::spawn(async move { conn.get(key).await }).await {
        Ok(result) => result,
        Err(_) => Ok(0),
    }
}

#[redis_resilient(retries = 3)]
fn closure(key: String) -> RedisResult<usize> {
    let length = move || key.len();
    Ok(length())
}

fn main() {}
