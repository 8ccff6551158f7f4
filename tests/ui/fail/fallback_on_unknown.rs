use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient(fallback = from_db, fallback_on = "outgae")]
async fn misspelt(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(fallback = from_db, fallback_on = "any")]
async fn of_another_language(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(fallback = from_db, fallback_on = outage)]
async fn without_quotes(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(fallback = from_db, fallback_on = false)]
async fn no_word(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(fallback = from_db, fallbackon = "outage")]
async fn misspelt_option(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

async fn from_db(_: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    Ok(id.to_string())
}

fn main() {}
