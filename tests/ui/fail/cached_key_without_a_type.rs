use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

#[redis_cached(key = "row:{id}", ttl = "10m")]
async fn load<T: Default + serde::Serialize + serde::de::DeserializeOwned + Send + 'static>(redis: &Connector, id: u64) -> RedisResult<T> {
    Ok(T::default())
}

#[redis_cached(key = "row:{id}", ttl = "10m")]
async fn list<const N: usize>(redis: &Connector, id: u64) -> RedisResult<[u8; N]> {
    Ok([1; N])
}

fn main() {}
