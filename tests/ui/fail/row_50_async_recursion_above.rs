// row 50d | `#[async_recursion]` above ours

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[async_recursion::async_recursion]
#[redis_resilient(retries = 3)]
async fn sum(conn: &mut MultiplexedConnection, n: u64) -> RedisResult<u64> {
    let here: u64 = conn.get(n).await?;
    if n == 0 {
        return Ok(here);
    }
    Ok(here + sum(conn, n - 1).await?)
}

fn main() {}
