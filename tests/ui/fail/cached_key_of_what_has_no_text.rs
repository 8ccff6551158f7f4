use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_cached;

enum Lang {
    De,
}

#[redis_cached(key = "user:{lang}", ttl = "10m")]
async fn load(redis: &Connector, lang: Lang) -> RedisResult<u64> {
    Ok(lang as u64)
}

#[redis_cached(key = "user:{lang:?}", ttl = "10m")]
async fn debug(redis: &Connector, lang: Lang) -> RedisResult<u64> {
    Ok(lang as u64)
}

#[redis_cached(key = "user:{lang.name}", ttl = "10m")]
async fn field(redis: &Connector, lang: Lang) -> RedisResult<u64> {
    Ok(lang as u64)
}

fn main() {}
