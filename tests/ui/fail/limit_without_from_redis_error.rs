use redis::aio::MultiplexedConnection;
use redis_resilient::{Bulkhead, redis_resilient};

static POOL: Bulkhead = Bulkhead::new("pool", 20);

/// Made by nothing.
#[derive(Debug, thiserror::Error)]
#[error("it is not there")]
pub struct NotThere;

#[redis_resilient(breaker = false, timeout = false, limit = POOL)]
async fn get(_: &mut MultiplexedConnection) -> Result<u64, NotThere> {
    Err(NotThere)
}

// Nobody is to be told.
#[redis_resilient(breaker = false, timeout = false, limit = POOL, fallback = Ok(1))]
async fn answered(_: &mut MultiplexedConnection) -> Result<u64, NotThere> {
    Err(NotThere)
}

fn main() {}
