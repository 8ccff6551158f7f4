// row 29 | no return type

use redis_resilient::redis_resilient;

#[redis_resilient]
async fn get() {}

fn main() {}
