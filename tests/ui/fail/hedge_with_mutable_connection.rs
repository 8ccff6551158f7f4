use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, RedisResult};
use redis_resilient::redis_resilient;

#[redis_resilient(hedge = "20ms")]
async fn reborrowed(conn: &mut MultiplexedConnection, key: &str) -> RedisResult<u64> {
    conn.get(key).await
}

#[redis_resilient(hedge = "20ms")]
async fn by_value(mut conn: MultiplexedConnection, key: &str) -> RedisResult<u64> {
    conn.get(key).await
}

#[redis_resilient(hedge = "20ms")]
async fn in_a_pattern((mut conn, key): (MultiplexedConnection, u8)) -> RedisResult<u64> {
    conn.get(key).await
}

struct Store {
    conn: MultiplexedConnection,
}

impl Store {
    #[redis_resilient(hedge = "20ms")]
    async fn get(&mut self, key: &str) -> RedisResult<u64> {
        self.conn.get(key).await
    }
}

fn main() {}
