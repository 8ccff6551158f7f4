use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{id}", ttl = "10m", stale_while_revalidate = "1m", skip(name))]
async fn load(redis: &Connector, id: u64, name: Option<&str>) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = "10m", background = true, skip(list))]
async fn list(redis: &Connector, id: u64, list: &[&str]) -> RedisResult<u64> {
    Ok(id)
}

#[redis_cached(key = "user:{id}", ttl = "10m", background = true, skip(store))]
async fn dynamic(redis: &Connector, id: u64, store: &dyn Fn()) -> RedisResult<u64> {
    Ok(id)
}

fn main() {}
