// row 46 | a method without a body

use redis::RedisResult;
use redis_resilient::redis_resilient;

trait Get {
    #[redis_resilient]
    fn get(&self) -> RedisResult<u64>;
}

fn main() {}
