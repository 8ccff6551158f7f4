use redis_resilient::redis_resilient;

#[redis_resilient]
struct Repository;

#[redis_resilient(retries = 3)]
impl Repository {
    fn get(&self) -> u64 {
        1
    }
}

#[redis_resilient]
trait Get {}

#[redis_resilient]
mod users {}

#[redis_resilient]
const LIMIT: u64 = 3;

fn main() {}
