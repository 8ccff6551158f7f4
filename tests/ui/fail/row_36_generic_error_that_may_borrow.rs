// row 36b | a generic error `E: Error`, without `'static`

use std::error::Error;

use redis_resilient::redis_resilient;

#[redis_resilient(breaker = false, timeout = false)]
async fn get<E: Error>(from: impl Fn() -> Result<u64, E>) -> Result<u64, E> {
    from()
}

fn main() {}
