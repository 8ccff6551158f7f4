use redis::RedisError;
use redis_resilient::{Class, redis_resilient};

#[redis_resilient(classify = |error: &RedisError| error.is_timeout())]
fn get() -> Result<u64, RedisError> {
    Ok(1)
}

#[redis_resilient(classify = class)]
fn other() -> Result<u64, RedisError> {
    Ok(1)
}

fn class(_: &str) -> Class {
    Class::Permanent
}

fn main() {}
