// row 22 | `-> impl Trait` that is not inside of a `Result`

use redis_resilient::redis_resilient;

#[redis_resilient]
fn numbers() -> impl Iterator<Item = u64> {
    0..3
}

#[redis_resilient]
async fn text() -> impl std::fmt::Display {
    "text"
}

fn main() {}
