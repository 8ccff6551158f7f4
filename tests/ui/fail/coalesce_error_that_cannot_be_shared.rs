use redis::AsyncCommands;
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;

#[derive(Debug)]
struct Failed;

impl From<redis::RedisError> for Failed {
    fn from(_: redis::RedisError) -> Self {
        Failed
    }
}

impl redis_resilient::Classify for Failed {
    fn class(&self) -> redis_resilient::Class {
        redis_resilient::Class::Unreachable
    }
}

#[redis_resilient(fallback = fetch_db, key = "user:{id}", coalesce = true)]
async fn get(redis: &Connector, id: u64) -> Result<String, Failed> {
    Ok(redis.get().await?.get(id).await?)
}

async fn fetch_db(_: &Connector, id: u64) -> Result<String, Failed> {
    Ok(id.to_string())
}

fn main() {}
