// row 35 | an error type that says nothing about its cause: `String`, `()`, a foreign type

use redis_resilient::redis_resilient;

#[redis_resilient(breaker = false, timeout = false)]
async fn get() -> Result<u64, String> {
    Err("no".to_owned())
}

#[redis_resilient]
fn unit() -> Result<u64, ()> {
    Err(())
}

#[redis_resilient(breaker = false)]
fn foreign() -> Result<u64, std::cmp::Ordering> {
    Err(std::cmp::Ordering::Less)
}

fn main() {}
