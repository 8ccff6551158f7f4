use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "user:{id}", ttl = "10m", background = true)]
async fn load(redis: &Connector, id: u64) -> RedisResult<u64> {
    let rc = std::rc::Rc::new(id);
    std::future::ready(()).await;
    Ok(*rc)
}

fn main() {}
