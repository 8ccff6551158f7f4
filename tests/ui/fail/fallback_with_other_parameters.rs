use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient(fallback = fetch_all)]
async fn get1(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(fallback = fetch_more)]
fn get3(id: u64) -> RedisResult<String> {
    Ok(id.to_string())
}

fn fetch_more(id: u64, _limit: usize) -> RedisResult<String> {
    Ok(id.to_string())
}

async fn fetch_all() -> RedisResult<String> {
    Ok(String::new())
}

struct Repository;

impl Repository {
    #[redis_resilient(fallback = Self::without_self)]
    async fn get(&self, id: u64) -> RedisResult<String> {
        Ok(id.to_string())
    }

    async fn without_self(id: u64) -> RedisResult<String> {
        Ok(id.to_string())
    }
}

fn main() {}
