// row 31 | returns an `Option`

use redis_resilient::redis_resilient;

#[redis_resilient]
async fn get() -> Option<u64> {
    Some(1)
}

#[redis_resilient]
fn sync() -> Option<u64> {
    Some(1)
}

fn main() {}
