// row 10b | an `Option<&mut T>`, or an owned `Option`, that a `match` takes apart

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient(retries = 3)]
async fn reference(conn: Option<&mut MultiplexedConnection>) -> RedisResult<u64> {
    match conn {
        Some(conn) => conn.get(1).await,
        None => Ok(0),
    }
}

#[redis_resilient(retries = 3)]
fn owned(key: Option<String>) -> RedisResult<usize> {
    match key {
        Some(key) => Ok(key.len()),
        None => Ok(0),
    }
}

fn main() {}
