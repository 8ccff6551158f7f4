use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[derive(Debug)]
struct Failed(std::io::Error);

#[redis_cached(key = "user:{id}", ttl = "10m")]
async fn load(redis: &Connector, id: u64) -> Result<u64, Failed> {
    Ok(id)
}

fn main() {}
