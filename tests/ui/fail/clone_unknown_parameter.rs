use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient(clone(ids))]
async fn get(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(clone(conn))]
async fn get1(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(clone())]
async fn get2(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<String> {
    conn.get(id).await
}

#[redis_resilient(clone(shard))]
async fn get3(conn: &mut MultiplexedConnection, (id, shard): (u64, String)) -> RedisResult<String> {
    conn.hget(id, shard).await
}

fn main() {}
