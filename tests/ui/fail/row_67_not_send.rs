// row 67b | a body that is not `Send`, spawned

use std::rc::Rc;

use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

#[redis_resilient(retries = 3)]
async fn get(conn: &mut MultiplexedConnection) -> RedisResult<u64> {
    let key = Rc::new(1);
    let found = conn.get(*key).await;
    drop(key);
    found
}

pub fn spawn(mut conn: MultiplexedConnection) {
    tokio::spawn(async move { get(&mut conn).await.is_ok() });
}

fn main() {}
