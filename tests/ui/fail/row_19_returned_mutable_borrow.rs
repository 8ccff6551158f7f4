// row 19 | returns a `&mut` borrow

use redis::RedisResult;
use redis_resilient::redis_resilient;

struct Cache(u64);

impl Cache {
    #[redis_resilient]
    fn get(&mut self) -> RedisResult<&mut u64> {
        Ok(&mut self.0)
    }
}

fn main() {}
