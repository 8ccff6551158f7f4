use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{id}", ttl = "10m")]
async fn load(redis: &Connector, id: u64) {
    
}

#[redis_cached(key = "user:{id}", ttl = "10m")]
fn never(redis: &Connector, id: u64) -> ! {
    loop {}
}

#[redis_cached(key = "user:{id}", ttl = "10m")]
fn future(redis: &Connector, id: u64) -> impl Future<Output = RedisResult<u64>> {
    async move { Ok(id) }
}

fn main() {}
