#![deny(unused, let_underscore_drop, single_use_lifetimes)]

use redis::{Commands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient]
async fn dead_code(conn: &mut MultiplexedConnection) -> RedisResult<u64> {
    redis::AsyncCommands::get(conn, 1).await
}

#[redis_resilient]
pub async fn variables(conn: &mut MultiplexedConnection, parameter: u64) -> RedisResult<u64> {
    let mut local = 1;
    redis::AsyncCommands::get(conn, 1).await
}

#[redis_resilient]
pub fn must_use(conn: &mut redis::Connection) -> RedisResult<u64> {
    conn.get::<_, u64>(1);
    conn.get::<_, u64>(1).is_ok();
    conn.get(1)
}

#[redis_resilient(fallback = Ok(1))]
pub fn unreachable(conn: &mut redis::Connection) -> RedisResult<u64> {
    return conn.get(1);
    conn.get(2)
}

#[redis_resilient]
pub async fn parentheses(id: u64) -> RedisResult<u64> {
    let assigned = 3;
    if (id > 3) {
        return Ok((id));
    }
    let _ = String::new();
    Ok({ id })
}

#[redis_resilient]
pub async fn lifetimes<'a>(key: &'a str) -> RedisResult<u64> {
    Ok(key.len() as u64)
}

fn main() {}
