// row 70 | the attribute on a `struct`, `enum`, `trait`, `mod`, `const`

use redis_resilient::redis_resilient;

#[redis_resilient]
struct Repository;

#[redis_resilient(retries = 3)]
enum Kind {
    User,
}

#[redis_resilient]
trait Get {}

#[redis_resilient]
mod users {}

#[redis_resilient]
const LIMIT: u64 = 3;

fn main() {}
