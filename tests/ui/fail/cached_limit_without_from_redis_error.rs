use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;
use redis_resilient::Bulkhead;

static PRIMARY: Bulkhead = Bulkhead::new("primary", 20);

#[redis_cached(key = "user:{id}", ttl = "10m", limit = PRIMARY)]
async fn load(redis: &Connector, id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {}
