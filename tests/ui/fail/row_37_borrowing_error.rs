// row 37b | an error type that borrows, without `classify`

use redis_resilient::redis_resilient;

#[redis_resilient]
fn get(key: &str) -> Result<u64, &str> {
    Err(key)
}

fn main() {}
