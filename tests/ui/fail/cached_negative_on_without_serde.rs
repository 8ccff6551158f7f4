use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[derive(Clone, Debug)]
struct Gone;

#[redis_cached(key = "user:{id}", ttl = "10m", negative_ttl = "30s", negative_on = |error| matches!(error, Gone))]
async fn load(redis: &Connector, id: u64) -> Result<u64, Gone> {
    Ok(id)
}

fn main() {}
