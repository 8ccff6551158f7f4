// row 52 | `#[tracing::instrument]` above ours | bon#259, bon#264, bon#269

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[tracing::instrument(skip(conn))]
#[redis_resilient(retries = 3)]
async fn owned(conn: &mut MultiplexedConnection, key: String) -> RedisResult<u64> {
    conn.get(&key).await
}

#[tracing::instrument(skip_all, err)]
#[redis_resilient(retries = 3)]
async fn references(conn: &mut MultiplexedConnection, key: &str) -> RedisResult<u64> {
    conn.get(key).await
}

#[tracing::instrument]
#[redis_resilient(retries = 3)]
fn sync(key: &str) -> RedisResult<usize> {
    Ok(key.len())
}

struct Repository(MultiplexedConnection);

impl Repository {
    #[tracing::instrument(skip(self))]
    #[redis_resilient(retries = 3)]
    async fn method(&mut self) -> RedisResult<u64> {
        self.0.get(1).await
    }
}

#[async_trait::async_trait]
trait Get {
    async fn get(&mut self) -> RedisResult<u64>;
}

#[async_trait::async_trait]
impl Get for Repository {
    #[tracing::instrument(skip(self))]
    #[redis_resilient(retries = 3)]
    async fn get(&mut self) -> RedisResult<u64> {
        self.0.get(1).await
    }
}

fn main() {}
