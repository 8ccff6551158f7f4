// row 36c | a generic error without a bound

use redis_resilient::redis_resilient;

#[redis_resilient(breaker = false, timeout = false)]
async fn get<E>(from: impl Fn() -> Result<u64, E>) -> Result<u64, E> {
    from()
}

fn main() {}
